// Whether Dovecot uses Mailtrail's decisions as the configuration says: when it asks, what it does without an
// answer, and whether it obeys the ACLs of master users.
import { losing, type Check } from './check.ts';
import { pluginsOf } from './dovecot-settings.ts';
import { ADD, dovecot, RELOAD, snippet, WHOLE, type Wiring } from './dovecot-wiring.ts';
import { lossesOf } from './losses.ts';
import { settingValue } from './statements.ts';

const BEFORE = 'auth_policy_check_before_auth';
const AFTER = 'auth_policy_check_after_auth';
const ON_FAIL = 'auth_policy_reject_on_fail';

/** Switches that take the effect of the questions away. Absent ones have Dovecot's default. */
export function switchChecks(wiring: Wiring): Check[] {
  const value = (name: string): string | undefined => settingValue(wiring.found, name);
  const checks: Check[] = [];
  if (value(BEFORE) === 'no' && value(AFTER) === 'no') {
    const message = `asks nothing before or after the password (${BEFORE})`;
    checks.push(dovecot.fail(message, ADD, snippet(wiring, BEFORE, AFTER)));
  }
  if (value('auth_policy_log_only') === 'yes') {
    const message = 'does not obey the answers (auth_policy_log_only)';
    checks.push(dovecot.fail(message, `set auth_policy_log_only = no, ${RELOAD}`));
  }
  return checks.map((check) => losing(check, lossesOf('auth_policy check')));
}

/** What differs from Mailtrail's own configuration without taking the rules' effect away. */
export function differenceChecks(wiring: Wiring): Check[] {
  const { found, template, config } = wiring;
  const differs = (name: string, fallback: string): boolean =>
    (settingValue(found, name) ?? fallback) !== settingValue(template, name);
  const checks: Check[] = [];
  const none = settingValue(found, BEFORE) === 'no' && settingValue(found, AFTER) === 'no';
  if (!none && (differs(BEFORE, 'yes') || differs(AFTER, 'yes'))) {
    const message = `asks the rules at another moment than dovecot.askRules says (${config.dovecot.askRules}), or twice`;
    const remedy = `set dovecot.askRules to what you want, or ${ADD}`;
    checks.push(dovecot.warn(message, remedy, snippet(wiring, BEFORE, AFTER)));
  }
  if (differs(ON_FAIL, 'no')) {
    const does = settingValue(found, ON_FAIL) === 'yes' ? 'refuses' : 'allows';
    const message = `${does} sign-ins while Mailtrail is down, and dovecot.whenDown is ${config.dovecot.whenDown}`;
    const remedy = `set dovecot.whenDown to what you want, or ${ADD}`;
    checks.push(dovecot.warn(message, remedy, snippet(wiring, ON_FAIL)));
  }
  return checks;
}

/**
 * Whether the ACLs that make a READ_ONLY role read only are obeyed.
 *
 * @param isThere whether there is a file
 */
export async function aclChecks(
  { found, version, config }: Wiring,
  isThere: (path: string) => Promise<boolean>,
): Promise<Check[]> {
  const { dovecotAcl, impersonation } = config.access;
  if (dovecotAcl === undefined) {
    if (Object.keys(impersonation).length === 0) return [];
    const message = 'does not know which master users may only read: access.dovecotAcl is not set';
    const remedy = `set it, e.g. to /etc/dovecot/mailtrail/master-users.acl, restart the server, then: ${WHOLE}, ${RELOAD}`;
    return [dovecot.warn(message, remedy)];
  }
  const place =
    version === '2.4'
      ? settingValue(found, 'acl_global_path')
      : settingValue(found, 'plugin/acl')?.replace(/^vfile:([^:]*).*$/s, '$1');
  // 2.4's own default takes the master user for the owner. (Seen with 2.4.1.)
  const own = version === '2.4' && settingValue(found, 'acl_user') !== '%{auth_user}';
  const loaded = ['imap', 'pop3'].every((protocol) =>
    pluginsOf(found, version, protocol).has('acl'),
  );
  const obeyed = loaded && !own;
  if (place === dovecotAcl && obeyed && !(await isThere(dovecotAcl))) {
    const whom = version === '2.4' ? "opens nobody's mailbox" : 'lets master users do nothing';
    const message = `${whom} while ${dovecotAcl} is not there`;
    const remedy =
      "start the server, which writes it; where it cannot, its log says so: its user must be able to write the file's directory";
    return [dovecot.fail(message, remedy)];
  }
  if (place === dovecotAcl && obeyed) {
    return [dovecot.ok(`obeys the ACLs of master users in ${dovecotAcl}`)];
  }
  const message = `does not obey the ACLs of master users in ${dovecotAcl}: a READ_ONLY role can write`;
  return [dovecot.fail(message, `write it again: ${WHOLE}, ${RELOAD}`)];
}

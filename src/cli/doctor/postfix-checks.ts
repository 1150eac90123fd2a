// Whether Postfix tells Mailtrail what it should: `postconf -n` compared with our template.
import type { Config } from '../../config/schema.ts';
import { milterSocket, postfixSocket } from '../mail-server-templates.ts';
import { area, losing, type Check } from './check.ts';
import type { Host } from './host.ts';
import { lossesOf } from './losses.ts';

const postfix = area('Postfix');

const ADD = 'add the lines below to /etc/postfix/main.cf, then: postfix reload';

/** `name = value`, with continuation lines that begin with white space. */
export function parseParameters(text: string): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  let last: string | undefined;
  for (const line of text.split('\n')) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    if (/^\s/.test(line) && last !== undefined) {
      parameters.set(last, `${parameters.get(last) ?? ''} ${line.trim()}`);
      continue;
    }
    const equals = line.indexOf('=');
    if (equals <= 0) continue;
    last = line.slice(0, equals).trim();
    parameters.set(last, line.slice(equals + 1).trim());
  }
  return parameters;
}

type Parameters = ReadonlyMap<string, string>;

function snippet(template: Parameters, ...names: readonly string[]): string {
  return names.map((name) => `${name} = ${template.get(name) ?? ''}`).join('\n');
}

function policyCheck(found: Parameters, template: Parameters, config: Config): Check[] {
  const { policyListen } = config.postfix;
  if (policyListen === undefined) {
    const message = 'is not asked to obey rules: postfix.policyListen is off';
    const remedy =
      'set postfix.policyListen, e.g. to 127.0.0.1:4651, restart the server, then: mailtrail print-config postfix';
    return [losing(postfix.warn(message, remedy), lossesOf('check_policy_service'))];
  }
  const wanted = `check_policy_service ${postfixSocket(policyListen)}`;
  const lists = [...found].filter(([name, value]) => {
    return name.endsWith('_restrictions') && value.replaceAll(/\s+/g, ' ').includes(wanted);
  });
  if (lists.length === 0) {
    const lines = snippet(template, 'smtpd_data_restrictions', 'smtpd_policy_service_timeout');
    const check = postfix.fail(`does not ask Mailtrail (${wanted})`, ADD, lines);
    return [losing(check, lossesOf('check_policy_service'))];
  }
  const checks = [postfix.ok(`asks Mailtrail in ${lists.map(([name]) => name).join(', ')}`)];
  const action = found.get('smtpd_policy_service_default_action');
  const takes = action === 'DUNNO';
  if (takes !== (config.postfix.whenDown === 'allow')) {
    const message = takes
      ? 'takes all mail while Mailtrail is down, and postfix.whenDown is refuse'
      : 'refuses all mail while Mailtrail is down (smtpd_policy_service_default_action)';
    const remedy = takes
      ? `set postfix.whenDown to what you want, or ${ADD}`
      : `if mail should flow then, ${ADD}`;
    const lines = snippet(template, 'smtpd_policy_service_default_action');
    checks.push(postfix.warn(message, remedy, lines));
  }
  return checks;
}

function logChecks(found: Parameters, template: Parameters, config: Config): Check[] {
  const checks: Check[] = [];
  const { logs } = config.postfix;
  const file = found.get('maillog_file') ?? '';
  if (file === '') {
    const message = `logs to syslog; Mailtrail reads ${logs.join(', ') || 'nothing'}`;
    if (logs.length > 0) checks.push(postfix.ok(message));
    else {
      const check = postfix.fail(message, 'name the file that syslog writes in postfix.logs');
      checks.push(losing(check, lossesOf('maillog')));
    }
  } else if (logs.includes(file)) checks.push(postfix.ok(`logs to ${file}, which is read`));
  else {
    const message = `logs to ${file}, Mailtrail reads ${logs.join(', ') || 'nothing'}`;
    const check = postfix.fail(message, `add ${file} to postfix.logs`);
    checks.push(losing(check, lossesOf('maillog')));
  }
  if (found.get('enable_long_queue_ids') !== 'yes') {
    const message = 'uses short queue ids, which come again: messages may be taken for each other';
    checks.push(postfix.warn(message, ADD, snippet(template, 'enable_long_queue_ids')));
  }
  if (!found.has('header_checks')) {
    const message = 'does not log subjects (header_checks)';
    const check = postfix.warn(message, ADD, snippet(template, 'header_checks'));
    checks.push(losing(check, lossesOf('header_checks')));
  }
  return checks;
}

function milterChecks(found: Parameters, template: Parameters, config: Config): Check[] {
  const { milterListen } = config.postfix;
  if (milterListen === undefined) {
    const message =
      'does not show messages to Mailtrail, so attachments are not known: postfix.milterListen is off';
    return [losing(postfix.skip(message), lossesOf('milter'))];
  }
  const names = [milterSocket(milterListen), postfixSocket(milterListen)];
  const lists = ['smtpd_milters', 'non_smtpd_milters'];
  const value = (list: string): string =>
    (found.get(list) ?? '').replace('$smtpd_milters', found.get('smtpd_milters') ?? '');
  const lacking = lists.filter((list) => !names.some((name) => value(list).includes(name)));
  if (lacking.length > 0) {
    const message = `does not show messages to Mailtrail in ${lacking.join(' and ')}`;
    const check = postfix.warn(message, ADD, snippet(template, ...lacking));
    return [losing(check, lossesOf('milter'))];
  }
  const checks = [postfix.ok('shows messages to Mailtrail')];
  const text = value('smtpd_milters');
  if (!text.includes('default_action=accept') && found.get('milter_default_action') !== 'accept') {
    const message = 'refuses all mail while Mailtrail is down (milter_default_action)';
    checks.push(postfix.fail(message, ADD, snippet(template, 'smtpd_milters')));
  }
  const queue = found.get('queue_directory') ?? '/var/spool/postfix';
  if ('path' in milterListen && !milterListen.path.startsWith(`${queue}/`)) {
    const message = `cannot reach the milter's socket ${milterListen.path} where smtpd is chrooted, as on Debian`;
    checks.push(postfix.warn(message, `choose one in ${queue} for postfix.milterListen`));
  }
  return checks;
}

/**
 * Checks Postfix's configuration.
 *
 * @param template our main.cf, filled in for this installation as far as it is known
 */
export async function postfixChecks(
  host: Host,
  config: Config,
  template: string,
): Promise<readonly Check[]> {
  const output = await host.run('postconf', ['-n']);
  if (output === undefined) return [postfix.skip('is not installed on this host')];
  if (output.exitCode !== 0) {
    const said = output.stderr.trim().split('\n')[0] ?? '';
    return [postfix.fail(`postconf failed: ${said}`, 'correct it, or run this as root')];
  }
  const found = parseParameters(output.stdout);
  const wanted = parseParameters(template);
  return [policyCheck, logChecks, milterChecks].flatMap((check) => check(found, wanted, config));
}

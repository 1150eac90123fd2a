// Whether Dovecot tells Mailtrail what it should: `doveconf` compared with our template for the
// version that runs.
import type { Config } from '../../config/schema.ts';
import { foundVersion, namedVersion, type DovecotVersion } from '../dovecot-version.ts';
import { losing, type Check } from './check.ts';
import { attributesTold, withFullNames } from './dovecot-settings.ts';
import { aclChecks, differenceChecks, switchChecks } from './dovecot-decision-checks.ts';
import { detailChecks, eventChecks } from './dovecot-event-checks.ts';
import { ADD, dovecot, RELOAD, snippet, WHOLE, type Wiring } from './dovecot-wiring.ts';
import type { Host } from './host.ts';
import { lossesOf } from './losses.ts';
import { parseStatements, settingValue } from './statements.ts';

/** Without these a decision cannot be made or joined with what follows. */
const ATTRIBUTES_NEEDED = ['login', 'remote', 'protocol', 'session_id'];

/** A template's secrets may not be known to this user; then they are not compared. */
function isHidden(value: string): boolean {
  return value === '' || value.includes('***') || value.startsWith('# hidden');
}

/** Whether the token is known not to be the administrator's. */
function sendsAnotherToken({ found, template }: Wiring): boolean {
  const header = settingValue(found, 'auth_policy_server_api_header') ?? '';
  const wanted = settingValue(template, 'auth_policy_server_api_header') ?? '';
  return !isHidden(header) && !isHidden(wanted) && header !== wanted;
}

/** Asks the server about a token that is not the administrator's: it may be of another key. */
async function tokenOpens(
  wiring: Wiring,
  opens: (token: string) => Promise<boolean>,
): Promise<boolean> {
  if (!sendsAnotherToken(wiring)) return false;
  const header = settingValue(wiring.found, 'auth_policy_server_api_header') ?? '';
  const token = /Bearer (\S+)/.exec(header)?.[1];
  return token !== undefined && (await opens(token));
}

function signInChecks(wiring: Wiring): Check[] {
  const { found, template } = wiring;
  const url = settingValue(found, 'auth_policy_server_url') ?? '';
  const wanted = settingValue(template, 'auth_policy_server_url') ?? '';
  const lines = snippet(
    wiring,
    'auth_policy_server_url',
    'auth_policy_server_api_header',
    'auth_policy_hash_nonce',
    'auth_policy_request_attributes',
    'auth_policy_check_after_auth',
  );
  if (url === '') {
    const message = 'does not ask Mailtrail about sign-ins (auth_policy_server_url)';
    const remedy = `write everything that Dovecot must be told: ${WHOLE}, ${RELOAD}; of that, this is about sign-ins`;
    return [losing(dovecot.fail(message, remedy, lines), lossesOf('auth_policy'))];
  }
  const checks: Check[] = [];
  if (url === wanted) checks.push(dovecot.ok(`asks about sign-ins at ${url}`));
  else {
    const message = `asks about sign-ins at ${url}, Mailtrail answers at ${wanted}`;
    const remedy = `correct auth_policy_server_url, unless a proxy leads from one to the other; ${RELOAD}`;
    checks.push(dovecot.warn(message, remedy, snippet(wiring, 'auth_policy_server_url')));
  }
  const header = settingValue(found, 'auth_policy_server_api_header') ?? '';
  if (header === '') {
    const message =
      'sends no token, so Mailtrail refuses its questions (auth_policy_server_api_header)';
    const found = dovecot.fail(message, ADD, snippet(wiring, 'auth_policy_server_api_header'));
    checks.push(losing(found, lossesOf('auth_policy')));
  } else if (wiring.tokenOpens === true) {
    checks.push(dovecot.ok('sends the token of a key of its own'));
  } else if (sendsAnotherToken(wiring)) {
    const message =
      "sends another token than the one in Mailtrail's credentials file, and not that of a key the server knows";
    const found = dovecot.fail(message, `write it again: ${WHOLE}, ${RELOAD}`);
    checks.push(losing(found, lossesOf('auth_policy')));
  } else checks.push(dovecot.ok('sends its token'));
  if ((settingValue(found, 'auth_policy_hash_nonce') ?? '') === '') {
    const message = 'has no auth_policy_hash_nonce, without which nobody can sign in';
    checks.push(dovecot.fail(message, ADD, snippet(wiring, 'auth_policy_hash_nonce')));
  }
  return [
    ...checks,
    ...attributeChecks(wiring),
    ...switchChecks(wiring),
    ...differenceChecks(wiring),
  ];
}

function attributeChecks(wiring: Wiring): Check[] {
  const attributes = attributesTold(wiring.found, wiring.version);
  const missing = ATTRIBUTES_NEEDED.filter((name) => !attributes.includes(name));
  if (missing.length === 0) return [];
  const message = `does not tell ${missing.join(', ')} of a sign-in (auth_policy_request_attributes)`;
  const check = dovecot.fail(message, ADD, snippet(wiring, 'auth_policy_request_attributes'));
  return [losing(check, lossesOf('auth_policy attributes'))];
}

/** What `doveconf` says it is, e.g. `2.4.1-4`, from its first line; undefined where it does not. */
function saidVersion(output: string): string | undefined {
  return /^# (\d+\.\d+\S*)/m.exec(output)?.[1];
}

/**
 * Checks Dovecot's configuration.
 *
 * @param templateOf our configuration for a version, filled in for this installation
 * @param opens whether the server takes a bearer token; false when that cannot be told
 */
export async function dovecotChecks(
  host: Host,
  config: Config,
  templateOf: (version: DovecotVersion) => Promise<string>,
  opens: (token: string) => Promise<boolean>,
): Promise<readonly Check[]> {
  // 2.4 prints only what is set unless it is asked for all; 2.3 prints all in either case.
  const output = await host.run('doveconf', ['-a']);
  if (output === undefined) return [dovecot.skip('is not installed on this host')];
  if (output.exitCode !== 0) {
    const said = output.stderr.trim().split('\n')[0] ?? '';
    return [dovecot.fail(`doveconf failed: ${said}`, 'correct it, or run this as root')];
  }
  const said = saidVersion(output.stdout);
  const named = namedVersion(/^\d+\.\d+/.exec(said ?? '')?.[0] ?? '');
  if (said !== undefined && named === undefined) {
    const message = `is version ${said}, whose configuration is not known; the wiring was not checked`;
    return [dovecot.warn(message, 'use Dovecot 2.3 or 2.4 for now')];
  }
  const version = named ?? (await foundVersion(host)).version;
  const compared: Wiring = {
    version,
    found: withFullNames(parseStatements(output.stdout)),
    template: parseStatements(await templateOf(version)),
    config,
  };
  const wiring = { ...compared, tokenOpens: await tokenOpens(compared, opens) };
  const checks = [
    ...signInChecks(wiring),
    ...(await aclChecks(wiring, async (path) => (await host.facts(path)) !== undefined)),
    ...eventChecks(wiring),
    ...detailChecks(wiring),
  ];
  return [dovecot.ok(`is version ${said ?? version}`), ...checks];
}

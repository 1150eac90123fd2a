// Whether Dovecot tells Mailtrail what it should: `doveconf` compared with our template.
import type { Config } from '../../config/schema.ts';
import { area, type Check } from './check.ts';
import type { Host } from './host.ts';
import {
  blocks,
  eventsOf,
  parseStatements,
  settingValue,
  words,
  type Statement,
} from './statements.ts';

const dovecot = area('Dovecot');

const RELOAD = 'then: doveadm reload';
const WHOLE = 'mailtrail print-config dovecot > /etc/dovecot/conf.d/99-mailtrail.conf';
const ADD = `add the lines below to /etc/dovecot/conf.d/99-mailtrail.conf, ${RELOAD}`;

/** Without these a decision cannot be made or joined with what follows. */
const ATTRIBUTES_NEEDED = ['login', 'remote', 'protocol', 'session_id'];

interface Wiring {
  readonly found: readonly Statement[];
  readonly template: readonly Statement[];
  readonly config: Config;
}

/** The template's lines for these settings or blocks. */
function snippet({ template }: Wiring, ...names: readonly string[]): string {
  return template
    .filter(({ name }) => names.includes(name))
    .map(({ text }) => text)
    .join('\n');
}

/** A template's secrets may not be known to this user; then they are not compared. */
function isHidden(value: string): boolean {
  return value === '' || value.includes('***') || value.startsWith('# hidden');
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
    return [dovecot.fail(message, remedy, lines)];
  }
  const checks: Check[] = [];
  if (url === wanted) checks.push(dovecot.ok(`asks about sign-ins at ${url}`));
  else {
    const message = `asks about sign-ins at ${url}, Mailtrail answers at ${wanted}`;
    const remedy = `correct auth_policy_server_url, unless a proxy leads from one to the other; ${RELOAD}`;
    checks.push(dovecot.warn(message, remedy, snippet(wiring, 'auth_policy_server_url')));
  }
  const header = settingValue(found, 'auth_policy_server_api_header') ?? '';
  const wantedHeader = settingValue(template, 'auth_policy_server_api_header') ?? '';
  if (header === '') {
    const message =
      'sends no token, so Mailtrail refuses its questions (auth_policy_server_api_header)';
    checks.push(dovecot.fail(message, ADD, snippet(wiring, 'auth_policy_server_api_header')));
  } else if (!isHidden(header) && !isHidden(wantedHeader) && header !== wantedHeader) {
    const message = "sends another token than the one in Mailtrail's credentials file";
    checks.push(dovecot.fail(message, `write it again: ${WHOLE}, ${RELOAD}`));
  } else checks.push(dovecot.ok('sends its token'));
  if ((settingValue(found, 'auth_policy_hash_nonce') ?? '') === '') {
    const message = 'has no auth_policy_hash_nonce, without which nobody can sign in';
    checks.push(dovecot.fail(message, ADD, snippet(wiring, 'auth_policy_hash_nonce')));
  }
  const attributes = words(settingValue(found, 'auth_policy_request_attributes'));
  const missing = ATTRIBUTES_NEEDED.filter(
    (name) => !attributes.some((a) => a.startsWith(`${name}=`)),
  );
  if (missing.length > 0) {
    const message = `does not tell ${missing.join(', ')} of a sign-in (auth_policy_request_attributes)`;
    checks.push(dovecot.fail(message, ADD, snippet(wiring, 'auth_policy_request_attributes')));
  }
  return checks;
}

/** Exporters that write JSON into Dovecot's log. */
function logExporters(statements: readonly Statement[]): readonly string[] {
  return blocks(statements, 'event_exporter')
    .filter(({ body = [] }) => {
      return settingValue(body, 'transport') === 'log' && settingValue(body, 'format') === 'json';
    })
    .map(({ name }) => name.slice('event_exporter '.length));
}

function eventChecks(wiring: Wiring): Check[] {
  const { found, template, config } = wiring;
  const checks: Check[] = [];
  const path = settingValue(found, 'info_log_path') || settingValue(found, 'log_path') || 'syslog';
  if (config.dovecot.logs.includes(path)) checks.push(dovecot.ok(`logs to ${path}, which is read`));
  else {
    const read = config.dovecot.logs.join(', ') || 'none';
    const message = `logs to ${path}, Mailtrail reads ${read}`;
    const remedy = `set info_log_path (below), or add the file to dovecot.logs; ${RELOAD}`;
    checks.push(dovecot.fail(message, remedy, snippet(wiring, 'info_log_path')));
  }
  const exporters = logExporters(found);
  const told = new Set(
    blocks(found, 'metric')
      .filter(({ body = [] }) => exporters.includes(settingValue(body, 'exporter') ?? ''))
      .flatMap(eventsOf),
  );
  const metrics = blocks(template, 'metric');
  const lacking = metrics.filter((metric) => eventsOf(metric).some((name) => !told.has(name)));
  if (lacking.length === 0) {
    checks.push(dovecot.ok(`exports ${told.size} kinds of events to its log`));
    return checks;
  }
  const missing = lacking.flatMap(eventsOf).filter((name) => !told.has(name));
  const exporter = exporters.length === 0 ? blocks(template, 'event_exporter') : [];
  const lines = [...exporter, ...lacking].map(({ text }) => text).join('\n');
  const message = `does not export ${missing.join(', ')}`;
  checks.push(
    told.size === 0 ? dovecot.fail(message, ADD, lines) : dovecot.warn(message, ADD, lines),
  );
  return checks;
}

function detailChecks(wiring: Wiring): Check[] {
  const { found, template } = wiring;
  const checks: Check[] = [];
  const global = words(settingValue(found, 'mail_plugins'));
  const without = blocks(template, 'protocol').filter(({ name }) => {
    const own = settingValue(found, `${name}/mail_plugins`);
    return !(own === undefined ? global : words(own)).includes('mail_log');
  });
  if (without.length > 0) {
    const protocols = without.map(({ name }) => name.slice('protocol '.length)).join(', ');
    const message = `has no mail_log plugin for ${protocols}: subjects and targets of moves are not told`;
    checks.push(dovecot.warn(message, ADD, without.map(({ text }) => text).join('\n')));
  }
  const unlogged = ['mail_log_events', 'mail_log_fields'].flatMap((name) => {
    const told = words(settingValue(found, `plugin/${name}`));
    return words(settingValue(template, `plugin/${name}`)).filter((word) => !told.includes(word));
  });
  if (unlogged.length > 0) {
    const message = `does not log ${unlogged.join(', ')} (mail_log_events, mail_log_fields)`;
    checks.push(dovecot.warn(message, ADD, snippet(wiring, 'plugin')));
  }
  for (const [name, part] of [
    ['mail_log_prefix', '%{session}'],
    ['login_log_format_elements', 'session=<%{session}>'],
  ] as const) {
    if (!(settingValue(found, name) ?? '').includes(part)) {
      const message = `does not log the session in ${name}, so lines cannot be joined`;
      checks.push(dovecot.warn(message, ADD, snippet(wiring, name)));
    }
  }
  if (settingValue(found, 'auth_verbose') !== 'yes') {
    const message = 'does not log why a sign-in failed (auth_verbose)';
    checks.push(dovecot.warn(message, ADD, snippet(wiring, 'auth_verbose')));
  }
  if (checks.length === 0) checks.push(dovecot.ok('logs subjects, targets, sessions and reasons'));
  return checks;
}

/**
 * Checks Dovecot's configuration.
 *
 * @param template our configuration, filled in for this installation
 */
export async function dovecotChecks(
  host: Host,
  config: Config,
  template: string,
): Promise<readonly Check[]> {
  const output = await host.run('doveconf', []);
  if (output === undefined) return [dovecot.skip('is not installed on this host')];
  if (output.exitCode !== 0) {
    const said = output.stderr.trim().split('\n')[0] ?? '';
    return [dovecot.fail(`doveconf failed: ${said}`, 'correct it, or run this as root')];
  }
  const version = /^# (\d+\.\d+)/m.exec(output.stdout)?.[1];
  if (version !== undefined && Number(version.split('.')[1]) >= 4) {
    const message = `is version ${version}, whose configuration is written differently; the wiring was not checked`;
    return [dovecot.warn(message, 'use Dovecot 2.3 for now')];
  }
  const wiring: Wiring = {
    found: parseStatements(output.stdout),
    template: parseStatements(template),
    config,
  };
  return [...signInChecks(wiring), ...eventChecks(wiring), ...detailChecks(wiring)];
}

// The templates in packaging/, filled in for this installation: what `print-config` prints and
// what `doctor` compares with.
import { createHmac } from 'node:crypto';
import { dirname } from 'node:path';
import { formatAddress, type SocketPath, type TcpAddress } from '../config/address.ts';
import type { Credentials } from '../config/credentials.ts';
import type { Config } from '../config/schema.ts';
import { CliError } from './cli-error.ts';
import { EXIT } from './exit-code.ts';

export type MailServer = 'dovecot' | 'postfix';
/** `dovecot` is that of 2.3. */
export type TemplateName = MailServer | 'dovecot-2.4';

/** What stands in for the secrets where they must not be shown. */
export const HIDDEN_SECRETS: Pick<TemplateValues, 'bearerToken' | 'nonce'> = {
  bearerToken: '***',
  nonce: '***',
};

/** The value of each `{{placeholder}}`. */
export type TemplateValues = Readonly<Record<string, string>>;

const TEMPLATES: Readonly<Record<TemplateName, string>> = {
  dovecot: 'dovecot/99-mailtrail.conf',
  'dovecot-2.4': 'dovecot/99-mailtrail-2.4.conf',
  postfix: 'postfix/main.cf',
};

/** The path of the template, both in the source tree and in the installed package. */
function templateUrl(server: TemplateName): URL {
  return new URL(`../../packaging/${TEMPLATES[server]}`, import.meta.url);
}

/** Addresses that mean every interface are reached on loopback. */
const EVERY_INTERFACE: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

/** The URL of the server as the mail server on the same host reaches it. */
export function ownUrl(config: Config): string {
  const { listen, tls } = config.server;
  if (listen.port === 0) {
    const message =
      'server.listen has port 0, so the address is not known; say it with --endpoint-url';
    throw new CliError(EXIT.config, message);
  }
  const host = EVERY_INTERFACE[listen.host] ?? listen.host;
  return `${tls === undefined ? 'http' : 'https'}://${formatAddress({ ...listen, host })}`;
}

/** The same key always gives the same nonce, so that printing again changes nothing. */
function nonceOf(secretAccessKey: string): string {
  const hmac = createHmac('sha256', secretAccessKey).update('dovecot auth_policy_hash_nonce');
  return hmac.digest('hex').slice(0, 32);
}

function firstLog(logs: readonly string[], setting: string): string {
  const [first] = logs;
  if (first !== undefined) return first;
  throw new CliError(EXIT.config, `${setting} is empty; name the file that is to be written there`);
}

/** Suggested where no file of ACLs is written. */
const ACL_SUGGESTED = '/etc/dovecot/mailtrail/master-users.acl';

/** When Dovecot asks, what it does without an answer, and where the ACLs of master users are. */
export function dovecotDecisionValues(
  { askRules, whenDown }: Pick<Config['dovecot'], 'askRules' | 'whenDown'>,
  aclFile: string | undefined,
): TemplateValues {
  return {
    askBefore: askRules === 'before-password' ? 'yes' : 'no',
    askAfter: askRules === 'after-password' ? 'yes' : 'no',
    rejectOnFail: whenDown === 'refuse' ? 'yes' : 'no',
    aclSwitch: aclFile === undefined ? '#' : '',
    aclFile: aclFile ?? ACL_SUGGESTED,
  };
}

/** The values for Dovecot. Throws a CliError for what the configuration does not say. */
export function dovecotValues(
  config: Config,
  credentials: Credentials,
  endpoint: string,
): TemplateValues {
  const { bearerToken } = credentials;
  if (bearerToken === undefined) {
    const message =
      'the credentials have no bearer_token, which Dovecot needs; use the file that the server made';
    throw new CliError(EXIT.permission, message);
  }
  return {
    policyUrl: `${endpoint.replace(/\/+$/, '')}/dovecot/policy`,
    bearerToken,
    nonce: nonceOf(credentials.secretAccessKey),
    auditLog: firstLog(config.dovecot.logs, 'dovecot.logs'),
    ...dovecotDecisionValues(config.dovecot, config.access.dovecotAcl),
  };
}

/**
 * What only 2.4's template has: where the events go. A socket when one is configured, else the
 * log's own file by the `file` driver, which loses nothing while Mailtrail is down.
 */
export function exporterValues(config: Config): TemplateValues {
  const { exporterListen, logs } = config.dovecot;
  if (exporterListen !== undefined) {
    return {
      exporterPlace: ', sent to Mailtrail.',
      exporterDriver: `driver = unix\n  unix_path = ${exporterListen.path}`,
    };
  }
  return {
    exporterPlace: ', by the stats process itself.',
    exporterDriver: `driver = file\n  file_path = ${firstLog(logs, 'dovecot.logs')}`,
  };
}

/** An address as Postfix writes it: `inet:127.0.0.1:4651`, `unix:/path`. */
export function postfixSocket(address: TcpAddress | SocketPath): string {
  return 'path' in address ? `unix:${address.path}` : `inet:${formatAddress(address)}`;
}

/** Where Debian's Postfix runs chrooted: a socket in it is named from there. */
const POSTFIX_QUEUE = '/var/spool/postfix/';
/** Suggested where the milter is off. */
const MILTER_SUGGESTED = { path: `${POSTFIX_QUEUE}mailtrail/milter` };

/** The milter's address as Postfix writes it, e.g. `unix:mailtrail/milter`. */
export function milterSocket(address: TcpAddress | SocketPath): string {
  if (!('path' in address)) return postfixSocket(address);
  const inside = address.path.startsWith(POSTFIX_QUEUE);
  return `unix:${inside ? address.path.slice(POSTFIX_QUEUE.length) : address.path}`;
}

/** The milter's lines are comments while it is off. */
export function milterValues(
  address: TcpAddress | SocketPath | undefined,
): Pick<TemplateValues, 'milterSwitch' | 'milterSocket'> {
  return {
    milterSwitch: address === undefined ? '#' : '',
    milterSocket: milterSocket(address ?? MILTER_SUGGESTED),
  };
}

/** Suggested where the policy service is off. */
const POLICY_SUGGESTED = { host: '127.0.0.1', port: 4651 };

/** The lines that ask for decisions are comments while nobody answers. */
export function policyValues(
  address: TcpAddress | SocketPath | undefined,
  whenDown: Config['postfix']['whenDown'],
): Pick<TemplateValues, 'policySwitch' | 'policySocket' | 'policyDefault'> {
  return {
    policyDefault: whenDown === 'allow' ? 'DUNNO' : '451 4.3.5 Try again later',
    policySwitch: address === undefined ? '#' : '',
    policySocket: postfixSocket(address ?? POLICY_SUGGESTED),
  };
}

/** The values for Postfix. Throws a CliError for what the configuration does not say. */
export function postfixValues(config: Config): TemplateValues {
  const { policyListen, milterListen, logs, whenDown } = config.postfix;
  if (policyListen === undefined && milterListen === undefined) {
    const message =
      'postfix.policyListen is off, so Postfix has nobody to ask, and so is postfix.milterListen; ' +
      'set one, e.g. the first to 127.0.0.1:4651, and restart the server';
    throw new CliError(EXIT.config, message);
  }
  const mailLog = firstLog(logs, 'postfix.logs');
  return {
    ...policyValues(policyListen, whenDown),
    ...milterValues(milterListen),
    mailLog,
    mailLogDirectory: dirname(mailLog),
  };
}

/** Fills a template in. Throws when it has a placeholder without a value. */
export function fillTemplate(text: string, values: TemplateValues): string {
  return text.replaceAll(/\{\{(\w+)\}\}/g, (placeholder, name: string) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value === undefined) throw new Error(`the template has ${placeholder}, which is not known`);
    return value;
  });
}

/** The template of a mail server, filled in. */
export function mailServerConfiguration(
  server: TemplateName,
  values: TemplateValues,
  readFile: (path: string) => string,
): string {
  return fillTemplate(readFile(templateUrl(server).pathname), values);
}

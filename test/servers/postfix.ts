// A private Postfix: its own queue, log and configuration, taking mail from the world and from users,
// delivering to the private Dovecot. The world it sends to is two sinks on loopback, one that takes
// everything and one that refuses every recipient: nothing leaves the machine.
import { execFileSync } from 'node:child_process';
import { chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { WhenDown } from '../../src/config/mail-server-decisions.ts';
import { tailOf } from './dovecot.ts';
import { freePorts } from './free-ports.ts';
import type { Organization } from './organization.ts';
import { startGroup, untilListening, type ProcessGroup } from './process-group.ts';
import { filledSnippet } from './snippet.ts';

const START_DEADLINE_MS = 20_000;
/** How long `postfix check` may take, which makes the queue's directories. */
const CHECK_TIMEOUT_MS = 30_000;
const DAEMONS = '/usr/lib/postfix/sbin';
/** Always among the domains whose server refuses every recipient. */
export const REFUSING_DOMAIN = 'refuses-all.example';
/** Connections that a sink lets wait. */
const SINK_BACKLOG = '100';
const PORTS = ['mx', 'mxProxy', 'submission', 'submissionProxy', 'sink', 'refusingSink'] as const;

/** The ports whose names end in `Proxy` expect the PROXY protocol and take its word for it. */
export type PostfixPorts = Readonly<Record<(typeof PORTS)[number], number>>;

export interface PostfixOptions {
  readonly directory: string;
  readonly organization: Organization;
  readonly certificate: { readonly cert: string; readonly key: string };
  readonly ports: PostfixPorts;
  readonly lmtpPort: number;
  readonly authSocket: string;
  /** Mailtrail's policy service, e.g. `127.0.0.1:4651`; without it Postfix asks nobody. */
  readonly policyService?: string;
  /** Whether mail is taken while the policy service does not answer; it is where nothing is said. */
  readonly whenDown?: WhenDown;
  /** The path of the socket of Mailtrail's milter; without it Postfix shows nobody its messages. */
  readonly milterSocket?: string;
  /** Domains of the outside world whose server refuses every recipient. */
  readonly refusingDomains: readonly string[];
  /** Comes last in main.cf. */
  readonly extraConfig?: string;
}

export interface Postfix {
  readonly ports: PostfixPorts;
  readonly configDirectory: string;
  /** The file that Mailtrail reads. */
  readonly mailLog: string;
  readonly groups: readonly ProcessGroup[];
}

/** Chosen before Dovecot is started, which hands submissions on to one of them. */
export function choosePostfixPorts(): Promise<PostfixPorts> {
  return freePorts(PORTS);
}

/** The file that Mailtrail reads, known before Postfix is started. */
export function postfixMailLog(directory: string): string {
  return join(directory, 'postfix', 'log', 'mail.log');
}

/** A site's own main.cf, as if Mailtrail were not there. */
function siteConfig(options: PostfixOptions, root: string): string {
  const { organization, ports, certificate } = options;
  const mailboxes = organization.users.map(({ login }) => `{${login} = ok}`).join(', ');
  const refusing = [REFUSING_DOMAIN, ...options.refusingDomains]
    .map((domain) => `{${domain} = smtp:[127.0.0.1]:${ports.refusingSink}}`)
    .join(', ');
  return `
compatibility_level = 3.6
queue_directory = ${root}/queue
data_directory = ${root}/data
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = ${organization.mailHost}
mydomain = ${organization.domain}
myorigin = ${organization.domain}
mydestination =
# Dovecot, whose Sieve scripts send on; clients come through the ports for proxies, from elsewhere.
mynetworks = 127.0.0.1/32
alias_maps =
alias_database =
virtual_mailbox_domains = ${organization.domain}
virtual_mailbox_maps = inline:{ ${mailboxes} }
virtual_transport = lmtp:inet:127.0.0.1:${options.lmtpPort}
default_transport = smtp:[127.0.0.1]:${ports.sink}
relay_transport = smtp:[127.0.0.1]:${ports.sink}
transport_maps = inline:{ ${refusing} }
smtpd_sasl_type = dovecot
smtpd_sasl_path = ${options.authSocket}
smtpd_sasl_auth_enable = no
smtpd_tls_security_level = may
smtpd_tls_cert_file = ${certificate.cert}
smtpd_tls_key_file = ${certificate.key}
smtpd_peername_lookup = no
smtp_tls_security_level = none
smtp_dns_support_level = disabled
lmtp_tls_security_level = none
`;
}

function mailtrailConfig(options: PostfixOptions): string {
  const mailLog = postfixMailLog(options.directory);
  const text = filledSnippet('postfix/main.cf', {
    milterSwitch: options.milterSocket === undefined ? '#' : '',
    milterSocket: `unix:${options.milterSocket ?? 'mailtrail/milter'}`,
    policySwitch: '',
    policyDefault: options.whenDown === 'refuse' ? '451 4.3.5 Try again later' : 'DUNNO',
    policySocket: `inet:${options.policyService ?? '127.0.0.1:1'}`,
    mailLog,
    mailLogDirectory: dirname(mailLog),
  });
  return options.policyService === undefined
    ? text.replace(/^smtpd_data_restrictions .*$/m, '')
    : text;
}

/** Leaves out the parameters that come again later: each of Postfix's programs would log a warning. */
function withoutOverridden(config: string, later: string): string {
  const names = new Set([...later.matchAll(/^(\w+)\s*=/gm)].map((match) => match[1]));
  return config
    .split('\n')
    .filter((line) => !names.has(/^(\w+)\s*=/.exec(line)?.[1]))
    .join('\n');
}

const PROXY = '-o smtpd_upstream_proxy_protocol=haproxy';
const SUBMISSION = '-o syslog_name=postfix/submission -o smtpd_sasl_auth_enable=yes';

function masterConfig(ports: PostfixPorts): string {
  return `
127.0.0.1:${ports.mx} inet n - n - - smtpd
127.0.0.1:${ports.mxProxy} inet n - n - - smtpd ${PROXY}
127.0.0.1:${ports.submission} inet n - n - - smtpd ${SUBMISSION}
127.0.0.1:${ports.submissionProxy} inet n - n - - smtpd ${SUBMISSION} ${PROXY}
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`;
}

function startSink(
  root: string,
  name: string,
  more: readonly string[],
  port: number,
): ProcessGroup {
  return startGroup({
    name,
    command: 'smtp-sink',
    runAs: 'postfix',
    args: [...more, `127.0.0.1:${port}`, SINK_BACKLOG],
    outputFile: join(root, 'log', 'sinks.log'),
  });
}

function ownId(flag: '-u' | '-g', account: string): number {
  return Number(execFileSync('id', [flag, account], { encoding: 'utf8' }));
}

/** Lets Postfix look at its configuration and make the directories of its queue. */
function checkConfig(configDirectory: string, mailLog: string): void {
  try {
    execFileSync('postfix', ['-c', configDirectory, 'check'], {
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: CHECK_TIMEOUT_MS,
    });
  } catch (error) {
    const said = String((error as { stderr?: unknown }).stderr ?? error);
    throw new Error(`Postfix refuses its configuration:\n${said}\n${tailOf(mailLog)}`, {
      cause: error,
    });
  }
}

/**
 * Starts Postfix and its outside world, and waits until they answer. On failure nothing runs and
 * the log's end is told. Postfix can only be started by root.
 */
export async function startPostfix(options: PostfixOptions): Promise<Postfix> {
  const root = join(options.directory, 'postfix');
  const { ports } = options;
  for (const folder of ['etc', 'queue', 'data', 'log']) {
    mkdirSync(join(root, folder), { recursive: true });
  }
  chownSync(join(root, 'data'), ownId('-u', 'postfix'), ownId('-g', 'postfix'));
  const configDirectory = join(root, 'etc');
  writeFileSync(
    join(configDirectory, 'main.cf'),
    [
      withoutOverridden(siteConfig(options, root), options.extraConfig ?? ''),
      mailtrailConfig(options),
      options.extraConfig ?? '',
    ].join('\n'),
  );
  writeFileSync(join(configDirectory, 'master.cf'), masterConfig(ports));
  const outputFile = join(root, 'log', 'start.log');
  const mailLog = postfixMailLog(options.directory);
  checkConfig(configDirectory, mailLog);
  const groups = [
    startSink(root, 'the sink', [], ports.sink),
    startSink(root, 'the refusing sink', ['-f', 'RCPT'], ports.refusingSink),
    startGroup({
      name: 'Postfix',
      command: join(DAEMONS, 'master'),
      args: ['-s', '-c', configDirectory],
      outputFile,
      env: { ...process.env, MAIL_CONFIG: configDirectory },
    }),
  ] as const;
  const logs = [mailLog, outputFile, join(root, 'log', 'sinks.log')];
  const explain = (): string => logs.map(tailOf).join('\n');
  try {
    await untilListening(groups[0], ports.sink, START_DEADLINE_MS, explain);
    await untilListening(groups[1], ports.refusingSink, START_DEADLINE_MS, explain);
    await untilListening(groups[2], ports.mx, START_DEADLINE_MS, explain);
  } catch (error) {
    await Promise.all(groups.map((group) => group.stop()));
    throw error;
  }
  return { ports, configDirectory, mailLog, groups };
}

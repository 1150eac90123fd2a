// A private Dovecot: everything under one directory, on loopback ports, configured by the file that
// Mailtrail prints. It delivers, stores and serves mail for real.
import { chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { dovecotDecisionValues } from '../../src/cli/mail-server-templates.ts';
import type { AskRules, WhenDown } from '../../src/config/mail-server-decisions.ts';
import {
  bringAlong,
  enterRoot,
  exporterValues,
  makeLog,
  prepareRoot,
  siteConfig24,
  type ExporterDriver,
} from './dovecot-2.4.ts';
import { freePorts } from './free-ports.ts';
import type { MailUser, Organization } from './organization.ts';
import { startGroup, untilListening, type ProcessGroup } from './process-group.ts';
import { filledSnippet } from './snippet.ts';

/** How long Dovecot may take until it answers. */
const START_DEADLINE_MS = 20_000;
/** Who owns the mailboxes: numbers, no account is made. */
const MAIL_UID = 5000;
const PORTS = [
  'imap',
  'imapProxy',
  'pop3',
  'pop3Proxy',
  'sieve',
  'sieveProxy',
  'submission',
  'submissionProxy',
  'lmtp',
] as const;

/** The ports whose names end in `Proxy` expect the PROXY protocol and take its word for it. */
export type DovecotPorts = Readonly<Record<(typeof PORTS)[number], number>>;

/** Where Mailtrail answers; without it Dovecot asks nobody and only writes its log. */
export interface PolicyEndpoint {
  /** e.g. `http://127.0.0.1:4650/dovecot/policy` */
  readonly policyUrl: string;
  readonly bearerToken: string;
}

export interface DovecotDecisions {
  readonly askRules?: AskRules;
  readonly whenDown?: WhenDown;
  /** The file of ACLs that Mailtrail writes. */
  readonly aclFile?: string;
}

export interface DovecotOptions {
  readonly directory: string;
  readonly organization: Organization;
  /** PEM files. */
  readonly certificate: { readonly cert: string; readonly key: string };
  readonly endpoint?: PolicyEndpoint;
  /** Where Dovecot's own submission service hands on what it takes. */
  readonly relayPort: number;
  /** Where Sieve scripts send what they redirect, reject and answer. */
  readonly mxPort: number;
  /** How it uses Mailtrail's decisions; as by default where nothing is said. */
  readonly decisions?: DovecotDecisions;
  /** Without anything of Mailtrail's in its configuration, to measure what that costs. */
  readonly bare?: boolean;
  /** Comes last in the configuration. */
  readonly extraConfig?: string;
  /** Dovecot 2.4, which writes its events in this way; Debian 12's 2.3 where nothing is said. */
  readonly dovecot24?: ExporterDriver;
}

export interface Dovecot {
  readonly ports: DovecotPorts;
  readonly configFile: string;
  /** The file that Mailtrail reads. */
  readonly auditLog: string;
  /** Errors and warnings. */
  readonly errorLog: string;
  /** The socket on which Postfix asks Dovecot to authenticate. */
  readonly authSocket: string;
  /** The administrator's program, and what it is called with first. */
  readonly doveadm: readonly [command: string, ...args: string[]];
  readonly group: ProcessGroup;
}

/** The file that Mailtrail reads, known before Dovecot is started. */
export function dovecotAuditLog(directory: string): string {
  return join(directory, 'dovecot', 'log', 'audit.log');
}

/** Where Mailtrail listens for Dovecot 2.4's exporter, known before either is started. */
export function dovecotExporterSocket(directory: string): string {
  return join(directory, 'dovecot', 'events.socket');
}

function passwdLine(user: MailUser): string {
  return `${user.login}:{PLAIN}${user.password}::::::\n`;
}

function accounts(folder: string, organization: Organization): void {
  const { users, masterUser } = organization;
  writeFileSync(join(folder, 'users'), users.map(passwdLine).join(''));
  writeFileSync(join(folder, 'master-users'), passwdLine(masterUser));
}

function listener(service: string, name: string, port: number, proxyPort: number): string {
  return `
service ${service} {
  inet_listener ${name} {
    port = ${port}
  }
  inet_listener ${name}s {
    port = 0
  }
  inet_listener ${name}-proxy {
    port = ${proxyPort}
    haproxy = yes
  }
}`;
}

function listeners(ports: DovecotPorts): string {
  return [
    listener('imap-login', 'imap', ports.imap, ports.imapProxy),
    listener('pop3-login', 'pop3', ports.pop3, ports.pop3Proxy),
    listener('managesieve-login', 'sieve', ports.sieve, ports.sieveProxy),
    listener('submission-login', 'submission', ports.submission, ports.submissionProxy),
    `
service lmtp {
  inet_listener lmtp {
    port = ${ports.lmtp}
  }
}`,
  ].join('');
}

/** A site's own configuration, as if Mailtrail were not there. */
function siteConfig(options: DovecotOptions, root: string, ports: DovecotPorts): string {
  return `
base_dir = ${root}/run
state_dir = ${root}/state
log_path = ${root}/log/dovecot.log
protocols = imap pop3 lmtp submission sieve
listen = 127.0.0.1
hostname = ${options.organization.mailHost}
mail_uid = ${MAIL_UID}
mail_gid = ${MAIL_UID}
mail_home = ${root}/mail/%u
mail_location = maildir:~/Maildir
ssl = yes
ssl_cert = <${options.certificate.cert}
ssl_key = <${options.certificate.key}
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_master_user_separator = *
haproxy_trusted_networks = 127.0.0.0/8
submission_relay_host = 127.0.0.1
submission_relay_port = ${options.relayPort}
submission_relay_trusted = yes
submission_host = 127.0.0.1:${options.mxPort}

# Tests fail to sign in many times: no delays that grow with each failure.
auth_failure_delay = 0
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}

passdb {
  driver = passwd-file
  args = ${root}/etc/master-users
  master = yes
  result_success = continue
}
passdb {
  driver = passwd-file
  args = ${root}/etc/users
}
userdb {
  driver = passwd-file
  args = ${root}/etc/users
  default_fields = uid=${MAIL_UID} gid=${MAIL_UID} home=${root}/mail/%u
}
# A process of Dovecot 2.3.19 that exits may take events along that it has not handed on yet.
service imap {
  service_count = 0
}
service auth {
  unix_listener auth-postfix {
    mode = 0666
  }
}
${listeners(ports)}

namespace inbox {
  inbox = yes
  separator = /
  mailbox Drafts {
    special_use = \\Drafts
    auto = subscribe
  }
  mailbox Sent {
    special_use = \\Sent
    auto = subscribe
  }
  mailbox Trash {
    special_use = \\Trash
    auto = subscribe
  }
}
protocol imap {
  mail_max_userip_connections = 50
}
protocol lmtp {
  mail_plugins = $mail_plugins sieve
}
plugin {
  sieve = file:~/sieve;active=~/.dovecot.sieve
}
`;
}

function mailtrailConfig(options: DovecotOptions): string {
  if (options.bare === true) return '';
  const auditLog = dovecotAuditLog(options.directory);
  const values = {
    policyUrl: options.endpoint?.policyUrl ?? 'http://127.0.0.1/',
    bearerToken: options.endpoint?.bearerToken ?? 'none',
    nonce: 'loopback-tests-only',
    auditLog,
    ...dovecotDecisionValues(
      {
        askRules: options.decisions?.askRules ?? 'before-password',
        whenDown: options.decisions?.whenDown ?? 'allow',
      },
      options.decisions?.aclFile,
    ),
  };
  const text =
    options.dovecot24 === undefined
      ? filledSnippet('dovecot/99-mailtrail.conf', values)
      : filledSnippet('dovecot/99-mailtrail-2.4.conf', {
          ...values,
          ...exporterValues(options.dovecot24, auditLog, dovecotExporterSocket(options.directory)),
        });
  return options.endpoint === undefined ? text.replace(/^auth_policy_server_url .*$/m, '') : text;
}

/** Starts Dovecot and waits until it answers. On failure nothing runs and the log's end is told. */
export async function startDovecot(options: DovecotOptions): Promise<Dovecot> {
  const root = join(options.directory, 'dovecot');
  const chroot = options.dovecot24 === undefined ? undefined : prepareRoot();
  if (chroot !== undefined) {
    enterRoot(chroot, options.directory);
    bringAlong(chroot, options.directory);
  }
  for (const folder of ['etc', 'run', 'state', 'log', 'mail']) {
    mkdirSync(join(root, folder), { recursive: true });
  }
  chownSync(join(root, 'mail'), MAIL_UID, MAIL_UID);
  const ports = await freePorts(PORTS);
  accounts(join(root, 'etc'), options.organization);
  if (options.dovecot24 !== undefined) makeLog(dovecotAuditLog(options.directory));
  const configFile = join(root, 'etc', 'dovecot.conf');
  writeFileSync(join(root, 'etc', '99-mailtrail.conf'), mailtrailConfig(options), { mode: 0o600 });
  writeFileSync(join(root, 'etc', 'extra.conf'), options.extraConfig ?? '');
  const site =
    chroot === undefined
      ? siteConfig(options, root, ports)
      : siteConfig24(options, root, ports, MAIL_UID);
  writeFileSync(configFile, `${site}\n!include 99-mailtrail.conf\n!include extra.conf\n`);
  const errorLog = join(root, 'log', 'dovecot.log');
  const outputFile = join(root, 'log', 'start.log');
  const program = (name: string): [string, ...string[]] =>
    chroot === undefined ? [name] : ['chroot', chroot, name];
  const [command, ...args] = program('dovecot');
  const group = startGroup({
    name: 'Dovecot',
    command,
    args: [...args, '-F', '-c', configFile],
    outputFile,
  });
  try {
    await untilListening(group, ports.imap, START_DEADLINE_MS, () =>
      [errorLog, outputFile].map(tailOf).join('\n'),
    );
  } catch (error) {
    await group.stop();
    throw error;
  }
  const authSocket = join(root, 'run', 'auth-postfix');
  return {
    ports,
    configFile,
    auditLog: dovecotAuditLog(options.directory),
    errorLog,
    authSocket,
    doveadm: program('doveadm'),
    group,
  };
}

/** How much of a log explains a failure, in characters. */
const EXPLANATION_LENGTH_MAX = 3000;

/** The last lines of a log, for error messages. */
export function tailOf(file: string): string {
  try {
    return `${file}:\n${readFileSync(file, 'utf8').slice(-EXPLANATION_LENGTH_MAX)}`;
  } catch {
    return `${dirname(file)} has no ${file.slice(dirname(file).length + 1)}`;
  }
}

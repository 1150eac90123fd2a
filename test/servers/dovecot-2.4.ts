// What is different when the private Dovecot is 2.4: its packages are those of Debian 13, in a folder
// that is entered by chroot, and its configuration has another form. The servers' directory is made
// inside that folder and linked to from outside, so that every path means the same on both sides.
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import type { DovecotOptions, DovecotPorts } from './dovecot.ts';
import { projectRoot } from './snippet.ts';

/** Longer than any mirror needs that will answer at all, in ms. */
const PREPARE_DEADLINE_MS = 150_000;

/** Who Dovecot's own processes run as in that folder; see scripts/dovecot-2.4.sh. */
const DOVECOT_UID = 900;

/** How Dovecot 2.4 hands out its events. */
export type ExporterDriver = 'log' | 'file' | 'unix';

/** What the printed configuration says of each way. */
export function exporterValues(
  driver: ExporterDriver,
  auditLog: string,
  socket: string,
): { exporterPlace: string; exporterDriver: string } {
  switch (driver) {
    case 'log':
      return { exporterPlace: ', among the other lines.', exporterDriver: 'driver = log' };
    case 'file':
      return {
        exporterPlace: ', by the stats process itself.',
        exporterDriver: `driver = file\n  file_path = ${auditLog}`,
      };
    case 'unix':
      return {
        exporterPlace: ', sent to Mailtrail.',
        exporterDriver: `driver = unix\n  unix_path = ${socket}`,
      };
  }
}

/**
 * The folder to enter, prepared if it is not there yet. Throws with what the script says when it
 * cannot be had, e.g. because no Debian mirror can be reached.
 */
export function prepareRoot(): string {
  try {
    return execFileSync('bash', [join(projectRoot(), 'scripts', 'dovecot-2.4.sh')], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: PREPARE_DEADLINE_MS,
    }).trim();
  } catch (error) {
    const { stderr, signal } = error as { stderr?: string; signal?: string };
    const why = signal === undefined || signal === null ? '' : ` (${signal})`;
    throw new Error(`Dovecot 2.4 could not be prepared${why}: ${stderr ?? String(error)}`, {
      cause: error,
    });
  }
}

/** Makes `directory`/dovecot a place that Dovecot 2.4 knows by the same name, for what is kept there. */
export function enterRoot(root: string, directory: string): void {
  const outside = join(directory, 'dovecot');
  const inside = join(root, outside);
  mkdirSync(inside, { recursive: true });
  chmodSync(join(root, directory), 0o755);
  if (!existsSync(outside)) symlinkSync(inside, outside);
}

/** Gives Dovecot 2.4 what was made beside its own directory: the certificate, scripts. */
export function bringAlong(root: string, directory: string): void {
  cpSync(directory, join(root, directory), {
    recursive: true,
    filter: (from) =>
      ['', 'tls', 'tokens.lua'].includes(from.slice(directory.length + 1).split('/')[0] ?? ''),
  });
}

/** Makes the log that Dovecot's log and stats processes both write, as the printed configuration says. */
export function makeLog(auditLog: string): void {
  appendFileSync(auditLog, '');
  chownSync(auditLog, DOVECOT_UID, DOVECOT_UID);
}

/** Removes what was made inside the folder. */
export function leaveRoot(root: string, directory: string): void {
  rmSync(join(root, directory), { recursive: true, force: true });
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

/** A site's own configuration for Dovecot 2.4: the same site as for 2.3. */
export function siteConfig24(
  options: DovecotOptions,
  root: string,
  ports: DovecotPorts,
  mailUid: number,
): string {
  return `dovecot_config_version = 2.4.1
dovecot_storage_version = 2.4.1
base_dir = ${root}/run
state_dir = ${root}/state
log_path = ${root}/log/dovecot.log
protocols = imap pop3 lmtp submission sieve
listen = 127.0.0.1
hostname = ${options.organization.mailHost}
mail_uid = ${mailUid}
mail_gid = ${mailUid}
mail_home = ${root}/mail/%{user}
mail_driver = maildir
mail_path = ~/Maildir
ssl_server {
  cert_file = ${options.certificate.cert}
  key_file = ${options.certificate.key}
}
auth_allow_cleartext = yes
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

passdb masters {
  driver = passwd-file
  passwd_file_path = ${root}/etc/master-users
  master = yes
  result_success = continue
}
passdb users {
  driver = passwd-file
  passwd_file_path = ${root}/etc/users
}
userdb users {
  driver = passwd-file
  passwd_file_path = ${root}/etc/users
  fields {
    uid:default = ${mailUid}
    gid:default = ${mailUid}
    home:default = ${root}/mail/%{user}
  }
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
  mail_plugins {
    sieve = yes
  }
}
sieve_script personal {
  driver = file
  path = ~/sieve
  active_path = ~/.dovecot.sieve
}
`;
}

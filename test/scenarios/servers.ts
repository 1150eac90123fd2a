// The pair of mail servers that scenarios are played on: everything an audit log has to cope with is
// switched on (shared mailboxes, metadata, compression, tokens, aliases, domains out of reach).
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mailServersDirectory, startMailServers } from '../servers/mail-servers.ts';
import type { MailServers, MailServersOptions } from '../servers/mail-servers.ts';
import type { Organization } from '../servers/organization.ts';
import type { PostfixPorts } from '../servers/postfix.ts';
import { domainOf, tokenOf, userOf, type Scenario } from './scenario.ts';

/** Outside world: its server takes everything. */
export const PARTNER_DOMAIN = 'partner.test';
/** Outside world: its server refuses every recipient. */
export const REFUSING_DOMAIN = 'refusing.test';
/** Outside world: nothing listens there. */
export const UNREACHABLE_DOMAIN = 'unreachable.test';
/** A port on which nothing listens. */
const SILENT_PORT = 1;
/** How long a message may stay deferred, in seconds; the queue looks at it when a scenario says so. */
export const QUEUE_LIFETIME_S = 4;

/** Everybody of all scenarios. */
export function organizationOf(scenarios: readonly Scenario[]): Organization {
  return {
    name: 'scenarios',
    domain: 'example.test',
    mailHost: 'mail.example.test',
    users: scenarios.flatMap((scenario) => scenario.users.map((name) => userOf(scenario, name))),
    masterUser: { login: 'admin', password: 'password-of-admin' },
  };
}

/** A passdb that knows the tokens by a table, as a token service would. */
function tokenScript(scenarios: readonly Scenario[], refused: string): string {
  const entries = scenarios.flatMap((scenario) =>
    scenario.users.map((name) => {
      const { id, secret } = tokenOf(scenario, name);
      return `  ["${userOf(scenario, name).login} ${secret}"] = "${id}",`;
    }),
  );
  return `local tokens = {
${entries.join('\n')}
}
local users = {}
for key in pairs(tokens) do users[key:match("^%S+")] = true end
function auth_password_verify(request, password)
  local id = tokens[request.user .. " " .. password]
  if id == nil and users[request.user] then
    return dovecot.auth.PASSDB_RESULT_PASSWORD_MISMATCH, ${refused}
  end
  if id == nil then
    return dovecot.auth.PASSDB_RESULT_USER_UNKNOWN, ${refused}
  end
  return dovecot.auth.PASSDB_RESULT_OK, { pat_id = id, userdb_pat_id = id }
end
function auth_passdb_lookup(request)
  return dovecot.auth.PASSDB_RESULT_USER_UNKNOWN, ${refused}
end
`;
}

function dovecotConfig(directory: string): string {
  return `
passdb {
  driver = lua
  name = pat
  args = file=${join(directory, 'tokens.lua')} blocking=yes
}
namespace shared {
  type = shared
  separator = /
  prefix = shared/%%u/
  location = maildir:%%h/Maildir:INDEXPVT=~/Maildir/shared/%%u
  subscriptions = no
  list = children
}
mail_attribute_dict = file:%h/attributes
imap_metadata = yes
protocol imap {
  mail_plugins = $mail_plugins acl imap_acl zlib imap_zlib
}
protocol doveadm {
  mail_plugins = $mail_plugins acl
}
plugin {
  acl_user = %u
  acl = vfile:cache_secs=0
  acl_anyone = allow
  acl_shared_dict = file:${join(directory, 'dovecot', 'mail', 'shared-mailboxes')}
  sieve_vacation_min_period = 0
}
`;
}

/** The same for Dovecot 2.4. */
function dovecot24Config(directory: string): string {
  return `
passdb pat {
  driver = lua
  lua_file = ${join(directory, 'tokens.lua')}
  use_worker = yes
}
namespace shared {
  type = shared
  separator = /
  prefix = shared/$user/
  mail_path = %{owner_home}/Maildir
  mail_index_private_path = ~/Maildir/shared/%{owner_user}
  subscriptions = no
  list = children
}
mail_attribute {
  dict file {
    path = %{home}/attributes
  }
}
imap_metadata = yes
acl_driver = vfile
acl_user = %{user}
acl_cache_ttl = 0
imap_acl_allow_anyone = yes
acl_sharing_map {
  dict file {
    path = ${join(directory, 'dovecot', 'mail', 'shared-mailboxes')}
  }
}
protocol imap {
  mail_plugins {
    acl = yes
    imap_acl = yes
    mail_compress = yes
  }
}
protocol doveadm {
  mail_plugins {
    acl = yes
  }
}
sieve_vacation_min_period = 0
`;
}

function postfixConfig(scenarios: readonly Scenario[], ports: PostfixPorts): string {
  const aliases = scenarios.map((scenario) => {
    const members = scenario.users.map((name) => userOf(scenario, name).login).join(' ');
    return `{team@${domainOf(scenario)} = ${members}}`;
  });
  return `
virtual_mailbox_domains = ${scenarios.map(domainOf).join(', ')}
virtual_alias_maps = inline:{ ${aliases.join(', ')} }
transport_maps = inline:{ {${REFUSING_DOMAIN} = smtp:[127.0.0.1]:${ports.refusingSink}}, {${UNREACHABLE_DOMAIN} = smtp:[127.0.0.1]:${SILENT_PORT}} }
maximal_queue_lifetime = ${QUEUE_LIFETIME_S}s
bounce_queue_lifetime = ${QUEUE_LIFETIME_S}s
minimal_backoff_time = 300s
queue_run_delay = 300s
message_size_limit = 1000000
`;
}

/** Starts the servers for scenarios; the caller stops them and removes their directory. */
export function startScenarioServers(
  scenarios: readonly Scenario[],
  options: Pick<MailServersOptions, 'endpoint' | 'policyService' | 'milterSocket' | 'dovecot24'> & {
    directory?: string;
  } = {},
): Promise<MailServers> {
  const directory = options.directory ?? mailServersDirectory('mailtrail-scenarios-');
  const script = join(directory, 'tokens.lua');
  // 2.4 takes fields only with a success, 2.3 takes no text with a refusal.
  writeFileSync(script, tokenScript(scenarios, options.dovecot24 === undefined ? '{}' : '""'));
  return startMailServers({
    ...options,
    directory,
    organization: organizationOf(scenarios),
    extraDovecot:
      options.dovecot24 === undefined ? dovecotConfig(directory) : dovecot24Config(directory),
    extraPostfix: (ports) => postfixConfig(scenarios, ports),
  });
}

// The section `access`: what is enforced, in which words, on whom. The rules themselves are checked by
// access/ (access-rules.ts); what the mail servers do with the answers is in mail-server-decisions.ts.
import { z } from 'zod';
import type { AccessRule } from '../access/decision.ts';
import { PROTOCOLS } from '../event/recurring-fields.ts';
import { accessRulesSetting } from './access-rules.ts';
import { networksSetting, type NamedNetworks } from './named-networks.ts';
import {
  describeFound,
  listSetting,
  optionalSetting,
  parseBoolean,
  section,
  setting,
  SETTING_META,
  wrongValue,
  type SettingMeta,
} from './setting.ts';

/** Longest message to a refused client, in characters: with a rule's name one line of every protocol. */
export const MESSAGE_LENGTH_MAX = 200;
/** Master users with a role: each is a login that somebody made by hand. */
export const IMPERSONATORS_MAX = 1000;
/** Longest login and longest id or name of a role, in characters. */
const LOGIN_LENGTH_MAX = 256;

/** The section as the program uses it. */
export interface AccessSettings {
  readonly rules: readonly AccessRule[];
  readonly networks: NamedNetworks;
  readonly countries?: string;
  /** The file of users and groups. */
  readonly users?: string;
  readonly workmailLimits: boolean;
  readonly message?: string;
  /** The id or name of a role, by the login of a master user. */
  readonly impersonation: Readonly<Record<string, string>>;
  readonly deviceProtocols: readonly string[];
  readonly dovecotAcl?: string;
}

const IMPERSONATION: SettingMeta = {
  about:
    "The impersonation role in which each of Dovecot's master users acts: `LOGIN: ROLE`, the role by its id or name. The role's " +
    'rules decide which mailboxes they may open. Once one is named, a master user who is not may open none. ' +
    'Without any, only the access rules count for them.',
  expects: `a section of at most ${IMPERSONATORS_MAX} lines LOGIN: ROLE`,
  advice: 'write each as "admin: Auditors"',
  defaultNote: 'none: master users may open every mailbox that no access rule denies',
  example: '{ admin: Auditors }',
};

type ImpersonationSetting = z.ZodPrefault<
  z.ZodPipe<z.ZodUnknown, z.ZodTransform<Readonly<Record<string, string>>>>
>;

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= LOGIN_LENGTH_MAX;
}

function impersonationSetting(): ImpersonationSetting {
  const schema = z
    .unknown()
    .transform((input, context): Readonly<Record<string, string>> => {
      const entries =
        typeof input === 'object' && input !== null && !Array.isArray(input)
          ? Object.entries(input)
          : undefined;
      if (entries === undefined || entries.length > IMPERSONATORS_MAX) {
        context.addIssue({ code: 'custom', message: wrongValue(IMPERSONATION, input) });
        return z.NEVER;
      }
      for (const [login, role] of entries) {
        if (isName(login) && isName(role)) continue;
        const message = `expected the id or name of a role, found ${describeFound(role)}; write it as "${login}: Auditors"`;
        context.addIssue({ code: 'custom', path: [login], message });
      }
      return Object.fromEntries(entries.filter(([, role]) => isName(role))) as Readonly<
        Record<string, string>
      >;
    })
    .prefault({});
  SETTING_META.add(schema, IMPERSONATION);
  return schema;
}

/** The section; a function, so that its parts are made when the schema is. */
export const access = section({
  rules: accessRulesSetting(),
  networks: networksSetting(),
  countries: optionalSetting(
    {
      about:
        'The database of countries that rules with `countries` look addresses up in, a file in the format of MaxMind (.mmdb) such as ' +
        'GeoLite2-Country. It is read at the start and at each reload. Without it no address is in any country.',
      expects: 'the path of a file',
      path: true,
      defaultNote: 'none',
      example: '/var/lib/GeoIP/GeoLite2-Country.mmdb',
    },
    (text) => (text === '' ? undefined : text),
  ),
  users: optionalSetting(
    {
      about:
        'The file of users and groups (docs/guides/access-control.md). With one, rules may name groups, a user is the same by login, ' +
        'address and alias, and a rule, role or override about somebody who is not in it is refused. It is read anew when it changes.',
      expects: 'the path of a YAML file',
      path: true,
      defaultNote: 'none: every login is a user, and nobody is in a group',
      example: '/etc/mailtrail/users.yaml',
    },
    (text) => (text === '' ? undefined : text),
  ),
  workmailLimits: setting(
    {
      about:
        'Whether there may be no more rules and roles than WorkMail has: 10 access control rules, 10 mobile device rules, 20 impersonation roles.',
      expects: 'true or false',
    },
    parseBoolean,
    'false',
  ),
  message: optionalSetting(
    {
      about:
        'What a refused client is told; `{rule}` becomes the name of the rule. A message that names no rule gives nothing away.',
      expects: `1 to ${MESSAGE_LENGTH_MAX} printable ASCII characters without " and \\`,
      defaultNote: 'what kind of rule denied it, and its name',
      example: 'Not allowed here ({rule}); ask helpdesk@example.test',
    },
    (text) => (/^[\x20-\x7e]{1,200}$/.test(text) && !/["\\]/.test(text) ? text : undefined),
  ),
  impersonation: impersonationSetting(),
  deviceProtocols: listSetting(
    {
      about:
        'The protocols whose clients the mobile device rules are for. WorkMail has them for ActiveSync only; with IMAP among ' +
        'them the rules look at what a client says of itself before it signs in (ID), and one that says nothing is `$NONE`.',
      expects: `a list of protocols`,
      entry: `a protocol: ${PROTOCOLS.join(', ')}`,
    },
    ['ActiveSync'],
  ),
  dovecotAcl: optionalSetting(
    {
      about:
        "The file of global ACLs that Mailtrail writes for Dovecot: what each master user's role may do in a mailbox, so that one " +
        'that is `READ_ONLY` can only read. "mailtrail print-config dovecot" says how it is read. Mailtrail must be able to write its ' +
        'directory and Dovecot to read it: `install -d -o mailtrail -g dovecot -m 0755 /etc/dovecot/mailtrail`.',
      expects: 'the path of a file',
      path: true,
      defaultNote: 'none is written',
      example: '/etc/dovecot/mailtrail/master-users.acl',
    },
    (text) => (text === '' ? undefined : text),
  ),
});

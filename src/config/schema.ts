// Every setting of the configuration, declared once: validation, defaults, the names of the
// environment variables, `config show` and docs/reference/configuration.md follow from here.
import { z } from 'zod';
import type { DeliveryDescription } from '../deliver/description.ts';
import type { LogType } from '../event/log-type.ts';
import type { LogLevel } from '../platform/log.ts';
import { access, type AccessSettings } from './access-settings.ts';
import {
  DEFAULT_LISTEN,
  parseListenAddress,
  parseTcpAddress,
  type SocketPath,
  type TcpAddress,
} from './address.ts';
import { deliveriesSetting } from './delivery-settings.ts';
import { doveadmSetting } from './doveadm-access.ts';
import {
  dovecotDecisions,
  postfixDecisions,
  type AskRules,
  type WhenDown,
} from './mail-server-decisions.ts';
import { parseSharedPrefixes } from './namespace-prefixes.ts';
import { organization } from './organization-settings.ts';
import { queries } from './query-settings.ts';
import {
  mappedLogsSetting,
  type MappedLog,
  type Webhook,
  webhooksSetting,
} from './mapped-feeds.ts';
import { parseSize, SIZE_FORM } from './quantity.ts';
import { syslogSetting, type SyslogSetting } from './syslog-listeners.ts';
import { retentionDaysSetting } from './retention.ts';
import {
  listSetting,
  optionalSetting,
  parseBoolean,
  parsedText,
  section,
  setting,
  SETTING_META,
  type SettingMeta,
} from './setting.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
/** A segment (64 MiB) must fit, or the journal would throw away what it is writing. */
const KEEP_BYTES_MIN = 64 * MIB;
/** One load may take 500 MiB. */
const STORE_MEMORY_BYTES_MIN = 512 * MIB;
const SIGN_INS_TOLD: readonly SignInsTold[] = ['auto', 'always', 'never'];
const LOG_LEVELS: readonly LogLevel[] = ['error', 'warn', 'info', 'debug'];

/** Whether a Postfix log tells of sign-ins; `auto`: where nobody else does. */
export type SignInsTold = 'auto' | 'always' | 'never';

function sizeOfAtLeast(bytesMin: number): (text: string) => number | undefined {
  return (text) => {
    const bytes = parseSize(text);
    return bytes !== undefined && bytes >= bytesMin ? bytes : undefined;
  };
}

/** `mail`, or the name or pattern of a unit with its type. */
function parseJournald(text: string): JournaldSelection | undefined {
  if (text === 'mail') return {};
  const unit = /^[\w@:.\\*?[\]-]{1,250}\.(?:service|slice|scope)$/;
  return unit.test(text) ? { unit: text } : undefined;
}

function nonEmpty(text: string): string | undefined {
  return text === '' ? undefined : text;
}

const DATA_META: SettingMeta = {
  about: 'The directory of the journal, the store and the credentials. One server owns it.',
  expects: 'the path of a directory',
  path: true,
  defaultNote:
    '`$STATE_DIRECTORY` (set by systemd), else `/var/lib/mailtrail` for root, else `$XDG_STATE_HOME/mailtrail`, else `~/.local/state/mailtrail`',
  example: '/var/lib/mailtrail',
};

/** There is always a data directory: the loader puts in the default, which depends on the user. */
const dataSetting = parsedText(DATA_META, nonEmpty);
SETTING_META.add(dataSetting, DATA_META);

const server = section({
  listen: setting<TcpAddress>(
    {
      about: 'Where the API is served. Port 0 lets the system choose.',
      expects: 'host:port such as 127.0.0.1:4650 or [::1]:4650',
    },
    parseTcpAddress,
    DEFAULT_LISTEN,
  ),
  tls: section({
    cert: optionalSetting(
      {
        about: 'The certificate with its chain, PEM. Needs `server.tls.key`.',
        expects: 'the path of a PEM file',
        path: true,
        example: '/etc/mailtrail/tls/fullchain.pem',
      },
      nonEmpty,
    ),
    key: optionalSetting(
      {
        about: "The certificate's private key, PEM.",
        expects: 'the path of a PEM file',
        path: true,
        example: '/etc/mailtrail/tls/privkey.pem',
      },
      nonEmpty,
    ),
  }),
  allowPublicWithoutTls: setting(
    {
      about:
        'Lets the server listen on other addresses than loopback without TLS: only behind a proxy that does TLS, or in a network where nobody listens.',
      expects: 'true or false',
    },
    parseBoolean,
    'false',
  ),
});

/** What of systemd's journal is read: everything of the mail facility, or one unit. */
function journaldSetting(server: string, example: string) {
  return optionalSetting<JournaldSelection>(
    {
      about:
        `Reads what ${server} logs to systemd's journal, by journalctl: all of syslog's mail facility, or a unit. ` +
        'Mailtrail must be in the group `systemd-journal`. Where the files have the same lines, set `logs` to `[]`.',
      expects: 'mail for the mail facility, or a systemd unit or pattern of units',
      defaultNote: 'off',
      example,
    },
    parseJournald,
  );
}

const dovecot = section({
  logs: listSetting(
    {
      about:
        'The files Dovecot writes its JSON events and its mail_log and login lines to. `[]` for none.',
      expects: 'a list of paths',
      entry: 'the path of a file',
      path: true,
    },
    ['/var/log/dovecot-audit.log'],
  ),
  sharedPrefix: setting(
    {
      about:
        "The prefixes of Dovecot's shared namespaces, behind each of which a path begins with its owner; the last " +
        'character is the separator. As in `prefix`, a `%u` at the end may be written.',
      expects: 'prefixes parted by commas, each with / or . at its end: shared/, Other Users/',
    },
    parseSharedPrefixes,
    'shared/',
  ),
  doveadm: doveadmSetting,
  ...dovecotDecisions,
  journald: journaldSetting('Dovecot', 'dovecot.service'),
  exporterListen: optionalSetting<SocketPath>(
    {
      about:
        'Where Dovecot 2.4 may send its events (`event_exporter_driver = unix`); they are added to the first ' +
        "of `dovecot.logs`, which Mailtrail's user must be able to write. " +
        'What Dovecot sends while Mailtrail is down is lost: prefer its `file` driver, which needs no socket. ' +
        "Make the socket's directory one that only Mailtrail and Dovecot may enter.",
      expects: 'unix:/path',
      defaultNote: 'off',
      example: 'unix:/run/mailtrail/dovecot-events',
    },
    (text) => {
      const address = parseListenAddress(text);
      return address !== undefined && 'path' in address ? address : undefined;
    },
  ),
});

const postfix = section({
  logs: listSetting(
    {
      about: 'The files Postfix logs to. `[]` for none.',
      expects: 'a list of paths',
      entry: 'the path of a file',
      path: true,
    },
    ['/var/log/mail.log'],
  ),
  journald: journaldSetting('Postfix', 'postfix@*.service'),
  authservIds: listSetting(
    {
      about:
        'Whose Authentication-Results (RFC 8601) are believed: the names that your own SPF, DKIM and DMARC filters write. ' +
        'Those filters must remove fields with these names that came with a message.',
      expects: 'a list of authserv-ids',
      entry: 'an authserv-id, e.g. mx.example.test',
    },
    [],
  ),
  journalAddresses: listSetting(
    {
      about:
        'Where Postfix sends a copy of every message, for the record (`always_bcc`, `recipient_bcc_maps`): ' +
        'what goes there besides other recipients is told as `JOURNALING_INITIATED`.',
      expects: 'a list of addresses',
      entry: 'an address, e.g. journal@archive.example.test',
    },
    [],
  ),
  signIns: setting<SignInsTold>(
    {
      about:
        "Whether sign-ins by SMTP are told from Postfix's log: `auto` where neither a log of Dovecot " +
        'nor its policy reports tell of them; `always` where Postfix asks somebody else for passwords (Cyrus SASL, another host).',
      expects: `one of ${SIGN_INS_TOLD.join(', ')}`,
    },
    (text) => SIGN_INS_TOLD.find((choice) => choice === text),
    'auto',
  ),
  policyListen: optionalSetting<TcpAddress | SocketPath>(
    {
      about:
        "Where Postfix's `check_policy_service` is answered. Nobody has to prove who he is there: keep it on loopback or a socket.",
      expects: 'host:port such as 127.0.0.1:4651, or unix:/path',
      defaultNote: 'off',
      example: '127.0.0.1:4651',
    },
    parseListenAddress,
  ),
  ...postfixDecisions,
  milterListen: optionalSetting<TcpAddress | SocketPath>(
    {
      about:
        "Where Postfix shows each message to Mailtrail's milter, which reads headers and attachment names and lets every message pass. " +
        'A socket is faster than TCP; Postfix on Debian only reaches those in its queue directory. ' +
        "Make the socket's directory one that only Mailtrail and Postfix may enter: " +
        '`install -d -o mailtrail -g postfix -m 2750 /var/spool/postfix/mailtrail`.',
      expects: 'unix:/path, or host:port such as 127.0.0.1:4653',
      defaultNote: 'off',
      example: 'unix:/var/spool/postfix/mailtrail/milter',
    },
    parseListenAddress,
  ),
});

const collectors = section({
  mappings: listSetting(
    {
      about:
        'Mapping files, which make events of what other programs write (docs/guides/mappings.md).',
      expects: 'a list of paths',
      entry: 'the path of a mapping file',
      path: true,
      example: '[mappings/exim.yaml]',
    },
    [],
  ),
  mapped: mappedLogsSetting(),
  webhooks: webhooksSetting(),
  syslog: syslogSetting(),
});

const journal = section({
  keepBytes: setting(
    {
      about: 'Journal segments that everything has read are deleted beyond this size.',
      expects: `${SIZE_FORM}, at least 64MiB`,
    },
    sizeOfAtLeast(KEEP_BYTES_MIN),
    '1GiB',
  ),
  minFreeBytes: setting(
    {
      about: 'With less free space than this no events are taken; queries go on.',
      expects: SIZE_FORM,
    },
    sizeOfAtLeast(0),
    '64MiB',
  ),
});

const store = section({
  memoryBytesMax: setting(
    {
      about: 'The most memory the embedded engine may use.',
      expects: `${SIZE_FORM}, at least 512MiB`,
    },
    sizeOfAtLeast(STORE_MEMORY_BYTES_MIN),
    '700MiB',
  ),
});

const log = section({
  level: setting<LogLevel>(
    {
      about: "How much the server's own log on standard error says.",
      expects: `one of ${LOG_LEVELS.join(', ')}`,
    },
    (text) => LOG_LEVELS.find((level) => level === text),
    'info',
  ),
});

/** The whole configuration. */
export const CONFIG_SCHEMA = z.strictObject({
  organization,
  server,
  data: dataSetting,
  dovecot,
  postfix,
  collectors,
  access,
  deliveries: deliveriesSetting(),
  retention: section({ days: retentionDaysSetting() }),
  journal,
  store,
  queries,
  log,
});

/** TLS of the API; both are paths of PEM files. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

/** What of systemd's journal is read; the mail facility when there is no unit. */
export interface JournaldSelection {
  readonly unit?: string;
}

/** The configuration as the program uses it: parsed, complete, paths absolute. */
export interface Config {
  readonly organization: {
    readonly name: string;
    readonly account: string;
    readonly region: string;
  };
  readonly server: {
    readonly listen: TcpAddress;
    readonly tls?: TlsFiles;
    readonly allowPublicWithoutTls: boolean;
  };
  readonly data: string;
  readonly dovecot: {
    readonly logs: readonly string[];
    readonly sharedPrefix: readonly string[];
    readonly doveadm?: { readonly url: string; readonly apiKey: string };
    readonly journald?: JournaldSelection;
    readonly exporterListen?: SocketPath;
    readonly askRules: AskRules;
    readonly whenDown: WhenDown;
  };
  readonly postfix: {
    readonly logs: readonly string[];
    readonly journald?: JournaldSelection;
    readonly authservIds: readonly string[];
    readonly journalAddresses: readonly string[];
    readonly signIns: SignInsTold;
    readonly policyListen?: TcpAddress | SocketPath;
    readonly whenDown: WhenDown;
    readonly milterListen?: TcpAddress | SocketPath;
  };
  readonly collectors: {
    readonly mappings: readonly string[];
    readonly mapped: readonly MappedLog[];
    readonly webhooks: readonly Webhook[];
    readonly syslog: readonly SyslogSetting[];
  };
  readonly access: AccessSettings;
  readonly deliveries: readonly DeliveryDescription[];
  /** Days to keep, by log type; a type that is absent is kept for ever. */
  readonly retention: { readonly days: Readonly<Partial<Record<LogType, number>>> };
  readonly journal: { readonly keepBytes: number; readonly minFreeBytes: number };
  readonly store: { readonly memoryBytesMax: number };
  readonly queries: { readonly lookupTables?: string };
  readonly log: { readonly level: LogLevel };
}

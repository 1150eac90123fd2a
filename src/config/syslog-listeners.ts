// `collectors.syslog`: where Mailtrail listens for syslog messages of other hosts, and whom it hears.
import { z } from 'zod';
import { parseRange, type AddressRange } from '../access/address.ts';
import { parseTcpAddress } from './address.ts';
import { SETTING_META, wrongValue, type SettingMeta } from './setting.ts';

/** One listener as it was configured. */
export interface SyslogSetting {
  readonly transport: 'udp' | 'tcp' | 'tls';
  readonly host: string;
  readonly port: number;
  /** Loopback where nothing is said. */
  readonly allow: readonly AddressRange[];
  /** The names of mapping files for lines of other programs. */
  readonly mappings: readonly string[];
  readonly cert?: string;
  readonly key?: string;
  readonly ca?: string;
}

const META: SettingMeta = {
  about:
    'Where syslog messages are taken (RFC 3164, RFC 5424; UDP, TCP, TLS). Lines of Dovecot and Postfix become events as from a file; ' +
    'those of other programs by the mapping files named in `mappings`. ' +
    'Only peers in `allow` are heard (loopback where nothing is said): who may send can write any event. ' +
    'TLS needs `cert` and `key`; with `ca`, peers must show a certificate that it signed.',
  expects: 'a list of { listen, allow, mappings, cert, key, ca }',
  defaultNote: 'none',
  entryKeys: ['listen', 'allow', 'mappings', 'cert', 'key', 'ca'],
  example: '[{ listen: "tcp://0.0.0.0:5514", allow: [10.0.0.0/8] }]',
};

const LOOPBACK = ['127.0.0.0/8', '::1/128'];

function parseListen(text: string): Pick<SyslogSetting, 'transport' | 'host' | 'port'> | undefined {
  const match = /^(udp|tcp|tls):\/\/(.+)$/.exec(text);
  const address = match === null ? undefined : parseTcpAddress(match[2] ?? '');
  if (address === undefined) return undefined;
  return { transport: match?.[1] as SyslogSetting['transport'], ...address };
}

/** The setting `collectors.syslog`. */
export function syslogSetting(): z.ZodPrefault<z.ZodArray<z.ZodType<SyslogSetting>>> {
  const named = (expects: string): SettingMeta => ({ ...META, expects });
  const text = (expects: string): z.ZodString =>
    z.string({ error: ({ input }) => wrongValue(named(expects), input) });
  const path = 'the path of a PEM file';
  const listenForm = 'udp://, tcp:// or tls:// and host:port';
  const rangeForm = 'an address or a range such as 10.0.0.0/8';
  const entry = z
    .strictObject({
      listen: text(listenForm).transform((value, context) => {
        const listen = parseListen(value);
        if (listen !== undefined) return listen;
        context.addIssue({ code: 'custom', message: wrongValue(named(listenForm), value) });
        return z.NEVER;
      }),
      allow: z
        .array(
          text(rangeForm).transform((value, context) => {
            const range = parseRange(value);
            if (range !== undefined) return range;
            context.addIssue({ code: 'custom', message: wrongValue(named(rangeForm), value) });
            return z.NEVER;
          }),
        )
        .prefault(LOOPBACK),
      mappings: z.array(text('the name of a mapping file')).prefault([]),
      cert: text(path).optional(),
      key: text(path).optional(),
      ca: text(path).optional(),
    })
    .transform(({ listen, cert, key, ca, ...rest }, context): SyslogSetting => {
      if (listen.transport === 'tls' && (cert === undefined || key === undefined)) {
        context.addIssue({
          code: 'custom',
          message: 'expected cert and key with tls://, found nothing; name the PEM files',
        });
      }
      return {
        ...listen,
        ...rest,
        ...(cert !== undefined && { cert }),
        ...(key !== undefined && { key }),
        ...(ca !== undefined && { ca }),
      };
    });
  const schema = z
    .array<z.ZodType<SyslogSetting>>(entry, { error: ({ input }) => wrongValue(META, input) })
    .prefault([]);
  SETTING_META.add(schema, META);
  return schema;
}

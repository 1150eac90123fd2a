// `collectors.mapped` and `collectors.webhooks`: where records of other programs come from, and the mapping file that
// makes events of them.
import { z } from 'zod';
import { SETTING_META, wrongValue, type SettingMeta } from './setting.ts';

/** A log file that is followed for a mapping file. */
export interface MappedLog {
  readonly path: string;
  /** The name in the mapping file. */
  readonly mapping: string;
}

/** Who may post to `/v1/events?mapping=NAME` by signing what he posts. */
export interface Webhook {
  readonly mapping: string;
  /** The key of the HMAC-SHA256 in `X-Signature`. */
  readonly signatureKey: string;
}

/** Shorter keys could be tried out. */
export const SIGNATURE_KEY_LENGTH_MIN = 16;

const LOG_META: SettingMeta = {
  about:
    'Log files of other programs, each with the `name` of the mapping file that makes events of its lines.',
  expects: 'a list of { path, mapping }',
  defaultNote: 'none',
  path: true,
  entryKeys: ['path', 'mapping'],
  example: '[{ path: /var/log/exim4/mainlog, mapping: exim }]',
};

const WEBHOOK_META: SettingMeta = {
  about:
    'Programs that post to `/v1/events?mapping=NAME` and sign the body: base64 or hex of its HMAC-SHA256 in `X-Signature`. ' +
    'A right signature is required then, and nothing else; without an entry such a request needs the key of the API.',
  expects: `a list of { mapping, signatureKey }, each key of at least ${SIGNATURE_KEY_LENGTH_MIN} characters`,
  defaultNote: 'none',
  secret: true,
  entryKeys: ['mapping', 'signatureKey'],
  example: '[{ mapping: stalwart, signatureKey: "${STALWART_KEY}" }]',
};

const word = (meta: SettingMeta, expects: string): z.ZodString =>
  z.string({ error: ({ input }) => wrongValue({ ...meta, expects }, input) }).min(1, {
    error: ({ input }) => wrongValue({ ...meta, expects }, input),
  });

/** The setting `collectors.mapped`. */
export function mappedLogsSetting(): z.ZodPrefault<z.ZodArray<z.ZodType<MappedLog>>> {
  const log = z.strictObject({
    path: word(LOG_META, 'the path of a file'),
    mapping: word(LOG_META, 'the name of a mapping file'),
  });
  const schema = z
    .array<z.ZodType<MappedLog>>(log, { error: ({ input }) => wrongValue(LOG_META, input) })
    .prefault([]);
  SETTING_META.add(schema, LOG_META);
  return schema;
}

/** The setting `collectors.webhooks`. */
export function webhooksSetting(): z.ZodPrefault<z.ZodArray<z.ZodType<Webhook>>> {
  const expects = `a key of at least ${SIGNATURE_KEY_LENGTH_MIN} characters`;
  const webhook = z.strictObject({
    mapping: word({ ...WEBHOOK_META, secret: false }, 'the name of a mapping file'),
    signatureKey: word(WEBHOOK_META, expects).min(SIGNATURE_KEY_LENGTH_MIN, {
      error: ({ input }) => wrongValue({ ...WEBHOOK_META, expects }, input),
    }),
  });
  const schema = z
    .array<z.ZodType<Webhook>>(webhook, {
      error: ({ input }) => wrongValue({ ...WEBHOOK_META, secret: false }, input),
    })
    .prefault([]);
  SETTING_META.add(schema, WEBHOOK_META);
  return schema;
}

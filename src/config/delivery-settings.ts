// `deliveries`: what a delivery may say is decided in deliver/, here each problem gets its place.
import { z } from 'zod';
import { checkDescription, type DeliveryDescription } from '../deliver/description.ts';
import { SETTING_META, wrongValue, type SettingMeta } from './setting.ts';

/** More would each keep a cursor, a directory and a task of their own. */
export const DELIVERIES_MAX = 100;

const META: SettingMeta = {
  about:
    'Copies of logs elsewhere (docs/guides/delivery.md): `name`, `logs` (a list), `to` with one of `s3`, `firehose`, `cloudWatchLogs`, ' +
    '`logGroup` and what that needs, and as wanted `format`, `fields`, `fieldDelimiter`, ' +
    '`suffixPath`, `hivePaths`, `filter`, `redact`, `sampleOneIn`, `interval`, `objectSize`, `backlog`, `whenBacklogFull`, `paused`. ' +
    'They are made at the start and at each reload, and are only changed here.',
  expects: `a list of at most ${DELIVERIES_MAX} deliveries`,
  advice: 'begin each delivery with "- name: …"',
  defaultNote: 'none',
  example:
    '[{ name: archive, logs: [authentication, mailbox-access], to: { s3: { bucket: audit } }, interval: 1m }]',
};

const delivery = z.unknown().transform((input, context): DeliveryDescription => {
  const checked = checkDescription(input);
  if (checked.ok) return checked.description;
  for (const { path, message, isKey } of checked.problems) {
    context.addIssue({
      code: 'custom',
      path: [...path],
      message,
      params: isKey === true ? { at: 'key' } : {},
    });
  }
  return z.NEVER;
});

type DeliveryList = z.ZodArray<z.ZodPipe<z.ZodUnknown, z.ZodTransform<DeliveryDescription>>>;

/** The setting; names must differ, since deliveries are called by them. */
export function deliveriesSetting(): z.ZodPrefault<DeliveryList> {
  const schema = z
    .array(delivery, { error: ({ input }) => wrongValue(META, input) })
    .superRefine((deliveries, context) => {
      if (deliveries.length > DELIVERIES_MAX) {
        context.addIssue({ code: 'custom', message: wrongValue(META, deliveries) });
      }
      deliveries.forEach(({ name }, index) => {
        const first = deliveries.findIndex((each) => each.name === name);
        if (first === index) return;
        const message = `expected a name of its own, found "${name}" again (delivery ${first + 1} has it); rename one of them`;
        context.addIssue({ code: 'custom', path: [index, 'name'], message });
      });
    })
    .prefault([]);
  SETTING_META.add(schema, META);
  return schema;
}

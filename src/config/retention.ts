// `retention.days`: one number for all logs, or one for each.
import { z } from 'zod';
import { LOG_TYPE_SPECS, LOG_TYPES, type LogType } from '../event/log-type.ts';
import { DAY_MS, parseDuration } from './quantity.ts';
import { describeFound, SETTING_META, wrongValue, type SettingMeta } from './setting.ts';
import { nearest } from './suggest.ts';

/** CloudWatch Logs ends at 3653 days; an archive may be kept for a working life. */
export const RETENTION_DAYS_MAX = 36_500;

/** Days to keep, by log type; absent is for ever. */
export type RetentionDays = Readonly<Partial<Record<LogType, number>>>;

const META: SettingMeta = {
  about:
    'How many days events are kept: one number for all logs, or a section with a number for each log ' +
    `(${LOG_TYPE_SPECS.map((spec) => `\`${spec.groupSuffix}\``).join(', ')}). What is not named is kept for ever.`,
  expects: `whole days from 1 to ${RETENTION_DAYS_MAX}, such as 365, 90d or 52w, or a section with one for each log`,
  defaultNote: 'kept for ever',
  example: '{ authentication: 365, mailbox-access: 90 }',
};

const ENTRY_META: SettingMeta = {
  ...META,
  expects: `whole days from 1 to ${RETENTION_DAYS_MAX}, such as 365, 90d or 52w`,
};

function parseDays(text: unknown): number | undefined {
  if (typeof text !== 'string') return undefined;
  const days = /^\d+$/.test(text) ? Number(text) : (parseDuration(text) ?? 0) / DAY_MS;
  return Number.isInteger(days) && days >= 1 && days <= RETENTION_DAYS_MAX ? days : undefined;
}

/** The setting, read into one number for each log type that is named. */
export function retentionDaysSetting(): z.ZodPrefault<
  z.ZodPipe<z.ZodUnknown, z.ZodTransform<RetentionDays>>
> {
  const schema = z
    .unknown()
    .transform((input, context): RetentionDays => {
      if (typeof input === 'object' && input !== null && !Array.isArray(input)) {
        return eachLog(input as Record<string, unknown>, context);
      }
      const days = parseDays(input);
      if (days !== undefined) {
        return Object.fromEntries(LOG_TYPES.map((logType) => [logType, days]));
      }
      context.addIssue({ code: 'custom', message: wrongValue(META, input) });
      return z.NEVER;
    })
    .prefault({});
  SETTING_META.add(schema, META);
  return schema;
}

function eachLog(input: Record<string, unknown>, context: z.core.$RefinementCtx): RetentionDays {
  const found: Partial<Record<LogType, number>> = {};
  const names = LOG_TYPE_SPECS.map((spec) => spec.groupSuffix);
  for (const [name, value] of Object.entries(input)) {
    const spec = LOG_TYPE_SPECS.find(({ groupSuffix }) => groupSuffix === name);
    const days = parseDays(value);
    if (spec === undefined) {
      const near = nearest(name, names);
      const message = `expected the name of a log, found ${describeFound(name)}; ${
        near === undefined ? `write one of ${names.join(', ')}` : `did you mean "${near}"?`
      }`;
      context.addIssue({ code: 'custom', path: [name], message, params: { at: 'key' } });
    } else if (days === undefined) {
      context.addIssue({ code: 'custom', path: [name], message: wrongValue(ENTRY_META, value) });
    } else found[spec.logType] = days;
  }
  return found;
}

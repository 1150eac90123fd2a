// What of the journal a delivery sends: which events, and which of their fields, in which form. Pure, and
// decided by the event and its position alone, so that a batch given again is the same.
import { createHmac } from 'node:crypto';
import type { AuditEvent } from '../event/audit-event.ts';
import { canonicalRecord } from '../event/canonical-json.ts';
import type { LogType } from '../event/log-type.ts';
import { compileEventFilter } from '../insights/index.ts';
import type { FieldTreatment } from './delivery.ts';
import type { DeliveryRecord } from './destination.ts';
import { fieldAt, type RecordFields as Fields } from './field-path.ts';

/** The part of a delivery's description that decides what leaves. */
export interface SelectionSettings {
  readonly logType: LogType;
  /** An expression of Insights' `filter`. */
  readonly filter?: string;
  readonly recordFields?: readonly string[];
  readonly fieldTreatments?: readonly FieldTreatment[];
  readonly sampleOneIn?: number;
  /** The organization's own key of `hash`. */
  readonly hashKey: string;
}

/** The record that leaves of an event; undefined when the event does not. */
export type Selection = (event: AuditEvent, position: number) => DeliveryRecord | undefined;

/** What `mask` writes. */
export const MASK = '***';

/**
 * Makes the selection of a delivery. The filter sees the event as it is, whatever leaves of it; fields
 * are chosen before they are treated.
 *
 * Throws a RangeError when the filter cannot be asked of one event.
 */
export function createSelection(settings: SelectionSettings): Selection {
  const {
    logType,
    filter,
    recordFields,
    fieldTreatments = [],
    sampleOneIn = 1,
    hashKey,
  } = settings;
  const condition = filter === undefined ? undefined : compileEventFilter(filter);
  if (condition?.ok === false) throw new RangeError(`the filter: ${condition.error.message}`);
  return (event, position) => {
    if (event.log_type !== logType || !isSampled(position, sampleOneIn)) return undefined;
    const record = canonicalRecord(event);
    if (condition !== undefined && !condition.matches(record)) return undefined;
    let fields = recordFields === undefined ? record : chosen(record, recordFields);
    for (const treatment of fieldTreatments) fields = treated(fields, treatment, hashKey);
    return { position, timestampMs: event.event_timestamp, logType, fields };
  };
}

/**
 * One position of so many. They are spread by a multiplication, because events come in patterns: of
 * every second position all might be sign-ins.
 */
function isSampled(position: number, oneIn: number): boolean {
  if (oneIn === 1) return true;
  // Knuth's multiplicative hash: its upper bits depend on all bits of the position.
  return Math.imul(position % 2 ** 32, 2_654_435_761) >>> 0 < 2 ** 32 / oneIn;
}

/** The fields that were asked for, in that order; a path keeps its name. */
function chosen(record: Fields, paths: readonly string[]): Fields {
  const found: [string, unknown][] = [];
  for (const path of paths) {
    const value = fieldAt(record, path);
    if (value !== undefined) found.push([path, value]);
  }
  return Object.fromEntries(found);
}

/** The fields with one of them treated. A chosen path is a field of its own. */
function treated(fields: Fields, { field, how }: FieldTreatment, hashKey: string): Fields {
  if (Object.hasOwn(fields, field)) return withTreated(fields, field, how, hashKey);
  const dot = field.indexOf('.');
  const [outer, inner] = [field.slice(0, dot), field.slice(dot + 1)];
  const object = dot < 0 ? undefined : fields[outer];
  if (typeof object !== 'object' || object === null) return fields;
  if (Array.isArray(object)) {
    const items = object.map((item: unknown) =>
      typeof item === 'object' && item !== null
        ? treated(item as Fields, { field: inner, how }, hashKey)
        : item,
    );
    return { ...fields, [outer]: items };
  }
  return { ...fields, [outer]: treated(object as Fields, { field: inner, how }, hashKey) };
}

function withTreated(
  fields: Fields,
  key: string,
  how: FieldTreatment['how'],
  hashKey: string,
): Fields {
  if (how === 'remove') {
    const { [key]: _, ...rest } = fields;
    return rest;
  }
  const value = fields[key];
  const one = (item: unknown): unknown => (how === 'mask' ? MASK : hashed(item, hashKey));
  return { ...fields, [key]: Array.isArray(value) ? value.map(one) : one(value) };
}

/** The same text for the same value, whichever field it is in. */
function hashed(value: unknown, hashKey: string): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return createHmac('sha256', hashKey).update(text).digest('hex');
}

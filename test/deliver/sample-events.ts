// Events of all log types with every field that they can have, among them texts that look like what the
// formats of deliveries are written with. The same ones for the same seed.
import type { FieldSpec } from '../../src/event/field.ts';
import { LOG_TYPE_SPECS, type LogTypeSpec } from '../../src/event/log-type.ts';
import { admitObject } from '../../src/event/admit.ts';
import { canonicalRecord } from '../../src/event/canonical-json.ts';
import type { AuditEvent } from '../../src/event/audit-event.ts';

const HOSTILE = [
  'anna@example.org',
  'two\nlines and a\ttab',
  '-',
  '#Fields: forged',
  'ünïcödé \u{1f4ec} \u2028',
  '"quotes", \\ and | and ,',
  'null',
  '',
] as const;

/** The same numbers for the same seed (xorshift), from 0 up to 1. */
export function randomBy(seed: number): () => number {
  let state = seed * 2_654_435_761 + 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

function valueOf(field: FieldSpec, random: () => number, number: number): unknown {
  const text = (): string => `${HOSTILE[Math.floor(random() * HOSTILE.length)] ?? ''}${number}`;
  switch (field.kind) {
    case 'boolean':
      return random() < 0.5;
    case 'integer':
      return Math.floor(random() * 65_536);
    case 'timestamp':
      return 1_795_435_200_000 + number;
    case 'texts':
      return [text(), text()];
    case 'json':
      return { inner: text(), number };
    default:
      return field.oneOf?.[Math.floor(random() * field.oneOf.length)] ?? text();
  }
}

function put(record: Record<string, unknown>, path: string, value: unknown): void {
  const [outer = '', inner] = path.split('.');
  if (inner === undefined) record[outer] = value;
  else record[outer] = { ...(record[outer] as object | undefined), [inner]: value };
}

/**
 * One event of the type as a record to be posted; about a third of what it may leave out is not there.
 *
 * @param number what its texts end in, and its request_id is made of
 */
export function sampleRecord(
  { logType, fields }: LogTypeSpec,
  number: number,
  atMs: number,
  random: () => number,
): Record<string, unknown> {
  const record: Record<string, unknown> = { log_type: logType };
  for (const field of fields) {
    if (field.reserved === true || (field.required !== true && random() < 0.3)) continue;
    put(record, field.path, valueOf(field, random, number));
  }
  return {
    ...record,
    event_timestamp: atMs,
    request_id: `request-${number}`,
    other_detail: number,
  };
}

/** So many events as they are in the journal, of all types in turn. */
export function sampleEvents(count: number, seed: number): readonly AuditEvent[] {
  const random = randomBy(seed);
  const nowMs = Date.now();
  return Array.from({ length: count }, (_, number) => {
    const spec = LOG_TYPE_SPECS[number % LOG_TYPE_SPECS.length];
    if (spec === undefined) throw new Error('there are no log types');
    const admission = admitObject(sampleRecord(spec, number, nowMs, random), nowMs);
    if (!admission.ok) throw new Error(admission.reason);
    return admission.event;
  });
}

/** What leaves of an event when all leaves, as JSON. */
export function whole(event: AuditEvent): string {
  return JSON.stringify(canonicalRecord(event));
}

// The front door for records made elsewhere: one line of JSON in, one journal line out, or the
// reason why not. Nothing that passes here can be refused later on.
import type { AuditEvent } from './audit-event.ts';
import type { FieldSpec } from './field.ts';
import { journalLine } from './journal-line.ts';
import { LOG_TYPE_SPECS, LOG_TYPES, type LogTypeSpec } from './log-type.ts';

/** What became of a line. `line` ends with a newline. */
export type Admission =
  | { readonly ok: true; readonly line: string }
  | { readonly ok: false; readonly reason: string };

/**
 * 2001-09-09: everything earlier is a number of seconds, not of milliseconds, or a clock that was
 * never set.
 */
export const EVENT_TIMESTAMP_MIN_MS = 1_000_000_000_000;

/** How far ahead of ours another machine's clock may be; CloudWatch Logs' PutLogEvents has the same. */
export const EVENT_TIMESTAMP_AHEAD_MAX_MS = 2 * 60 * 60 * 1000;

/** Deepest nesting of an unknown field; the engine's JSON reader must never meet its own limit. */
export const JSON_DEPTH_MAX = 32;

/** Most fields of one record, counted at its top level: what Logs Insights discovers in one event. */
export const RECORD_FIELDS_MAX = 200;

type JsonObject = Record<string, unknown>;
type Problem = string | undefined;

/** A level of a record: its declared keys, in order, and the levels below. */
interface Level {
  readonly keys: ReadonlyMap<string, FieldSpec | Level>;
  readonly required: readonly string[];
  readonly prefix: string;
}

function isLevel(entry: FieldSpec | Level): entry is Level {
  return 'keys' in entry;
}

function levelOf(fields: readonly FieldSpec[], prefix: string): Level {
  const keys = new Map<string, FieldSpec | Level>();
  const required: string[] = [];
  for (const field of fields) {
    if (!field.path.startsWith(prefix)) continue;
    const rest = field.path.slice(prefix.length);
    const dot = rest.indexOf('.');
    const key = dot < 0 ? rest : rest.slice(0, dot);
    if (keys.has(key)) continue;
    const entry = dot < 0 ? field : levelOf(fields, `${prefix}${key}.`);
    keys.set(key, entry);
    if (isLevel(entry) ? entry.required.length > 0 : entry.required) required.push(key);
  }
  return { keys, required, prefix };
}

const LEVELS: ReadonlyMap<string, Level> = new Map(
  LOG_TYPE_SPECS.map((spec: LogTypeSpec) => [spec.logType, levelOf(spec.fields, '')]),
);

/** A value as it is shown in a refusal: short, on one line. */
function shown(value: unknown): string {
  const json = JSON.stringify(value) ?? String(value);
  return json.length > 60 ? `${json.slice(0, 57)}…` : json;
}

function timestampProblem(value: number, nowMs: number | undefined): Problem {
  if (value < EVENT_TIMESTAMP_MIN_MS) {
    return `expected milliseconds since 1970, found ${value}, which is before September 2001: is it in seconds?`;
  }
  if (nowMs !== undefined && value > nowMs + EVENT_TIMESTAMP_AHEAD_MAX_MS) {
    return `${value} is more than two hours in the future: check the clock of the sender`;
  }
  return undefined;
}

function textProblem(field: FieldSpec, value: unknown): Problem {
  if (typeof value !== 'string') return `expected a string, found ${shown(value)}`;
  if (field.oneOf && !field.oneOf.includes(value)) {
    return `expected one of ${field.oneOf.join(', ')}, found ${shown(value)}`;
  }
  return undefined;
}

function depthOf(value: unknown, limit: number): number {
  if (typeof value !== 'object' || value === null) return 0;
  if (limit === 0) return 1;
  let deepest = 0;
  for (const inner of Object.values(value)) deepest = Math.max(deepest, depthOf(inner, limit - 1));
  return deepest + 1;
}

function depthProblem(value: unknown): Problem {
  return depthOf(value, JSON_DEPTH_MAX) > JSON_DEPTH_MAX
    ? `nested deeper than ${JSON_DEPTH_MAX} levels`
    : undefined;
}

function valueProblem(field: FieldSpec, value: unknown, nowMs: number): Problem {
  if (field.reserved) return 'is set by Mailtrail alone: leave it out or give it another name';
  switch (field.kind) {
    case 'text':
      return textProblem(field, value);
    case 'boolean':
      return typeof value === 'boolean'
        ? undefined
        : `expected true or false, found ${shown(value)}`;
    case 'timestamp':
      if (!Number.isSafeInteger(value)) {
        return `expected a whole number of milliseconds since 1970, found ${shown(value)}`;
      }
      return field.path === 'event_timestamp'
        ? timestampProblem(value as number, nowMs)
        : undefined;
    case 'integer':
      return Number.isSafeInteger(value)
        ? undefined
        : `expected a whole number, found ${shown(value)}`;
    case 'texts':
      return Array.isArray(value) && value.every((item) => typeof item === 'string')
        ? undefined
        : `expected an array of strings, found ${shown(value)}`;
    case 'json':
      return typeof value === 'object'
        ? depthProblem(value)
        : `expected an object or array, found ${shown(value)}`;
  }
}

/** Puts an object's declared keys in canonical order and the others into `extra`. */
function shape(
  level: Level,
  object: JsonObject,
  nowMs: number,
): { ok: true; value: JsonObject } | { ok: false; reason: string } {
  const value: JsonObject = {};
  for (const [key, entry] of level.keys) {
    const found = Object.hasOwn(object, key) ? object[key] : undefined;
    if (found === undefined || found === null) continue; // absent keys are absent, never null
    if (isLevel(entry)) {
      if (typeof found !== 'object' || Array.isArray(found)) {
        return {
          ok: false,
          reason: `field ${level.prefix}${key}: expected an object, found ${shown(found)}`,
        };
      }
      const inner = shape(entry, found as JsonObject, nowMs);
      if (!inner.ok) return inner;
      value[key] = inner.value;
      continue;
    }
    const problem = valueProblem(entry, found, nowMs);
    if (problem !== undefined) return { ok: false, reason: `field ${entry.path}: ${problem}` };
    value[key] = found;
  }
  for (const key of level.required) {
    if (value[key] === undefined) {
      return { ok: false, reason: `field ${level.prefix}${key} is missing` };
    }
  }
  return withExtra(level, object, value);
}

function withExtra(
  level: Level,
  object: JsonObject,
  value: JsonObject,
): { ok: true; value: JsonObject } | { ok: false; reason: string } {
  const extra: [string, unknown][] = [];
  for (const key of Object.keys(object)) {
    const found = object[key];
    if (level.keys.has(key) || found === null || (level.prefix === '' && key === 'log_type'))
      continue;
    const problem = depthProblem(found);
    if (problem !== undefined)
      return { ok: false, reason: `field ${level.prefix}${key}: ${problem}` };
    extra.push([key, found]);
  }
  // fromEntries defines own properties, so that a key such as `__proto__` stays a key
  if (extra.length > 0) value['extra'] = Object.fromEntries(extra);
  return { ok: true, value };
}

function nearest(text: string): string {
  const upper = text.toUpperCase();
  const close = LOG_TYPES.find((name) => name.includes(upper) || upper.includes(name));
  return close === undefined || upper === '' ? '' : `; did you mean ${close}?`;
}

/**
 * Admits one record. Declared fields must have their declared type; further fields are kept; null
 * counts as absent. The reason of a refusal names the field, what was expected and what was found.
 *
 * @param text one JSON object, without its newline
 * @param nowMs the present, against which event_timestamp is checked
 * @see AWS CloudWatch Logs API, PutLogEvents, for the two hours of a clock ahead
 */
export function admitRecord(text: string, nowMs: number): Admission {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    return { ok: false, reason: `not JSON: ${(error as Error).message}` };
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    return { ok: false, reason: `expected a JSON object, found ${shown(parsed)}` };
  }
  const admitted = admitObject(parsed as JsonObject, nowMs);
  return admitted.ok ? { ok: true, line: journalLine(admitted.event) } : admitted;
}

/**
 * Admits a record that is already an object of JSON values, as `admitRecord` does: the event, its declared
 * fields in canonical order.
 */
export function admitObject(
  object: Readonly<Record<string, unknown>>,
  nowMs: number,
):
  | { readonly ok: true; readonly event: AuditEvent }
  | { readonly ok: false; readonly reason: string } {
  if (Object.keys(object).length > RECORD_FIELDS_MAX) {
    return { ok: false, reason: `more than ${RECORD_FIELDS_MAX} fields` };
  }
  const logType = object['log_type'];
  if (logType === undefined) {
    return {
      ok: false,
      reason: `field log_type is missing: expected one of ${LOG_TYPES.join(', ')}`,
    };
  }
  const level = typeof logType === 'string' ? LEVELS.get(logType) : undefined;
  if (level === undefined) {
    const hint = typeof logType === 'string' ? nearest(logType) : '';
    const known = LOG_TYPES.join(', ');
    return {
      ok: false,
      reason: `field log_type: expected one of ${known}, found ${shown(logType)}${hint}`,
    };
  }
  const shaped = shape(level, object, nowMs);
  if (!shaped.ok) return shaped;
  return { ok: true, event: { log_type: logType, ...shaped.value } as unknown as AuditEvent };
}

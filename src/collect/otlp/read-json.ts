// OTLP's logs in JSON: the records of an ExportLogsServiceRequest in protobuf's JSON form, with OTLP's own
// exceptions. A record that cannot be read is refused alone; keys that are not ours are passed over.
import { isUtf8 } from 'node:buffer';
import { OTLP_JSON_BYTES_MAX } from './limits.ts';
import {
  type Attributes,
  attributesOf,
  doubleOf,
  integerOf,
  OtlpError,
  type OtlpLogRecord,
  OtlpTooLargeError,
  type ReadOtlpRecord,
  shown,
  timeMsOf,
  ValueBudget,
} from './log-record.ts';

type JsonObject = Readonly<Record<string, unknown>>;

const INTEGER = /^-?\d{1,20}$/;
const UNSIGNED = /^\d{1,20}$/;
const HEX = /^[0-9a-f]*$/i;
/** What protobuf's JSON writes for doubles that JSON has no number for. */
const DOUBLE_WORDS = ['NaN', 'Infinity', '-Infinity'];

/** The member; null counts as absent, as in protobuf's JSON. */
function member(object: JsonObject, key: string): unknown {
  return Object.hasOwn(object, key) ? (object[key] ?? undefined) : undefined;
}

function objectOf(value: unknown, what: string): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as JsonObject;
  }
  throw new OtlpError(`${what}: expected an object`);
}

function listOf(value: unknown, what: string): readonly unknown[] {
  if (value === undefined) return [];
  if (Array.isArray(value)) return value;
  throw new OtlpError(`${what}: expected an array`);
}

function textIn(object: JsonObject, key: string): string {
  const value = member(object, key) ?? '';
  if (typeof value === 'string') return value;
  throw new OtlpError(`${key}: expected a string`);
}

/** 64-bit integers are strings in protobuf's JSON; numbers are taken, too. */
function integerIn(object: JsonObject, key: string, form: RegExp): bigint {
  const value = member(object, key) ?? '0';
  if (typeof value === 'number' && Number.isSafeInteger(value) && form.test(String(value))) {
    return BigInt(value);
  }
  if (typeof value === 'string' && form.test(value)) return BigInt(value);
  throw new OtlpError(`${key}: expected an integer, found ${shown(JSON.stringify(value))}`);
}

function idIn(object: JsonObject, key: string): string {
  const id = textIn(object, key);
  if (HEX.test(id)) return id.toLowerCase();
  throw new OtlpError(`${key}: expected hex, found ${shown(id)}`);
}

function readDouble(value: unknown): number | string {
  if (typeof value === 'number') return doubleOf(value);
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN;
  if (!Number.isNaN(number) || (typeof value === 'string' && DOUBLE_WORDS.includes(value)))
    return doubleOf(number);
  throw new OtlpError(`doubleValue: expected a number, found ${shown(JSON.stringify(value))}`);
}

function valueOf(json: unknown, budget: ValueBudget, depth: number): unknown {
  budget.take(depth);
  if (json === undefined || json === null) return null;
  const value = objectOf(json, 'value');
  const text = member(value, 'stringValue');
  if (text !== undefined) return textIn(value, 'stringValue');
  const bool = member(value, 'boolValue');
  if (bool !== undefined) {
    if (typeof bool === 'boolean') return bool;
    throw new OtlpError('boolValue: expected true or false');
  }
  if (member(value, 'intValue') !== undefined) {
    return integerOf(integerIn(value, 'intValue', INTEGER));
  }
  const double = member(value, 'doubleValue');
  if (double !== undefined) return readDouble(double);
  const array = member(value, 'arrayValue');
  if (array !== undefined) {
    const { values } = objectOf(array, 'arrayValue');
    return listOf(values ?? undefined, 'values').map((item) => valueOf(item, budget, depth + 1));
  }
  const list = member(value, 'kvlistValue');
  if (list !== undefined) {
    const { values } = objectOf(list, 'kvlistValue');
    return pairsOf(values ?? undefined, 'values', budget, depth + 1);
  }
  return member(value, 'bytesValue') === undefined ? null : textIn(value, 'bytesValue');
}

function pairsOf(json: unknown, what: string, budget: ValueBudget, depth: number): Attributes {
  return attributesOf(
    listOf(json, what).map((item) => {
      const pair = objectOf(item, what);
      return [textIn(pair, 'key'), valueOf(member(pair, 'value'), budget, depth)] as const;
    }),
  );
}

function recordOf(json: unknown, resource: Attributes, scope: string): OtlpLogRecord {
  const object = objectOf(json, 'logRecords');
  const budget = new ValueBudget();
  const timeMs = timeMsOf(
    integerIn(object, 'timeUnixNano', UNSIGNED),
    integerIn(object, 'observedTimeUnixNano', UNSIGNED),
  );
  const texts = {
    scope,
    severityText: textIn(object, 'severityText'),
    eventName: textIn(object, 'eventName'),
    traceId: idIn(object, 'traceId'),
    spanId: idIn(object, 'spanId'),
  };
  const body = valueOf(member(object, 'body'), budget, 1);
  return {
    resource,
    ...(timeMs !== undefined && { timeMs }),
    ...Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== '')),
    ...(body !== null && { body }),
    attributes: pairsOf(member(object, 'attributes'), 'attributes', budget, 1),
  };
}

function attempt(read: () => OtlpLogRecord): ReadOtlpRecord {
  try {
    return { ok: true, record: read() };
  } catch (error) {
    if (!(error instanceof OtlpError)) throw error;
    return { ok: false, reason: error.message };
  }
}

function* recordsOfResource(resourceLogs: JsonObject): Generator<ReadOtlpRecord> {
  const resource = (): Attributes => {
    const json = objectOf(member(resourceLogs, 'resource') ?? {}, 'resource');
    return pairsOf(member(json, 'attributes'), 'resource.attributes', new ValueBudget(), 1);
  };
  let known: Attributes | undefined;
  for (const item of listOf(member(resourceLogs, 'scopeLogs'), 'scopeLogs')) {
    const scopeLogs = objectOf(item, 'scopeLogs');
    for (const record of listOf(member(scopeLogs, 'logRecords'), 'logRecords')) {
      yield attempt(() => {
        known ??= resource();
        const scope = objectOf(member(scopeLogs, 'scope') ?? {}, 'scope');
        return recordOf(record, known, textIn(scope, 'name'));
      });
    }
  }
}

function parsed(body: Buffer): unknown {
  if (body.length > OTLP_JSON_BYTES_MAX) {
    throw new OtlpTooLargeError(
      `${body.length} bytes of JSON; at most ${OTLP_JSON_BYTES_MAX} are taken: send fewer records at once, or protobuf`,
    );
  }
  if (!isUtf8(body)) throw new OtlpError('not valid UTF-8');
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (error) {
    throw new OtlpError(`not JSON: ${(error as Error).message}`);
  }
}

/**
 * The records of a request, in order. Throws an OtlpError where the body is no request; what was given until
 * then is to be thrown away.
 *
 * @see OTLP 1.x, JSON Protobuf Encoding: ids are hex, unknown fields are ignored
 */
export function* readJson(body: Buffer): Generator<ReadOtlpRecord> {
  const request = objectOf(parsed(body), 'the body');
  for (const item of listOf(member(request, 'resourceLogs'), 'resourceLogs')) {
    yield* recordsOfResource(objectOf(item, 'resourceLogs'));
  }
}

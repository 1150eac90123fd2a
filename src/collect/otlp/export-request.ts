// The log records of an OTLP request, in protobuf or in JSON.
import { protobufFields, protobufString, PROTOBUF_DEPTH_MAX } from './protobuf-reader.ts';

/** Most records of one request: exporters send at most 512 at a time by default. */
export const OTLP_RECORDS_MAX = 50_000;

export type OtlpValue =
  | string
  | number
  | boolean
  | null
  | readonly OtlpValue[]
  | { readonly [name: string]: OtlpValue };
export type OtlpAttributes = Readonly<Record<string, OtlpValue>>;

/** One log record with what its resource says. */
export interface OtlpRecord {
  /** When it happened, or was seen, in ms since the Unix epoch; undefined when neither is told. */
  readonly timeMs: number | undefined;
  readonly body: OtlpValue | undefined;
  readonly attributes: OtlpAttributes;
  readonly resource: OtlpAttributes;
}

const NS_OF_MS = 1_000_000n;

function timeOf(nanos: bigint | undefined, observed: bigint | undefined): number | undefined {
  const known = nanos === undefined || nanos === 0n ? observed : nanos;
  return known === undefined || known === 0n ? undefined : Number(known / NS_OF_MS);
}

/** An integer where it is exact as a number, else its digits. */
function integerOf(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

function assertShallow(depth: number): void {
  if (depth > PROTOBUF_DEPTH_MAX) {
    throw new SyntaxError(`expected values nested at most ${PROTOBUF_DEPTH_MAX} deep`);
  }
}

/** Bytes a double has, from the integer that its bits make. */
function doubleOf(bits: bigint): number {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(bits);
  return bytes.readDoubleLE();
}

/** AnyValue in opentelemetry/proto/common/v1/common.proto. */
function anyValue(message: Buffer, depth: number): OtlpValue {
  assertShallow(depth);
  let value: OtlpValue = null;
  for (const { number, integer, bytes } of protobufFields(message)) {
    if (number === 1 && bytes) value = protobufString(bytes);
    else if (number === 2 && integer !== undefined) value = integer !== 0n;
    else if (number === 3 && integer !== undefined) value = integerOf(BigInt.asIntN(64, integer));
    else if (number === 4 && integer !== undefined) value = doubleOf(integer);
    else if (number === 5 && bytes) {
      value = [...protobufFields(bytes)].flatMap((field) =>
        field.number === 1 && field.bytes ? [anyValue(field.bytes, depth + 1)] : [],
      );
    } else if (number === 6 && bytes) value = attributesOf(bytes, 1, depth + 1);
    else if (number === 7 && bytes) value = bytes.toString('base64');
  }
  return value;
}

/** The KeyValues in the fields of a number. */
function attributesOf(message: Buffer, field: number, depth: number): OtlpAttributes {
  const entries: [string, OtlpValue][] = [];
  for (const { number, bytes } of protobufFields(message)) {
    if (number !== field || bytes === undefined) continue;
    let key = '';
    let value: OtlpValue = null;
    for (const part of protobufFields(bytes)) {
      if (part.number === 1 && part.bytes) key = protobufString(part.bytes);
      else if (part.number === 2 && part.bytes) value = anyValue(part.bytes, depth);
    }
    entries.push([key, value]);
  }
  return Object.fromEntries(entries);
}

function recordOf(message: Buffer, resource: OtlpAttributes): OtlpRecord {
  let [time, observed]: (bigint | undefined)[] = [];
  let body: OtlpValue | undefined;
  for (const { number, integer, bytes } of protobufFields(message)) {
    if (number === 1) time = integer;
    else if (number === 11) observed = integer;
    else if (number === 5 && bytes) body = anyValue(bytes, 0);
  }
  const attributes = attributesOf(message, 6, 0);
  return { timeMs: timeOf(time, observed), body, attributes, resource };
}

/**
 * The records of an ExportLogsServiceRequest. Throws a SyntaxError where the bytes are none, or hold too
 * many.
 *
 * @see opentelemetry-proto, collector/logs/v1/logs_service.proto and logs/v1/logs.proto
 */
export function recordsOfProtobuf(request: Buffer): OtlpRecord[] {
  const records: OtlpRecord[] = [];
  for (const { number, bytes } of protobufFields(request)) {
    if (number !== 1 || bytes === undefined) continue;
    const parts = [...protobufFields(bytes)];
    const told = parts.find((part) => part.number === 1)?.bytes;
    const resource = told === undefined ? {} : attributesOf(told, 1, 0);
    for (const scope of parts) {
      if (scope.number !== 2 || scope.bytes === undefined) continue;
      for (const record of protobufFields(scope.bytes)) {
        if (record.number === 2 && record.bytes) add(records, recordOf(record.bytes, resource));
      }
    }
  }
  return records;
}

function add(records: OtlpRecord[], record: OtlpRecord): void {
  if (records.length >= OTLP_RECORDS_MAX) {
    throw new SyntaxError(`expected at most ${OTLP_RECORDS_MAX} log records in one request`);
  }
  records.push(record);
}

type Json = Readonly<Record<string, unknown>>;

function objectsIn(value: unknown, name: string): Json[] {
  if (value === undefined || value === null) return [];
  const isList = Array.isArray(value);
  if (!isList || value.some((each) => typeof each !== 'object' || each === null)) {
    throw new SyntaxError(`field ${name}: expected a list of objects`);
  }
  return value as Json[];
}

function jsonValue(value: unknown, depth: number): OtlpValue {
  assertShallow(depth);
  if (typeof value !== 'object' || value === null) return null;
  const any = value as Json;
  if (typeof any['stringValue'] === 'string') return any['stringValue'];
  if (typeof any['boolValue'] === 'boolean') return any['boolValue'];
  if (typeof any['doubleValue'] === 'number') return any['doubleValue'];
  if (typeof any['bytesValue'] === 'string') return any['bytesValue'];
  const integer = integerIn(any['intValue']);
  if (integer !== undefined) return integerOf(integer);
  const list = any['arrayValue'] as Json | undefined;
  if (list !== undefined) {
    return objectsIn(list?.['values'], 'arrayValue.values').map((each) =>
      jsonValue(each, depth + 1),
    );
  }
  const map = any['kvlistValue'] as Json | undefined;
  return map === undefined ? null : jsonAttributes(map?.['values'], depth + 1);
}

function jsonAttributes(value: unknown, depth: number): OtlpAttributes {
  const entries = objectsIn(value, 'attributes').map((each): [string, OtlpValue] => [
    typeof each['key'] === 'string' ? each['key'] : '',
    jsonValue(each['value'], depth),
  ]);
  return Object.fromEntries(entries);
}

/** 64-bit integers are strings in JSON, and some senders write numbers. */
function integerIn(value: unknown): bigint | undefined {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : undefined;
  return typeof value === 'string' && /^-?\d{1,20}$/.test(value) ? BigInt(value) : undefined;
}

/**
 * The records of a request in JSON. Throws a SyntaxError that says what is wrong.
 *
 * @see OTLP specification, "JSON Protobuf Encoding": names in lowerCamelCase
 */
export function recordsOfJson(text: string): OtlpRecord[] {
  const request = JSON.parse(text) as Json | null;
  const records: OtlpRecord[] = [];
  for (const part of objectsIn(request?.['resourceLogs'], 'resourceLogs')) {
    const resource = jsonAttributes((part['resource'] as Json | undefined)?.['attributes'], 0);
    for (const scope of objectsIn(part['scopeLogs'], 'scopeLogs')) {
      for (const record of objectsIn(scope['logRecords'], 'logRecords')) {
        const { timeUnixNano, observedTimeUnixNano, body } = record;
        add(records, {
          timeMs: timeOf(integerIn(timeUnixNano), integerIn(observedTimeUnixNano)),
          body: body === undefined ? undefined : jsonValue(body, 0),
          attributes: jsonAttributes(record['attributes'], 0),
          resource,
        });
      }
    }
  }
  return records;
}

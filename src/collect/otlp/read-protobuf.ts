// OTLP's logs in protobuf: the records of an ExportLogsServiceRequest, one at a time. A record that cannot
// be read is refused alone, since its length is known; fields that are not ours are passed over.
import { isUtf8 } from 'node:buffer';
import { OTLP_RECORD_BYTES_MAX } from './limits.ts';
import {
  type Attributes,
  attributesOf,
  doubleOf,
  integerOf,
  OtlpError,
  type OtlpLogRecord,
  type ReadOtlpRecord,
  timeMsOf,
  ValueBudget,
} from './log-record.ts';
import { type WireField, wireFields } from './wire.ts';

/** Field numbers of opentelemetry-proto 1.x. */
const REQUEST = { resourceLogs: 1 } as const;
const RESOURCE_LOGS = { resource: 1, scopeLogs: 2 } as const;
const RESOURCE = { attributes: 1 } as const;
const SCOPE_LOGS = { scope: 1, logRecords: 2 } as const;
const SCOPE = { name: 1 } as const;
const RECORD = {
  time: 1,
  severityText: 3,
  body: 5,
  attributes: 6,
  traceId: 9,
  spanId: 10,
  observedTime: 11,
  eventName: 12,
} as const;
const VALUE = { string: 1, bool: 2, int: 3, double: 4, array: 5, kvlist: 6, bytes: 7 } as const;
const LIST = { values: 1 } as const;
const PAIR = { key: 1, value: 2 } as const;

function bytesOf(field: WireField): Buffer {
  if (field.kind === 'bytes') return field.bytes;
  throw new OtlpError(`field ${field.number}: expected bytes, found ${field.kind}`);
}

function fixed64Of(field: WireField): Buffer {
  if (field.kind === 'fixed64') return field.bytes;
  throw new OtlpError(`field ${field.number}: expected 64 bits, found ${field.kind}`);
}

function integerIn(field: WireField): bigint {
  if (field.kind === 'integer') return field.value;
  throw new OtlpError(`field ${field.number}: expected an integer, found ${field.kind}`);
}

function textOf(field: WireField): string {
  const bytes = bytesOf(field);
  if (!isUtf8(bytes)) throw new OtlpError(`field ${field.number}: not valid UTF-8`);
  return bytes.toString('utf8');
}

/** The contents of all fields of the number. */
function* each(message: Buffer, number: number): Generator<Buffer> {
  for (const field of wireFields(message)) if (field.number === number) yield bytesOf(field);
}

function valueOf(message: Buffer, budget: ValueBudget, depth: number): unknown {
  budget.take(depth);
  let value: unknown = null;
  // Of a `oneof` that is there several times the last counts.
  for (const field of wireFields(message)) {
    switch (field.number) {
      case VALUE.string:
        value = textOf(field);
        break;
      case VALUE.bool:
        value = integerIn(field) !== 0n;
        break;
      case VALUE.int:
        value = integerOf(BigInt.asIntN(64, integerIn(field)));
        break;
      case VALUE.double:
        value = doubleOf(fixed64Of(field).readDoubleLE());
        break;
      case VALUE.array:
        value = Array.from(each(bytesOf(field), LIST.values), (item) =>
          valueOf(item, budget, depth + 1),
        );
        break;
      case VALUE.kvlist:
        value = pairsOf(each(bytesOf(field), LIST.values), budget, depth + 1);
        break;
      case VALUE.bytes:
        value = bytesOf(field).toString('base64');
        break;
    }
  }
  return value;
}

function pairsOf(messages: Iterable<Buffer>, budget: ValueBudget, depth: number): Attributes {
  return attributesOf(Array.from(messages, (message) => pairOf(message, budget, depth)));
}

function pairOf(message: Buffer, budget: ValueBudget, depth: number): [string, unknown] {
  let key = '';
  let value: unknown = null;
  for (const field of wireFields(message)) {
    if (field.number === PAIR.key) key = textOf(field);
    else if (field.number === PAIR.value) value = valueOf(bytesOf(field), budget, depth);
  }
  if (value === null) budget.take(depth);
  return [key, value];
}

/** An id in hex; empty where there is none. */
function idOf(field: WireField): string {
  return bytesOf(field).toString('hex');
}

function recordOf(message: Buffer, resource: Attributes, scope: string): OtlpLogRecord {
  if (message.length > OTLP_RECORD_BYTES_MAX) {
    throw new OtlpError(
      `it has ${message.length} bytes; at most ${OTLP_RECORD_BYTES_MAX} are read`,
    );
  }
  const budget = new ValueBudget();
  const pairs: [string, unknown][] = [];
  const texts: { severityText?: string; eventName?: string; traceId?: string; spanId?: string } =
    {};
  let [time, observed] = [0n, 0n];
  let body: unknown = null;
  for (const field of wireFields(message)) {
    const { number } = field;
    if (number === RECORD.time) time = fixed64Of(field).readBigUInt64LE();
    else if (number === RECORD.observedTime) observed = fixed64Of(field).readBigUInt64LE();
    else if (number === RECORD.body) body = valueOf(bytesOf(field), budget, 1);
    else if (number === RECORD.attributes) pairs.push(pairOf(bytesOf(field), budget, 1));
    else if (number === RECORD.severityText) texts.severityText = textOf(field);
    else if (number === RECORD.eventName) texts.eventName = textOf(field);
    else if (number === RECORD.traceId) texts.traceId = idOf(field);
    else if (number === RECORD.spanId) texts.spanId = idOf(field);
  }
  const timeMs = timeMsOf(time, observed);
  return {
    resource,
    ...(scope !== '' && { scope }),
    ...(timeMs !== undefined && { timeMs }),
    ...Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== '')),
    ...(body !== null && { body }),
    attributes: attributesOf(pairs),
  };
}

/** The result, or the reason of an OtlpError. */
function attempt<T>(read: () => T): { value: T } | { reason: string } {
  try {
    return { value: read() };
  } catch (error) {
    if (!(error instanceof OtlpError)) throw error;
    return { reason: error.message };
  }
}

function* recordsOfResource(message: Buffer): Generator<ReadOtlpRecord> {
  // The resource may stand behind its records.
  const [first, ...more] = each(message, RESOURCE_LOGS.resource);
  const resource = attempt(() => {
    if (more.length > 0) throw new OtlpError('it is there twice');
    const budget = new ValueBudget();
    return first ? pairsOf(each(first, RESOURCE.attributes), budget, 1) : {};
  });
  for (const scopeLogs of each(message, RESOURCE_LOGS.scopeLogs)) {
    let scope = '';
    for (const named of each(scopeLogs, SCOPE_LOGS.scope)) {
      const name = attempt(() => wireTexts(named, SCOPE.name));
      if ('value' in name) scope = name.value;
    }
    for (const bytes of each(scopeLogs, SCOPE_LOGS.logRecords)) {
      if ('reason' in resource) {
        yield { ok: false, reason: `its resource cannot be read: ${resource.reason}` };
        continue;
      }
      const record = attempt(() => recordOf(bytes, resource.value, scope));
      yield 'value' in record
        ? { ok: true, record: record.value }
        : { ok: false, reason: record.reason };
    }
  }
}

function wireTexts(message: Buffer, number: number): string {
  let text = '';
  for (const field of wireFields(message)) if (field.number === number) text = textOf(field);
  return text;
}

/**
 * The records of a request, in order, each when it is asked for. Throws an OtlpError where the bytes between
 * the records are no request; what was given until then is to be thrown away.
 *
 * @see opentelemetry-proto 1.x, logs.proto, common.proto and logs_service.proto
 */
export function* readProtobuf(body: Buffer): Generator<ReadOtlpRecord> {
  for (const message of each(body, REQUEST.resourceLogs)) yield* recordsOfResource(message);
}

// Log records of OpenTelemetry become events: those that say their log type as they are, all others by
// the mapping files, like the lines of any other program.
import { admitObject } from '../../event/admit.ts';
import type { AuditEvent } from '../../event/audit-event.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Intake } from '../collector.ts';
import type { ForeignRecord } from '../mapping/foreign-record.ts';
import type { MappingSet } from '../mapping/mapping-set.ts';
import {
  recordsOfJson,
  recordsOfProtobuf,
  type OtlpRecord,
  type OtlpValue,
} from './export-request.ts';
import { protobufBytes, protobufInteger } from './protobuf-reader.ts';

/** What became of a request's records. */
export interface OtlpOutcome {
  readonly events: number;
  /** Records that were to be events and could not be, or that no mapping is for. */
  readonly rejected: number;
  /** Why the first of them was refused. */
  readonly reason?: string;
}

/** Takes requests whole: when it resolves, their events are durable. */
export interface OtlpLogs {
  /** Throws a SyntaxError when the body is no request. */
  take(body: Buffer, form: 'protobuf' | 'json'): Promise<OtlpOutcome>;
  /** The ExportLogsServiceResponse in the form of the request. */
  answer(outcome: OtlpOutcome, form: 'protobuf' | 'json'): Buffer;
}

function textIn(value: OtlpValue | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function isObject(value: OtlpValue | undefined): value is Readonly<Record<string, OtlpValue>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The record as an event's fields, where it says its log type in its attributes or its body. */
function ownForm({ attributes, body, timeMs }: OtlpRecord): Record<string, OtlpValue> | undefined {
  const fields = isObject(body) && 'log_type' in body ? body : attributes;
  if (!('log_type' in fields)) return undefined;
  return { ...(timeMs !== undefined && { event_timestamp: timeMs }), ...fields };
}

/** @see OpenTelemetry semantic conventions, service.name and host.name */
function foreignRecord(record: OtlpRecord, receivedMs: number): ForeignRecord {
  const { body, attributes, resource, timeMs } = record;
  const program = textIn(attributes['syslog.appname']) ?? textIn(resource['service.name']);
  const host = textIn(resource['host.name']);
  return {
    source: 'otlp',
    receivedMs,
    ...(program !== undefined && { program }),
    ...(host !== undefined && { host }),
    ...(timeMs !== undefined && { timeMs }),
    content: isObject(body) ? body : (textIn(body) ?? attributes),
  };
}

/** Makes what takes the requests. */
export function createOtlpLogs(options: {
  readonly sets: ReadonlyMap<string, MappingSet>;
  readonly intake: Intake;
  readonly clock: Clock;
}): OtlpLogs {
  const { sets, intake, clock } = options;
  const events: (record: OtlpRecord) => readonly AuditEvent[] | string = (record) => {
    const nowMs = clock.now();
    const own = ownForm(record);
    if (own !== undefined) {
      const admitted = admitObject(own, nowMs);
      return admitted.ok ? [admitted.event] : admitted.reason;
    }
    const foreign = foreignRecord(record, nowMs);
    const outcomes = [...sets.values()].map((set) => set.take(foreign));
    const [refusal] = outcomes.flatMap(({ refusals }) => refusals);
    if (refusal !== undefined) return `${refusal.mapping}: ${refusal.reason}`;
    if (outcomes.some(({ taken }) => taken)) return outcomes.flatMap((each) => each.events);
    return 'no mapping file is for it, and it has no log_type';
  };
  return {
    take: async (body, form) => {
      const records =
        form === 'json' ? recordsOfJson(body.toString('utf8')) : recordsOfProtobuf(body);
      const told = records.map(events);
      const taken = told.flatMap((each) => (typeof each === 'string' ? [] : each));
      const reasons = told.filter((each) => typeof each === 'string');
      if (taken.length > 0) await intake.accept(taken);
      const [reason] = reasons;
      const counts = { events: taken.length, rejected: reasons.length };
      return { ...counts, ...(reason !== undefined && { reason }) };
    },
    answer: ({ rejected, reason = '' }, form) => {
      if (form === 'json') {
        const partial = { rejectedLogRecords: String(rejected), errorMessage: reason };
        return Buffer.from(JSON.stringify(rejected > 0 ? { partialSuccess: partial } : {}));
      }
      if (rejected === 0) return Buffer.alloc(0);
      const message = protobufBytes(2, Buffer.from(reason));
      return protobufBytes(1, Buffer.concat([protobufInteger(1, rejected), message]));
    },
  };
}

// Log records of OTLP become audit events: those that say by `log_type` in attributes or body that they are one are
// admitted as they are, the others are given to the mapping files. All events of a request are durable
// together, or none.
import { setImmediate } from 'node:timers/promises';
import { admitObject } from '../../event/admit.ts';
import type { AuditEvent } from '../../event/audit-event.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { Intake } from '../collector.ts';
import { EVENT_LINE_BYTES_MAX } from '../http/admit-batch.ts';
import type { ForeignFeed, ForeignOutcome, ForeignRecord } from '../mapping/foreign-record.ts';
import { OTLP_RECORDS_AT_A_TIME, OTLP_RECORDS_MAX, OTLP_REFUSALS_TOLD_MAX } from './limits.ts';
import {
  type Attributes,
  OtlpError,
  type OtlpLogRecord,
  OtlpTooLargeError,
  type ReadOtlpRecord,
} from './log-record.ts';
import { readJson } from './read-json.ts';
import { readProtobuf } from './read-protobuf.ts';

/** How often at most a refused record is told in our own log, in ms: exporters seldom tell theirs. */
const REFUSED_TOLD_EVERY_MS = 10_000;

export type OtlpEncoding = 'protobuf' | 'json';

/** What became of a request's records. */
export type OtlpOutcome =
  | {
      readonly ok: true;
      readonly events: readonly AuditEvent[];
      /** How many records were refused, or are for no mapping file, and the first reasons, each with the record's number from 1. */
      readonly rejectedCount: number;
      readonly rejected: readonly string[];
    }
  /** The body is no request, or holds more than is taken. */
  | { readonly ok: false; readonly tooLarge: boolean; readonly reason: string };

/** The OTLP feed as the HTTP server sees it. */
export interface OtlpLogs {
  /** Makes events of a request; nothing is kept yet. */
  take(body: Buffer, encoding: OtlpEncoding): Promise<OtlpOutcome>;
  /** Resolves when the events are durable. Rejects as the journal does. */
  keep(events: readonly AuditEvent[]): Promise<number>;
}

/**
 * What mappings see of a record whose body alone no mapping takes. Attributes stay apart from what OTLP says
 * itself, so that none can pass for it.
 */
function envelopeOf(record: OtlpLogRecord): Readonly<Record<string, unknown>> {
  const { body, attributes, resource, scope, eventName, severityText, traceId, spanId } = record;
  return {
    ...(body !== undefined && { body }),
    attributes,
    resource,
    ...(scope !== undefined && { scope }),
    ...(eventName !== undefined && { event_name: eventName }),
    ...(severityText !== undefined && { severity_text: severityText }),
    ...(traceId !== undefined && { trace_id: traceId }),
    ...(spanId !== undefined && { span_id: spanId }),
  };
}

function isContent(body: unknown): body is ForeignRecord['content'] {
  return typeof body === 'string' || (typeof body === 'object' && !Array.isArray(body));
}

function textAt(attributes: Readonly<Record<string, unknown>>, key: string): string | undefined {
  const value = Object.hasOwn(attributes, key) ? attributes[key] : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The record to all mapping files: what the program wrote, and where none is for that, the whole. */
function mapped(
  record: OtlpLogRecord,
  sets: readonly ForeignFeed[],
  receivedMs: number,
): ForeignOutcome {
  const { resource, attributes, timeMs, body } = record;
  const program = textAt(attributes, 'syslog.appname') ?? textAt(resource, 'service.name');
  const host = textAt(resource, 'host.name');
  const frame = {
    source: 'otlp' as const,
    receivedMs,
    ...(timeMs !== undefined && { timeMs }),
    ...(program !== undefined && { program }),
    ...(host !== undefined && { host }),
  };
  const contents: ForeignRecord['content'][] = [];
  if (body === undefined) contents.push(attributes);
  else if (isContent(body)) contents.push(body);
  contents.push(envelopeOf(record));
  for (const content of contents) {
    const outcomes = sets.map((set) => set.take({ ...frame, content }));
    if (!outcomes.some(({ taken }) => taken)) continue;
    return {
      taken: true,
      events: outcomes.flatMap(({ events }) => events),
      refusals: outcomes.flatMap(({ refusals }) => refusals),
    };
  }
  return { taken: false, events: [], refusals: [] };
}

/** The attributes or the body, whichever says by `log_type` that it is the fields of an event. */
function ownForm({ attributes, body }: OtlpLogRecord): Attributes | undefined {
  if (Object.hasOwn(attributes, 'log_type')) return attributes;
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return undefined;
  return Object.hasOwn(body, 'log_type') ? (body as Attributes) : undefined;
}

/** The fields as an event; its time is the record's where they have none. */
function admitted(
  fields: Attributes,
  timeMs: number | undefined,
  nowMs: number,
): AuditEvent | string {
  const timed =
    timeMs === undefined || Object.hasOwn(fields, 'event_timestamp')
      ? fields
      : { ...fields, event_timestamp: timeMs };
  const bytes = Buffer.byteLength(JSON.stringify(timed));
  if (bytes > EVENT_LINE_BYTES_MAX) {
    return `the event has ${bytes} bytes; at most ${EVENT_LINE_BYTES_MAX} are taken`;
  }
  const admission = admitObject(timed, nowMs);
  return admission.ok ? admission.event : admission.reason;
}

/** Collects what the records of one request become. */
class Taken {
  readonly events: AuditEvent[] = [];
  readonly rejected: string[] = [];
  rejectedCount = 0;
  #records = 0;
  readonly #sets: readonly ForeignFeed[];
  readonly #nowMs: number;

  constructor(sets: readonly ForeignFeed[], nowMs: number) {
    this.#sets = sets;
    this.#nowMs = nowMs;
  }

  add(read: ReadOtlpRecord): void {
    if (++this.#records > OTLP_RECORDS_MAX) {
      throw new OtlpTooLargeError(`more than ${OTLP_RECORDS_MAX} records in one request`);
    }
    if (!read.ok) return this.#reject(read.reason);
    const { record } = read;
    const fields = ownForm(record);
    if (fields !== undefined) {
      const event = admitted(fields, record.timeMs, this.#nowMs);
      if (typeof event === 'string') this.#reject(event);
      else this.events.push(event);
      return;
    }
    const outcome = mapped(record, this.#sets, this.#nowMs);
    if (!outcome.taken) this.#reject('no mapping file is for it, and it has no log_type');
    for (const event of outcome.events) this.events.push(event);
    if (this.events.length > OTLP_RECORDS_MAX) {
      throw new OtlpTooLargeError(`the records become more than ${OTLP_RECORDS_MAX} events`);
    }
    if (outcome.refusals.length > 0) {
      this.#reject(
        outcome.refusals.map(({ mapping, reason }) => `${mapping}: ${reason}`).join('; '),
      );
    }
  }

  #reject(reason: string): void {
    this.rejectedCount++;
    if (this.rejected.length < OTLP_REFUSALS_TOLD_MAX) {
      this.rejected.push(`record ${this.#records}: ${reason}`);
    }
  }
}

/**
 * Makes the OTLP feed.
 *
 * @param options.sets the mapping files, each of which sees every record
 */
export function createOtlpLogs(options: {
  readonly sets: ReadonlyMap<string, ForeignFeed>;
  readonly intake: Intake;
  readonly clock: Clock;
  readonly log: Log;
}): OtlpLogs {
  const { sets, intake, clock, log } = options;
  let toldAtMs = -Infinity;
  const tell = ({ rejected: [first], rejectedCount }: Taken): void => {
    if (first === undefined || clock.now() - toldAtMs < REFUSED_TOLD_EVERY_MS) return;
    toldAtMs = clock.now();
    log.warn('records were refused', { first, refused: rejectedCount });
  };
  return {
    take: async (body, encoding) => {
      const taken = new Taken([...sets.values()], clock.now());
      let seen = 0;
      try {
        for (const read of encoding === 'json' ? readJson(body) : readProtobuf(body)) {
          if (++seen % OTLP_RECORDS_AT_A_TIME === 0) await setImmediate();
          taken.add(read);
        }
      } catch (error) {
        if (!(error instanceof OtlpError)) throw error;
        const tooLarge = error instanceof OtlpTooLargeError;
        return { ok: false, tooLarge, reason: error.message };
      }
      tell(taken);
      const { events, rejectedCount, rejected } = taken;
      return { ok: true, events, rejectedCount, rejected };
    },
    keep: (events) => intake.accept(events),
  };
}

// PutLogEvents: log events of clients on their way into the journal. A batch that breaks a rule of its
// own is refused whole; events that are too old or too new are left out and told.
// @see CloudWatch Logs API reference, PutLogEvents
import { z } from 'zod';
import { LOG_EVENT_TYPE, type LogEvent } from '../../../event/log-event.ts';
import { text } from '../constraint.ts';
import { operation, type Operation } from '../operation.ts';
import type { LogsOptions } from './logs-options.ts';
import { auditLogRefusal, groupNotFound, invalidParameter, streamNotFound } from './refusal.ts';
import { LogGroupName, LogStreamName, Timestamp } from './shapes.ts';
import { streamId } from './log-streams.ts';

const HOUR_MS = 60 * 60 * 1000;
const DAY_MS = 24 * HOUR_MS;

/** Bytes of a batch: the messages in UTF-8 and 26 for each event. */
export const BATCH_BYTES_MAX = 1_048_576;
export const EVENT_OVERHEAD_BYTES = 26;
/** How far apart the first and the last event may be. */
export const BATCH_SPAN_MAX_MS = DAY_MS;
/** How far ahead of now an event may be dated. */
export const EVENT_AHEAD_MAX_MS = 2 * HOUR_MS;
/** How far back, if the group keeps events so long. */
export const EVENT_AGE_MAX_MS = 14 * DAY_MS;

const PutLogEvents = z.object({
  logGroupName: LogGroupName,
  logStreamName: LogStreamName,
  logEvents: z
    .array(z.object({ timestamp: Timestamp, message: z.string().min(1) }))
    .min(1)
    .max(10_000),
  /** Of old clients; AWS ignores it as well. */
  sequenceToken: text(1, 8192).optional(),
});

type InputEvents = z.infer<typeof PutLogEvents>['logEvents'];

/** What is left out; the members are AWS's. */
export interface RejectedEvents {
  /** The first that is too new. */
  readonly tooNewLogEventStartIndex?: number;
  /** The first that is not too old. */
  readonly tooOldLogEventEndIndex?: number;
  /** The first that is not older than the group keeps events. */
  readonly expiredLogEventEndIndex?: number;
}

/** Throws InvalidParameterException when the batch as a whole breaks a rule. */
export function checkBatch(events: InputEvents): void {
  let bytes = 0;
  let previousMs = Number.NEGATIVE_INFINITY;
  for (const { timestamp, message } of events) {
    bytes += Buffer.byteLength(message) + EVENT_OVERHEAD_BYTES;
    if (timestamp < previousMs) {
      throw invalidParameter(
        'Log events in a single PutLogEvents request must be in chronological order.',
      );
    }
    previousMs = timestamp;
  }
  if (bytes > BATCH_BYTES_MAX) {
    throw invalidParameter(`Upload too large: ${bytes} bytes exceeds limit of ${BATCH_BYTES_MAX}`);
  }
  if (previousMs - (events[0]?.timestamp ?? 0) > BATCH_SPAN_MAX_MS) {
    throw invalidParameter(
      'The batch of log events in a single PutLogEvents request cannot span more than 24 hours.',
    );
  }
}

/** Which of the events, which are in the order of their times, are taken. */
export function chooseEvents(
  events: InputEvents,
  nowMs: number,
  retentionDays: number | undefined,
): { readonly from: number; readonly to: number; readonly rejected: RejectedEvents | undefined } {
  const firstFrom = (ms: number): number => {
    const index = events.findIndex(({ timestamp }) => timestamp >= ms);
    return index < 0 ? events.length : index;
  };
  const old = firstFrom(nowMs - EVENT_AGE_MAX_MS);
  const expired = retentionDays === undefined ? 0 : firstFrom(nowMs - retentionDays * DAY_MS);
  const tooNew = firstFrom(nowMs + EVENT_AHEAD_MAX_MS + 1);
  const rejected = {
    ...(tooNew < events.length && { tooNewLogEventStartIndex: tooNew }),
    ...(old > 0 && { tooOldLogEventEndIndex: old }),
    ...(expired > 0 && { expiredLogEventEndIndex: expired }),
  };
  const none = Object.keys(rejected).length === 0;
  return { from: Math.max(old, expired), to: tooNew, rejected: none ? undefined : rejected };
}

/** The operation. Acknowledged events are durable. */
export function putLogEvents({ state, catalog, clock, put }: LogsOptions): Operation {
  return operation('ingest', PutLogEvents, async (input) => {
    const { logGroupName, logStreamName, logEvents } = input;
    const group = catalog.find(state, logGroupName);
    if (group === undefined) throw groupNotFound();
    if (group.logType !== undefined) {
      throw auditLogRefusal(logGroupName, 'only what Mailtrail itself saw goes into it');
    }
    if (state.get('log-stream', streamId(logGroupName, logStreamName)) === undefined) {
      throw streamNotFound();
    }
    checkBatch(logEvents);
    const { groupId, retentionDays } = group.document;
    const { from, to, rejected } = chooseEvents(logEvents, clock.now(), retentionDays);
    const events = logEvents
      .slice(from, Math.max(from, to))
      .map(({ timestamp, message }): LogEvent => ({
        log_type: LOG_EVENT_TYPE,
        log_group_id: groupId,
        log_stream: logStreamName,
        event_timestamp: timestamp,
        message,
      }));
    if (events.length > 0) await put(events);
    return {
      nextSequenceToken: '0'.repeat(56),
      ...(rejected && { rejectedLogEventsInfo: rejected }),
    };
  });
}

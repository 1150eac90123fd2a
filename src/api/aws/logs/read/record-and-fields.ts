// GetLogRecord: one event in full, by its pointer. GetLogGroupFields: which fields a group's events have, and how
// many of them.
// @see CloudWatch Logs API reference, GetLogRecord, GetLogGroupFields
import { z } from 'zod';
import { type LogRead, pointerPosition } from '../../../../insights/index.ts';
import { ApiError } from '../../../api-error.ts';
import { text } from '../../constraint.ts';
import { operation, type Operation } from '../../operation.ts';
import { queriedGroup } from '../log-group-catalog.ts';
import type { LogsOptions } from '../logs-options.ts';
import { invalidParameter } from '../refusal.ts';
import { LogGroupIdentifier, LogGroupName, Timestamp } from '../shapes.ts';
import { discoveredFields, logRecord } from './event-fields.ts';
import { SAMPLED_EVENTS_MAX, SAMPLED_LAST_MS, SAMPLED_SPAN_MS } from './limits.ts';
import { readEvents } from './read-events.ts';

const SYSTEM_FIELDS = ['@ingestionTime', '@log', '@logStream', '@message', '@timestamp'];
const NEWEST: Pick<LogRead, 'order' | 'descending'> = { order: 'time', descending: true };

const GetLogRecord = z.object({
  logRecordPointer: text(1, 1024),
  unmask: z.boolean().optional(),
});

/** GetLogRecord. */
export function getLogRecord(options: LogsOptions): Operation {
  const { state, catalog, clock, store, account } = options;
  return operation('read', GetLogRecord, async ({ logRecordPointer }, call) => {
    const position = pointerPosition(logRecordPointer);
    if (position === undefined)
      throw invalidParameter('The specified logRecordPointer is invalid.');
    const groups = catalog.list(state);
    const scope = {
      groups: groups.map((group) => queriedGroup(group, clock.now())),
      account,
      startMs: 0,
      endMs: Number.MAX_SAFE_INTEGER,
    };
    const { events } = await readEvents(store, { scope, position, ...NEWEST, limit: 1 }, call.gone);
    const [event] = events;
    const group = groups.find(({ document }) => document.groupId === event?.groupId);
    if (event === undefined || group === undefined) {
      const message = 'The specified log record does not exist.';
      throw new ApiError(400, 'ResourceNotFoundException', message);
    }
    return { logRecord: logRecord(event, account, group.name) };
  });
}

const GetLogGroupFields = z.object({
  logGroupName: LogGroupName.optional(),
  logGroupIdentifier: LogGroupIdentifier.optional(),
  /** ms, or seconds as StartQuery has them. */
  time: Timestamp.optional(),
});

/** A time in seconds is before 1973 in ms. */
const MILLISECONDS_FROM = 100_000_000_000;

/** GetLogGroupFields, by a sample of the group's events. */
export function getLogGroupFields(options: LogsOptions): Operation {
  const { state, catalog, clock, store, account } = options;
  return operation('read', GetLogGroupFields, async (input, call) => {
    const group = catalog.ofRequest(state, input);
    const nowMs = clock.now();
    const { time } = input;
    const atMs = time === undefined || time >= MILLISECONDS_FROM ? time : time * 1000;
    const [startMs, endMs] =
      atMs === undefined
        ? [nowMs - SAMPLED_LAST_MS, nowMs]
        : [atMs - SAMPLED_SPAN_MS, atMs + SAMPLED_SPAN_MS];
    const scope = { groups: [queriedGroup(group, nowMs)], account, startMs, endMs };
    const limit = SAMPLED_EVENTS_MAX;
    const { events } = await readEvents(store, { scope, ...NEWEST, limit }, call.gone);
    const counts = new Map<string, number>();
    for (const { message } of events) {
      for (const name of [...SYSTEM_FIELDS, ...discoveredFields(message).keys()]) {
        counts.set(name, (counts.get(name) ?? 0) + 1);
      }
    }
    const logGroupFields = [...counts]
      .map(([name, count]) => ({ name, percent: Math.round((100 * count) / events.length) }))
      .toSorted((a, b) => b.percent - a.percent || (a.name < b.name ? -1 : 1));
    return { logGroupFields };
  });
}

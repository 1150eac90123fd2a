// GetLogEvents: the events of one stream, page by page in both directions.
// @see CloudWatch Logs API reference, GetLogEvents
import { z } from 'zod';
import type { LogPlace, ReadLogEvent } from '../../../../insights/index.ts';
import { operation, type Operation } from '../../operation.ts';
import { PageTokens } from '../../page-token.ts';
import { AUDIT_STREAM, type LogGroup, queriedGroup } from '../log-group-catalog.ts';
import { streamId } from '../log-streams.ts';
import type { LogsOptions } from '../logs-options.ts';
import { invalidParameter, streamNotFound } from '../refusal.ts';
import {
  EventsLimit,
  LogGroupIdentifier,
  LogGroupName,
  LogStreamName,
  NextToken,
  Timestamp,
} from '../shapes.ts';
import { PAGE_EVENTS_MAX } from './limits.ts';
import { readEvents } from './read-events.ts';

const GetLogEvents = z.object({
  logGroupName: LogGroupName.optional(),
  logGroupIdentifier: LogGroupIdentifier.optional(),
  logStreamName: LogStreamName,
  startTime: Timestamp.optional(),
  endTime: Timestamp.optional(),
  nextToken: NextToken.optional(),
  limit: EventsLimit.optional(),
  startFromHead: z.boolean().optional(),
  unmask: z.boolean().optional(),
});

/** A place and which way a page goes from it. */
interface Turn extends LogPlace {
  readonly forward: boolean;
}

/** Throws ResourceNotFoundException unless the group has the stream. */
export function checkStream({ state }: LogsOptions, group: LogGroup, name: string): void {
  const known =
    group.logType === undefined
      ? state.get('log-stream', streamId(group.name, name)) !== undefined
      : name === AUDIT_STREAM;
  if (!known) throw streamNotFound();
}

function placeOf({ timeMs, position }: ReadLogEvent): LogPlace {
  return { timeMs, position };
}

/** An event as answers have it. */
export function outputEvent({ timeMs, message, ingestionMs }: ReadLogEvent): object {
  return { timestamp: timeMs, message, ingestionTime: ingestionMs };
}

/** The operation. Its tokens are never absent: one that comes back as it was says that this is the end. */
export function getLogEvents(options: LogsOptions): Operation {
  const { state, catalog, clock, store } = options;
  const tokens = new PageTokens<Turn>('GetLogEvents', () => clock.now());
  return operation('read', GetLogEvents, async (input, call) => {
    const group = catalog.ofRequest(state, input);
    checkStream(options, group, input.logStreamName);
    const { startTime = 0, endTime, limit = PAGE_EVENTS_MAX, startFromHead = false } = input;
    if (endTime !== undefined && endTime <= startTime) {
      throw invalidParameter('endTime must be after startTime.');
    }
    const turn = tokens.read(input.nextToken);
    const forward = turn?.forward ?? startFromHead;
    const page = await readEvents(
      store,
      {
        scope: {
          groups: [queriedGroup(group, clock.now())],
          account: options.account,
          startMs: startTime,
          // The end is not included.
          endMs: endTime === undefined ? Number.MAX_SAFE_INTEGER : endTime - 1,
        },
        streams: [input.logStreamName],
        ...(turn && { behind: turn }),
        order: 'time',
        descending: !forward,
        limit,
      },
      call.gone,
    );
    const events = forward ? page.events : page.events.toReversed();
    const [first, last] = [events[0], events.at(-1)];
    const beginning = { timeMs: startTime, position: -1 };
    const same = (way: boolean): string | undefined =>
      turn?.forward === way && events.length === 0 ? input.nextToken : undefined;
    const from = last === undefined ? (turn ?? beginning) : placeOf(last);
    const back = first === undefined ? (turn ?? beginning) : placeOf(first);
    return {
      events: events.map(outputEvent),
      nextForwardToken: same(true) ?? tokens.make({ ...from, forward: true }),
      nextBackwardToken: same(false) ?? tokens.make({ ...back, forward: false }),
    };
  });
}

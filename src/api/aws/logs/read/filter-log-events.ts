// FilterLogEvents: events of a group by stream, time and filter pattern.
// @see CloudWatch Logs API reference, FilterLogEvents
import { z } from 'zod';
import type { LogPlace, ReadLogEvent } from '../../../../insights/index.ts';
import { operation, type Operation } from '../../operation.ts';
import { PageTokens } from '../../page-token.ts';
import { patternOf } from '../filter-patterns.ts';
import { queriedGroup } from '../log-group-catalog.ts';
import type { LogsOptions } from '../logs-options.ts';
import { invalidParameter } from '../refusal.ts';
import {
  EventsLimit,
  FilterPattern,
  LogGroupIdentifier,
  LogGroupName,
  LogStreamName,
  NextToken,
  Timestamp,
} from '../shapes.ts';
import { checkStream, outputEvent } from './get-log-events.ts';
import { PAGE_EVENTS_MAX } from './limits.ts';
import { readEvents } from './read-events.ts';

/** Digits of an event's id: positions in text are in the order of numbers. */
const EVENT_ID_DIGITS = 56;

const FilterLogEvents = z.object({
  logGroupName: LogGroupName.optional(),
  logGroupIdentifier: LogGroupIdentifier.optional(),
  logStreamNames: z.array(LogStreamName).min(1).max(100).optional(),
  logStreamNamePrefix: LogStreamName.optional(),
  startTime: Timestamp.optional(),
  endTime: Timestamp.optional(),
  filterPattern: FilterPattern.optional(),
  nextToken: NextToken.optional(),
  limit: EventsLimit.optional(),
  /** Whether the oldest come first; said only by newer clients. */
  startFromHead: z.boolean().optional(),
  interleaved: z.boolean().optional(),
  unmask: z.boolean().optional(),
});

function filteredEvent(event: ReadLogEvent): object {
  return {
    logStreamName: event.stream,
    ...outputEvent(event),
    eventId: String(event.position).padStart(EVENT_ID_DIGITS, '0'),
  };
}

/** The operation. */
export function filterLogEvents(options: LogsOptions): Operation {
  const { state, catalog, clock, store } = options;
  const tokens = new PageTokens<LogPlace>('FilterLogEvents', () => clock.now());
  return operation('read', FilterLogEvents, async (input, call) => {
    const { logStreamNames, logStreamNamePrefix, filterPattern = '' } = input;
    if (logStreamNames !== undefined && logStreamNamePrefix !== undefined) {
      throw invalidParameter('Only one of logStreamNames and logStreamNamePrefix may be given.');
    }
    const { startTime = 0, endTime = Number.MAX_SAFE_INTEGER } = input;
    if (endTime < startTime) throw invalidParameter('endTime must not be before startTime.');
    const group = catalog.ofRequest(state, input);
    for (const name of logStreamNames ?? []) checkStream(options, group, name);
    const behind = tokens.read(input.nextToken);
    const pattern = patternOf(filterPattern);
    const isEverything = filterPattern.trim() === '';
    const { events, more } = await readEvents(
      store,
      {
        scope: {
          groups: [queriedGroup(group, clock.now())],
          account: options.account,
          startMs: startTime,
          endMs: endTime,
        },
        ...(logStreamNames && { streams: logStreamNames }),
        ...(logStreamNamePrefix !== undefined && { streamPrefixes: [logStreamNamePrefix] }),
        ...(!isEverything && { pattern }),
        ...(behind && { behind }),
        order: 'time',
        descending: input.startFromHead === false,
        limit: input.limit ?? PAGE_EVENTS_MAX,
      },
      call.gone,
    );
    const last = events.at(-1);
    return {
      events: events.map(filteredEvent),
      searchedLogStreams: [],
      ...(more &&
        last && { nextToken: tokens.make({ timeMs: last.timeMs, position: last.position }) }),
    };
  });
}

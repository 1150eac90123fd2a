// StartLiveTail: what comes from now on, as a stream of updates.
// @see CloudWatch Logs API reference, StartLiveTail
import { z } from 'zod';
import type { LogRead, ReadLogEvent } from '../../../../insights/index.ts';
import { ApiError } from '../../../api-error.ts';
import { Places } from '../../../line-stream.ts';
import {
  type Call,
  EventStreamAnswer,
  operation,
  type Operation,
  type StreamEvent,
} from '../../operation.ts';
import { patternOf } from '../filter-patterns.ts';
import { type LogGroup, queriedGroup } from '../log-group-catalog.ts';
import type { LogsOptions } from '../logs-options.ts';
import { invalidParameter } from '../refusal.ts';
import { FilterPattern, LogGroupIdentifier, LogStreamName } from '../shapes.ts';
import {
  LIVE_TAIL_EVENTS_MAX,
  LIVE_TAIL_INTERVAL_MS,
  LIVE_TAIL_MS,
  LIVE_TAILS_MAX,
} from './limits.ts';
import { readEvents } from './read-events.ts';

const StartLiveTail = z.object({
  logGroupIdentifiers: z.array(LogGroupIdentifier).min(1).max(10),
  logStreamNames: z.array(LogStreamName).min(1).max(100).optional(),
  logStreamNamePrefixes: z.array(LogStreamName).min(1).max(100).optional(),
  logEventFilterPattern: FilterPattern.optional(),
});
type Input = z.infer<typeof StartLiveTail>;

/** The operation. */
export function startLiveTail(options: LogsOptions): Operation {
  const places = new Places(LIVE_TAILS_MAX);
  return operation('read', StartLiveTail, (input, call) => {
    const { state, catalog } = options;
    const { logStreamNames, logStreamNamePrefixes, logGroupIdentifiers } = input;
    if (logStreamNames !== undefined && logStreamNamePrefixes !== undefined) {
      throw invalidParameter('Only one of logStreamNames and logStreamNamePrefixes may be given.');
    }
    if (logGroupIdentifiers.length > 1 && (logStreamNames ?? logStreamNamePrefixes) !== undefined) {
      throw invalidParameter('Log streams may only be given together with one log group.');
    }
    const notArn = logGroupIdentifiers.find((identifier) => !identifier.startsWith('arn:'));
    if (notArn !== undefined) throw invalidParameter('Log groups must be specified by their ARNs.');
    const groups = logGroupIdentifiers.map((arn) => catalog.get(state, catalog.nameOf(arn)));
    const read = readOf(options, input, groups);
    const giveBack = places.take();
    if (giveBack === undefined) {
      const message = `${LIVE_TAILS_MAX} Live Tail sessions are open, which is the limit.`;
      throw new ApiError(400, 'LimitExceededException', message);
    }
    return new EventStreamAnswer(follow(options, { input, call, groups, read }, giveBack));
  });
}

type Following = Omit<LogRead, 'limit'>;

function readOf(options: LogsOptions, input: Input, groups: readonly LogGroup[]): Following {
  const { logStreamNames, logStreamNamePrefixes, logEventFilterPattern = '' } = input;
  const pattern = patternOf(logEventFilterPattern);
  return {
    scope: {
      groups: groups.map((group) => queriedGroup(group, options.clock.now())),
      account: options.account,
      startMs: 0,
      endMs: Number.MAX_SAFE_INTEGER,
    },
    ...(logStreamNames && { streams: logStreamNames }),
    ...(logStreamNamePrefixes && { streamPrefixes: logStreamNamePrefixes }),
    ...(logEventFilterPattern.trim() !== '' && { pattern }),
    order: 'journal',
    descending: false,
  };
}

interface Session {
  readonly input: Input;
  readonly call: Call;
  readonly groups: readonly LogGroup[];
  readonly read: Following;
}

async function* follow(
  options: LogsOptions,
  { input, call, groups, read }: Session,
  giveBack: () => void,
): AsyncGenerator<StreamEvent> {
  const { clock, randomId, loadedTo } = options;
  try {
    const endMs = clock.now() + LIVE_TAIL_MS;
    let position = loadedTo();
    const { requestId } = call;
    yield { name: 'sessionStart', payload: { requestId, sessionId: randomId(), ...input } };
    while (!call.gone.aborted) {
      await passed(options, call);
      if (call.gone.aborted) return;
      if (clock.now() >= endMs) {
        const message = 'The Live Tail session has lasted three hours, which is the limit.';
        yield { name: 'SessionTimeoutException', payload: { message }, exception: true };
        return;
      }
      const loaded = Math.max(loadedTo(), position);
      const events = loaded > position ? await newEvents(options, call, read, position) : [];
      position = loaded;
      const shown = events.filter((event) => event.position < loaded);
      yield { name: 'sessionUpdate', payload: updateOf(shown, groups) };
    }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    yield { name: 'SessionStreamingException', payload: { message }, exception: true };
  } finally {
    giveBack();
  }
}

async function newEvents(
  { store }: LogsOptions,
  call: Call,
  read: Following,
  afterPosition: number,
): Promise<readonly ReadLogEvent[]> {
  const scope = { ...read.scope, afterPosition };
  const limit = LIVE_TAIL_EVENTS_MAX + 1;
  const { events } = await readEvents(store, { ...read, scope, limit }, call.gone);
  return events;
}

function updateOf(events: readonly ReadLogEvent[], groups: readonly LogGroup[]): object {
  const arns = new Map(groups.map(({ document, arn }) => [document.groupId, arn]));
  return {
    sessionMetadata: { sampled: events.length > LIVE_TAIL_EVENTS_MAX },
    sessionResults: events.slice(0, LIVE_TAIL_EVENTS_MAX).map((event) => ({
      logStreamName: event.stream,
      logGroupIdentifier: arns.get(event.groupId) ?? '',
      message: event.message,
      timestamp: event.timeMs,
      ingestionTime: event.ingestionMs,
    })),
  };
}

/** Waits for the next update, or until the client has gone. */
function passed({ clock }: LogsOptions, { gone }: Call): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      timer.cancel();
      gone.removeEventListener('abort', settle);
      resolve();
    };
    const timer = clock.after(LIVE_TAIL_INTERVAL_MS, settle);
    gone.addEventListener('abort', settle, { once: true });
  });
}

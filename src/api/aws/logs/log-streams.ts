// Log streams: made, described and deleted. An audit log has one stream, which nobody makes.
// @see CloudWatch Logs API reference, CreateLogStream, DeleteLogStream, DescribeLogStreams
import { z } from 'zod';
import type { LogStreamDocument } from '../../../state/documents.ts';
import { operation, type Operation } from '../operation.ts';
import { pageAfter, PageTokens } from '../page-token.ts';
import { AUDIT_STREAM, type LogGroup } from './log-group-catalog.ts';
import { EVENT_SOURCE, type LogsOptions, type StreamTimes } from './logs-options.ts';
import { alreadyExists, auditLogRefusal, invalidParameter, streamNotFound } from './refusal.ts';
import {
  DESCRIBE_LIMIT_DEFAULT,
  DescribeLimit,
  LogGroupIdentifier,
  LogGroupName,
  LogStreamName,
  NextToken,
} from './shapes.ts';

const NamedStream = z.object({ logGroupName: LogGroupName, logStreamName: LogStreamName });

/** The id of a stream's document: neither name holds a colon. */
export function streamId(group: string, stream: string): string {
  return `${group}:${stream}`;
}

function streamArn(group: LogGroup, stream: string): string {
  return `${group.arn}:log-stream:${stream}`;
}

function createLogStream({ state, catalog, clock }: LogsOptions): Operation {
  return operation('ingest', NamedStream, async (input, call) => {
    const { logGroupName, logStreamName } = input;
    await state.change(call.actor, (view) => {
      const group = catalog.get(view, logGroupName);
      if (group.logType !== undefined) {
        throw auditLogRefusal(logGroupName, `its one stream is ${AUDIT_STREAM}`);
      }
      const id = streamId(logGroupName, logStreamName);
      if (view.get('log-stream', id) !== undefined) throw alreadyExists('log stream');
      const value = { logGroupName, logStreamName, createdAtMs: clock.now() };
      return {
        eventName: 'CreateLogStream',
        eventSource: EVENT_SOURCE,
        resource: streamArn(group, logStreamName),
        changes: [{ kind: 'log-stream', id, value }],
      };
    });
  });
}

function deleteLogStream({ state, catalog, forget }: LogsOptions): Operation {
  return operation('admin', NamedStream, async (input, call) => {
    const { logGroupName, logStreamName } = input;
    let groupId = '';
    await state.change(call.actor, (view) => {
      const group = catalog.get(view, logGroupName);
      if (group.logType !== undefined) {
        throw auditLogRefusal(logGroupName, 'its stream cannot be deleted');
      }
      const id = streamId(logGroupName, logStreamName);
      if (view.get('log-stream', id) === undefined) throw streamNotFound();
      ({ groupId } = group.document);
      return {
        eventName: 'DeleteLogStream',
        eventSource: EVENT_SOURCE,
        resource: streamArn(group, logStreamName),
        changes: [{ kind: 'log-stream', id, value: undefined }],
      };
    });
    forget({ groupId, stream: logStreamName });
  });
}

const DescribeLogStreams = z.object({
  logGroupName: LogGroupName.optional(),
  logGroupIdentifier: LogGroupIdentifier.optional(),
  logStreamNamePrefix: LogStreamName.optional(),
  orderBy: z.enum(['LogStreamName', 'LastEventTime']).optional(),
  descending: z.boolean().optional(),
  nextToken: NextToken.optional(),
  limit: DescribeLimit.optional(),
});

interface Stream {
  readonly document: LogStreamDocument;
  readonly times: StreamTimes | undefined;
}

/** Makes names and times comparable as text, so that a page begins after a key. */
function timeKey({ document, times }: Stream): string {
  const time = String(times?.lastEventAtMs ?? 0).padStart(16, '0');
  return `${time}:${document.logStreamName}`;
}

function describeLogStreams(options: LogsOptions): Operation {
  const { state, catalog, clock } = options;
  const tokens = new PageTokens<string>('DescribeLogStreams', () => clock.now());
  return operation('read', DescribeLogStreams, async (input) => {
    const { logStreamNamePrefix: prefix, orderBy = 'LogStreamName', descending = false } = input;
    if (orderBy === 'LastEventTime' && prefix !== undefined) {
      throw invalidParameter('Cannot order by LastEventTime with a logStreamNamePrefix.');
    }
    const after = tokens.read(input.nextToken);
    const group = catalog.ofRequest(state, input);
    const times = await options.streamTimes(group.document.groupId);
    const keyOf = orderBy === 'LogStreamName' ? (s: Stream) => s.document.logStreamName : timeKey;
    const streams = [...streamsOf(options, group)]
      .filter(({ logStreamName }) => prefix === undefined || logStreamName.startsWith(prefix))
      .map((document) => ({ document, times: times.get(document.logStreamName) }))
      .toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
    const { page, next } = pageInOrder(streams, keyOf, {
      after,
      descending,
      limit: input.limit ?? DESCRIBE_LIMIT_DEFAULT,
    });
    return {
      logStreams: page.map((stream) => describedStream(group, stream)),
      ...(next !== undefined && { nextToken: tokens.make(next) }),
    };
  });
}

function pageInOrder(
  rising: readonly Stream[],
  keyOf: (stream: Stream) => string,
  { after, descending, limit }: { after: string | undefined; descending: boolean; limit: number },
): { readonly page: readonly Stream[]; readonly next: string | undefined } {
  if (!descending) return pageAfter(rising, keyOf, after, limit);
  const before = rising.filter((stream) => after === undefined || keyOf(stream) < after);
  const page = before.toReversed().slice(0, limit);
  const last = page.at(-1);
  const more = before.length > limit && last !== undefined;
  return { page, next: more ? keyOf(last) : undefined };
}

function* streamsOf({ state }: LogsOptions, group: LogGroup): Generator<LogStreamDocument> {
  if (group.logType !== undefined) {
    const { createdAtMs } = group.document;
    yield { logGroupName: group.name, logStreamName: AUDIT_STREAM, createdAtMs };
    return;
  }
  for (const [, stream] of state.list('log-stream')) {
    if (stream.logGroupName === group.name) yield stream;
  }
}

function describedStream(group: LogGroup, { document, times }: Stream): object {
  return {
    logStreamName: document.logStreamName,
    creationTime: document.createdAtMs,
    ...(times && {
      firstEventTimestamp: times.firstEventAtMs,
      lastEventTimestamp: times.lastEventAtMs,
      lastIngestionTime: times.lastIngestionAtMs,
    }),
    arn: streamArn(group, document.logStreamName),
    storedBytes: 0,
  };
}

/** The operations on log streams. */
export function logStreamOperations(options: LogsOptions): Readonly<Record<string, Operation>> {
  return {
    CreateLogStream: createLogStream(options),
    DeleteLogStream: deleteLogStream(options),
    DescribeLogStreams: describeLogStreams(options),
  };
}

// CloudWatch Logs of the API over the parts of the server: which groups there are, where events go that are
// put, what the store knows of them.
import { randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { AUDIT_STREAM, LogGroupCatalog, queryable } from './api/aws/logs/log-group-catalog.ts';
import type { LogsOptions, StreamTimes } from './api/aws/logs/logs-options.ts';
import { QueryRuns } from './api/aws/logs/queries/query-runs.ts';
import { createLogsService } from './api/aws/logs/service.ts';
import type { AwsService } from './api/aws/operation.ts';
import type { KnownGroup, QueryLanguage } from './api/query-language.ts';
import { credentialsPath } from './config/credentials.ts';
import { organizationArn } from './config/organization.ts';
import type { Config } from './config/schema.ts';
import { journalLine } from './event/journal-line.ts';
import type { LogEvent } from './event/log-event.ts';
import type { IntakeGate } from './intake-gate.ts';
import type { Journal } from './journal/journal.ts';
import type { LogEventKeeping } from './log-event-keeping.ts';
import type { Clock } from './platform/clock.ts';
import { systemDisk } from './platform/disk.ts';
import type { Log } from './platform/log.ts';
import type { State } from './state/state.ts';
import type { EventStore } from './store/event-store.ts';
import type { LogEventStore } from './store/log-event-store.ts';

export interface CloudWatchLogsParts {
  readonly config: () => Config;
  readonly state: State;
  readonly journal: Journal;
  readonly gate: IntakeGate;
  readonly store: EventStore & LogEventStore;
  /** Everything below it is in the store. */
  readonly loadedTo: () => number;
  readonly keeping: LogEventKeeping;
  readonly language: QueryLanguage;
  /** Brings the retention of the audit logs in line with the state. */
  readonly retain: () => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
}

/** The service and what must be closed with the server. */
export interface CloudWatchLogs {
  readonly service: AwsService;
  readonly catalog: LogGroupCatalog;
  /** The groups that clients made, as queries may name them. */
  putGroups(): readonly KnownGroup[];
  close(): Promise<void>;
}

/** The audit logs are as old as the data directory, of which the credentials are the first file. */
function installedAtMs(data: string): number {
  const { birthtimeMs, mtimeMs } = statSync(credentialsPath(data));
  return Math.trunc(birthtimeMs > 0 ? birthtimeMs : mtimeMs);
}

/** Builds CloudWatch Logs. */
export function createCloudWatchLogs(parts: CloudWatchLogsParts): CloudWatchLogs {
  const { config, state, journal, gate, store, keeping, language, clock } = parts;
  const { data, organization } = config();
  const catalog = new LogGroupCatalog({
    organization,
    createdAtMs: installedAtMs(data),
    retentionDays: (logType) => config().retention.days[logType],
  });
  const log = parts.log.for('logs');
  const directory = join(data, 'queries');
  const runs = new QueryRuns({
    store,
    disk: systemDisk,
    directory,
    clock,
    log,
    randomId: randomUUID,
  });
  const options: LogsOptions = {
    state,
    catalog,
    language,
    account: organization.account,
    organization: () => ({ ...organization, arn: organizationArn(organization) }),
    logsAreElsewhere: Boolean(
      process.env['AWS_ENDPOINT_URL_CLOUDWATCH_LOGS'] || process.env['AWS_ENDPOINT_URL'],
    ),
    end: () => journal.status().end,
    runs,
    store,
    loadedTo: parts.loadedTo,
    clock,
    randomId: randomUUID,
    put: async (events) => {
      await gate.append(linesOf(events));
    },
    storedBytes: () => storedBytes(store),
    streamTimes: (groupId) => streamTimes(store, groupId),
    forget: (what) => keeping.forget(what),
    retain: parts.retain,
  };
  return {
    service: createLogsService(options),
    catalog,
    putGroups: () => queryable(catalog.list(state), clock.now()).filter((g) => 'logGroupId' in g),
    close: () => runs.close(),
  };
}

function linesOf(events: readonly LogEvent[]): { lines: Uint8Array; count: number } {
  return { lines: Buffer.from(events.map(journalLine).join('')), count: events.length };
}

/** By the group's id, which of an audit log is its type. */
async function storedBytes(
  store: EventStore & LogEventStore,
): Promise<ReadonlyMap<string, number>> {
  const [audit, put] = await Promise.all([store.groups(), store.logGroups()]);
  return new Map([
    ...audit.map(({ logType, storedBytes: bytes }): [string, number] => [logType, bytes]),
    ...put.map(({ groupId, storedBytes: bytes }): [string, number] => [groupId, bytes]),
  ]);
}

async function streamTimes(
  store: EventStore & LogEventStore,
  groupId: string,
): Promise<ReadonlyMap<string, StreamTimes>> {
  const audit = (await store.groups()).find(({ logType }) => logType === groupId);
  if (audit === undefined) {
    const streams = await store.logStreams(groupId);
    return new Map(streams.map(({ stream, ...times }) => [stream, times]));
  }
  const { firstEventAtMs, lastEventAtMs } = audit;
  if (firstEventAtMs === undefined || lastEventAtMs === undefined) return new Map();
  // An audit log's events come as they happen.
  return new Map([
    [AUDIT_STREAM, { firstEventAtMs, lastEventAtMs, lastIngestionAtMs: lastEventAtMs }],
  ]);
}

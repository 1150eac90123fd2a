// The API as AWS's own client sees it: the real HTTP server with CloudWatch Logs behind it, its state on a
// disk in memory, and a store that a test fills.
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { LogGroupCatalog } from '../../src/api/aws/logs/log-group-catalog.ts';
import type { LogsOptions, StreamTimes } from '../../src/api/aws/logs/logs-options.ts';
import { QueryRuns, type QueryRunLimits } from '../../src/api/aws/logs/queries/query-runs.ts';
import { createLogsService } from '../../src/api/aws/logs/service.ts';
import type { LogEvent } from '../../src/event/log-event.ts';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog } from '../../src/platform/log.ts';
import { systemDisk } from '../../src/platform/disk.ts';
import { SimulatedDisk } from '../../src/platform/simulated-disk.ts';
import { openState } from '../../src/state/open.ts';
import type { State } from '../../src/state/state.ts';
import type { AuditEvent } from '../../src/event/audit-event.ts';
import type { EventStore } from '../../src/store/event-store.ts';
import { KEYS, LANGUAGE, startWorld, type World } from '../e2e/api-world.ts';

/** 2026-11-23 00:00 UTC. */
export const NOW_MS = Date.UTC(2026, 10, 23);

export interface LogsWorld {
  readonly world: World;
  readonly client: CloudWatchLogsClient;
  readonly state: State;
  /** The management events of all changes. */
  readonly recorded: AuditEvent[];
  readonly events: LogEvent[];
  readonly forgotten: { readonly groupId: string; readonly stream?: string }[];
  readonly storedBytes: Map<string, number>;
  readonly streamTimes: Map<string, Map<string, StreamTimes>>;
  /** What the store answers. */
  query: EventStore['query'];
  readonly runs: QueryRuns;
  retained: number;
  nowMs: number;
  /** Sends a body that the client would not make. */
  post(target: string, body: string): Promise<Response>;
}

/** The clients are closed with the worlds: see stopWorlds. */
export async function startLogsWorld(limits: Partial<QueryRunLimits> = {}): Promise<LogsWorld> {
  let ids = 0;
  const recorded: AuditEvent[] = [];
  const clock = { now: () => logs.nowMs, after: () => ({ cancel() {} }) };
  const log = createLog(() => {}, { level: 'debug', now: Date.now });
  const state = await openState({
    disk: new SimulatedDisk(),
    directory: '/state',
    clock,
    log,
    accept: async (events) => recorded.push(...events),
    checkpoint: () => undefined,
  });
  const shared = {
    state,
    recorded,
    events: [] as LogEvent[],
    forgotten: [] as { groupId: string; stream?: string }[],
    storedBytes: new Map<string, number>(),
    streamTimes: new Map<string, Map<string, StreamTimes>>(),
    retained: 0,
    nowMs: NOW_MS,
  };
  const randomId = (): string => `id-${++ids}`;
  const runs = new QueryRuns({
    store: { query: (query, bounds) => logs.query(query, bounds) },
    disk: systemDisk,
    directory: join(mkdtempSync(join(tmpdir(), 'mailtrail-')), 'queries'),
    clock,
    log,
    randomId,
    limits,
  });
  const options: LogsOptions = {
    state,
    language: LANGUAGE,
    account: '123456789012',
    organization: () => ({
      arn: 'arn:aws:workmail:eu-west-1:123456789012:organization/m-1',
      account: '123456789012',
      region: 'eu-west-1',
    }),
    logsAreElsewhere: false,
    end: () => 7,
    runs,
    store: { query: (query, bounds) => logs.query(query, bounds) },
    loadedTo: () => 0,
    catalog: new LogGroupCatalog({
      organization: { name: 'default', account: '123456789012', region: 'eu-west-1' },
      createdAtMs: NOW_MS - 1000,
      retentionDays: (logType) => (logType === 'MANAGEMENT_LOGS' ? 3653 : undefined),
    }),
    clock,
    randomId,
    put: async (events) => {
      logs.events.push(...events);
    },
    storedBytes: async () => logs.storedBytes,
    streamTimes: async (groupId) => logs.streamTimes.get(groupId) ?? new Map(),
    forget: (what) => logs.forgotten.push(what),
    retain: async () => {
      logs.retained++;
    },
  };
  const world = await startWorld({ aws: [createLogsService(options)] });
  const client = new CloudWatchLogsClient({
    endpoint: world.url,
    region: 'eu-west-1',
    credentials: KEYS,
    maxAttempts: 1,
  });
  const logs: LogsWorld = Object.assign(shared, {
    world,
    client,
    runs,
    query: (): Promise<never> => Promise.reject(new Error('no query was expected')),
    post: (target: string, body: string) =>
      fetch(world.url, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${KEYS.bearerToken}`,
          'content-type': 'application/x-amz-json-1.1',
          'x-amz-target': target,
        },
        body,
      }),
  });
  return logs;
}

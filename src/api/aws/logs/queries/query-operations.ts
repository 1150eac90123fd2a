// StartQuery and what is asked about a query afterwards.
// @see CloudWatch Logs API reference, StartQuery, GetQueryResults, StopQuery, DescribeQueries
import { z } from 'zod';
import { ApiError } from '../../../api-error.ts';
import type { Compiled } from '../../../query-language.ts';
import { text, whole } from '../../constraint.ts';
import { operation, type Operation } from '../../operation.ts';
import { PageTokens } from '../../page-token.ts';
import { type LogGroup, queriedGroup, queryable } from '../log-group-catalog.ts';
import type { LogsOptions } from '../logs-options.ts';
import { groupNotFound, invalidParameter } from '../refusal.ts';
import {
  LogGroupIdentifier,
  LogGroupName,
  NextToken,
  QueryId,
  QueryLanguage,
  QueryStatus,
  Timestamp,
} from '../shapes.ts';
import { RESULT_PAGE_ROWS_MAX, RESULT_TOKEN_LIFE_MS } from './limits.ts';
import type { QueryRun } from './query-runs.ts';

/** Log groups of a query that names them beside its text. */
const LOG_GROUPS_MAX = 50;
/** Seconds have not come so far before the year 5138: a larger number is milliseconds. */
const SECONDS_MAX = 100_000_000_000;
const SECOND_MS = 1000;
const DESCRIBE_QUERIES_DEFAULT = 1000;

const StartQuery = z.object({
  queryLanguage: QueryLanguage.optional(),
  logGroupName: LogGroupName.optional(),
  logGroupNames: z.array(LogGroupName).max(LOG_GROUPS_MAX).optional(),
  logGroupIdentifiers: z.array(LogGroupIdentifier).max(LOG_GROUPS_MAX).optional(),
  startTime: Timestamp,
  endTime: Timestamp,
  queryString: text(0, 10_000),
  limit: whole(1, 100_000).optional(),
});
type StartQueryInput = z.infer<typeof StartQuery>;

/**
 * The query's times in ms. Both ends are included, the last second to its end, so that queries over
 * neighbouring ranges leave out nothing. Milliseconds are taken where seconds are asked for, as
 * AWS's own example has them.
 */
export function queryTimes(startTime: number, endTime: number): { startMs: number; endMs: number } {
  const startMs = startTime > SECONDS_MAX ? startTime : startTime * SECOND_MS;
  const endMs = endTime > SECONDS_MAX ? endTime : endTime * SECOND_MS + SECOND_MS - 1;
  if (startMs <= endMs) return { startMs, endMs };
  throw invalidParameter('The query start time must not be after its end time.');
}

/** The groups that a request names, or none where only its text may name them. */
function namedGroups({ state, catalog }: LogsOptions, input: StartQueryInput): readonly LogGroup[] {
  const { logGroupName, logGroupNames = [], logGroupIdentifiers = [] } = input;
  const ways = [
    logGroupName === undefined ? [] : [logGroupName],
    logGroupNames,
    logGroupIdentifiers.map((identifier) => catalog.nameOf(identifier)),
  ].filter((names) => names.length > 0);
  if (ways.length > 1) {
    throw invalidParameter(
      'Only one of logGroupName, logGroupNames and logGroupIdentifiers may be given.',
    );
  }
  return [...new Set(ways.flat())].map((name) => catalog.get(state, name));
}

/** Whether a text chooses its own groups. */
function choosesGroups(queryString: string): boolean {
  return /^[\s|]*(#[^\n]*\n\s*)*source\b/i.test(queryString);
}

function refuseQuery({ message, start, end, missingGroup }: Refused['error']): ApiError {
  if (missingGroup !== undefined) return groupNotFound();
  const location = { startCharOffset: start, endCharOffset: end };
  return new ApiError(400, 'MalformedQueryException', message, {
    members: { queryCompileError: { location, message } },
  });
}
type Refused = Extract<Compiled, { ok: false }>;

function startQuery(options: LogsOptions): Operation {
  const { state, catalog, clock, language, account, runs } = options;
  return operation('read', StartQuery, (input, call) => {
    const { queryLanguage = 'CWLI', queryString, limit } = input;
    if (queryLanguage !== 'CWLI') {
      throw invalidParameter(`${queryLanguage} is not served: expected queryLanguage CWLI.`);
    }
    const groups = namedGroups(options, input);
    const nowMs = clock.now();
    if (groups.length === 0 && !choosesGroups(queryString)) {
      throw invalidParameter(
        'One of logGroupName, logGroupNames and logGroupIdentifiers must be given, or SOURCE in the query.',
      );
    }
    const compiled = language.compileQuery(queryString, {
      groups: groups.map((group) => queriedGroup(group, nowMs)),
      known: queryable(catalog.list(state), nowMs),
      account,
      ...queryTimes(input.startTime, input.endTime),
      nowMs,
      ...(limit !== undefined && { limitMax: limit }),
    });
    if (!compiled.ok) throw refuseQuery(compiled.error);
    const { columns, query } = compiled;
    const { queryId } = runs.start({
      queryString,
      query,
      format: (row) => language.formatRow(columns, row),
      logGroupNames: groups.map(({ name }) => name),
      userIdentity: call.actor.userId,
    });
    return { queryId };
  });
}

function runOf({ runs }: LogsOptions, queryId: string): QueryRun {
  const run = runs.get(queryId);
  if (run !== undefined) return run;
  const message = 'The specified query does not exist.';
  throw new ApiError(400, 'ResourceNotFoundException', message);
}

const GetQueryResults = z.object({
  queryId: QueryId,
  nextToken: text(0, 1024).optional(),
  maxItems: whole(0, RESULT_PAGE_ROWS_MAX).optional(),
});

/** What was read for the query; zeros until the engine has told. */
function statisticsOf({ statistics, rows, started }: QueryRun): object {
  return {
    recordsMatched: rows.count,
    recordsScanned: statistics?.rowsRead ?? 0,
    bytesScanned: statistics?.bytesRead ?? 0,
    estimatedRecordsSkipped: 0,
    estimatedBytesSkipped: 0,
    logGroupsScanned: started.logGroupNames.length,
  };
}

interface ResultPlace {
  readonly queryId: string;
  readonly row: number;
}

function getQueryResults(options: LogsOptions): Operation {
  const now = (): number => options.clock.now();
  const tokens = new PageTokens<ResultPlace>('GetQueryResults', now, RESULT_TOKEN_LIFE_MS);
  return operation('read', GetQueryResults, async (input) => {
    const run = runOf(options, input.queryId);
    const place = tokens.read(input.nextToken === '' ? undefined : input.nextToken);
    if (place !== undefined && place.queryId !== run.queryId) {
      throw invalidParameter('The specified nextToken is of another query.');
    }
    const from = place?.row ?? 0;
    // The status first: rows that come while they are read must not be missing from what is complete.
    const { status } = run;
    const { json, rows } = await run.rows.page(from, input.maxItems ?? RESULT_PAGE_ROWS_MAX);
    const next = from + rows;
    const more = next < run.rows.count && input.maxItems !== 0;
    const others = {
      queryLanguage: 'CWLI',
      statistics: statisticsOf(run),
      status,
      ...(more && { nextToken: tokens.make({ queryId: run.queryId, row: next }) }),
    };
    const head = Buffer.from(`{"results":`);
    return Buffer.concat([head, json, Buffer.from(`,${JSON.stringify(others).slice(1)}`)]);
  });
}

const StopQuery = z.object({ queryId: QueryId });

function stopQuery(options: LogsOptions): Operation {
  return operation('read', StopQuery, ({ queryId }) => {
    const { status } = runOf(options, queryId);
    if (options.runs.stop(queryId)) return { success: true };
    throw invalidParameter(`Cannot stop a query that is not running: its status is ${status}.`);
  });
}

const DescribeQueries = z.object({
  logGroupName: LogGroupName.optional(),
  status: QueryStatus.optional(),
  maxResults: whole(1, 1000).optional(),
  nextToken: NextToken.optional(),
  queryLanguage: QueryLanguage.optional(),
});

function described(run: QueryRun): object {
  const { queryId, started, status, createdAtMs, endedAtMs, statistics } = run;
  const [logGroupName] = started.logGroupNames;
  return {
    queryLanguage: 'CWLI',
    queryId,
    queryString: started.queryString,
    status,
    createTime: createdAtMs,
    ...(logGroupName !== undefined && { logGroupName }),
    ...(endedAtMs !== undefined && { queryDuration: endedAtMs - createdAtMs }),
    bytesScanned: statistics?.bytesRead ?? 0,
    userIdentity: started.userIdentity,
  };
}

function describeQueries(options: LogsOptions): Operation {
  // The newest come first: a page begins after a query, wherever that now stands.
  const tokens = new PageTokens<string>('DescribeQueries', () => options.clock.now());
  return operation('read', DescribeQueries, (input) => {
    const { logGroupName, status, queryLanguage, maxResults = DESCRIBE_QUERIES_DEFAULT } = input;
    const after = tokens.read(input.nextToken);
    const all = options.runs.list();
    const begin = after === undefined ? 0 : all.findIndex(({ queryId }) => queryId === after) + 1;
    const chosen = all
      .slice(begin)
      .filter(
        (run) => logGroupName === undefined || run.started.logGroupNames.includes(logGroupName),
      )
      .filter((run) => status === undefined || run.status === status)
      .filter(() => queryLanguage === undefined || queryLanguage === 'CWLI');
    const page = chosen.slice(0, maxResults);
    const last = page.at(-1);
    return {
      queries: page.map(described),
      ...(chosen.length > page.length && last && { nextToken: tokens.make(last.queryId) }),
    };
  });
}

/** The operations on queries. */
export function queryOperations(options: LogsOptions): Readonly<Record<string, Operation>> {
  return {
    StartQuery: startQuery(options),
    GetQueryResults: getQueryResults(options),
    StopQuery: stopQuery(options),
    DescribeQueries: describeQueries(options),
  };
}

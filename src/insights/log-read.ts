// Events as they were put or are told, page by page: GetLogEvents, FilterLogEvents, Live Tail and GetLogRecord. Not
// the query language, but the same tables, groups, times and amendments.
import { EVENT_TABLE } from '../store/event-table.ts';
import { LOG_EVENT_COLUMNS, LOG_EVENT_TABLE } from '../store/log-event-columns.ts';
import { filterPatternSql, type FilterPattern } from './filter-pattern/index.ts';
import { auditGroups, type BoundQuery, putGroups, type QueryScope } from './scope.ts';
import { columnSql } from './sql/columns.ts';
import { scopeConditions, timeSql } from './sql/event-source.ts';
import { auditAsPut, logEventConditions, SHARED_COLUMNS } from './sql/log-event-source.ts';
import { Parameters } from './sql/parameters.ts';

/** Where an event stands: its time, then its place in the journal. */
export interface LogPlace {
  readonly timeMs: number;
  readonly position: number;
}

/** Which events are read. */
export interface LogRead {
  /** Its groups, and its times, both included. */
  readonly scope: Pick<QueryScope, 'groups' | 'account' | 'startMs' | 'endMs' | 'afterPosition'>;
  /** Only these streams. */
  readonly streams?: readonly string[];
  readonly streamPrefixes?: readonly string[];
  readonly pattern?: FilterPattern;
  /** Only this event. */
  readonly position?: number;
  /** Only what comes behind this place in the order asked for. */
  readonly behind?: LogPlace;
  /** In the order of time, or of the journal for what is new. */
  readonly order: 'time' | 'journal';
  readonly descending: boolean;
  readonly limit: number;
}

/** One row of what `compileLogRead` gives. */
export interface ReadLogEvent {
  /** The log type of an audit log, else the id of the group. */
  readonly groupId: string;
  readonly stream: string;
  readonly timeMs: number;
  readonly ingestionMs: number;
  readonly position: number;
  readonly message: string;
}

const { position, eventTime, ingestionTime, groupId, stream, message } = LOG_EVENT_COLUMNS;
const TIME = columnSql(eventTime);
const POSITION = columnSql(position);

function streamConditions(read: LogRead, parameters: Parameters): string[] {
  const text = (value: string): string => parameters.bind(value, 'String');
  const conditions: string[] = [];
  if (read.streams !== undefined) {
    conditions.push(`${columnSql(stream)} IN (${read.streams.map(text).join(', ')})`);
  }
  if (read.streamPrefixes !== undefined) {
    const any = read.streamPrefixes.map(
      (prefix) => `startsWith(${columnSql(stream)}, ${text(prefix)})`,
    );
    conditions.push(`(${any.join(' OR ')})`);
  }
  return conditions;
}

/** The conditions on columns that both tables have. */
function placeConditions(read: LogRead, parameters: Parameters): string[] {
  const conditions: string[] = [];
  if (read.position !== undefined) {
    conditions.push(`${POSITION} = ${parameters.bind(read.position, 'UInt64')}`);
  }
  if (read.behind !== undefined) {
    const { timeMs } = read.behind;
    const place = `(${timeSql(timeMs, parameters)}, ${parameters.bind(read.behind.position, 'Int64')})`;
    // As a second condition for the primary key, which does not know of pairs.
    const time = `${TIME} ${read.descending ? '<=' : '>='} ${timeSql(timeMs, parameters)}`;
    const pair = `(${TIME}, toInt64(${POSITION})) ${read.descending ? '<' : '>'} ${place}`;
    conditions.push(time, pair);
  }
  return conditions;
}

function orderSql({ order, descending }: LogRead): string {
  const direction = descending ? 'DESC' : 'ASC';
  const keys = order === 'time' ? [TIME, POSITION] : [POSITION];
  return keys.map((key) => `${key} ${direction}`).join(', ');
}

/** The events of one table, as many as are wanted, with the columns of log events. */
function tableSql(
  read: LogRead,
  table: string,
  conditions: readonly string[],
  columns: string,
): string {
  const limit = `ORDER BY ${orderSql(read)} LIMIT ${read.limit}`;
  // Without a pattern the rows are chosen before any message is composed.
  const chosen = `SELECT * FROM ${table} WHERE ${conditions.join(' AND ')}`;
  return read.pattern === undefined
    ? `SELECT ${columns} FROM (${chosen} ${limit})`
    : `SELECT ${columns} FROM (${chosen})`;
}

/**
 * The SQL that reads the events: rows of group id, stream, time, ingestion time, position and message, which
 * `readLogEvent` reads. Everything of the request is a bound parameter but the number of rows.
 */
export function compileLogRead(read: LogRead): BoundQuery {
  if (!Number.isSafeInteger(read.limit))
    throw new RangeError(`not a number of rows: ${read.limit}`);
  const parameters = new Parameters();
  const scope: QueryScope = { ...read.scope, nowMs: 0 };
  const places = placeConditions(read, parameters);
  const tables: string[] = [];
  if (putGroups(scope.groups).length > 0) {
    const conditions = [
      ...logEventConditions(scope, parameters),
      ...places,
      ...streamConditions(read, parameters),
    ];
    tables.push(tableSql(read, LOG_EVENT_TABLE, conditions, SHARED_COLUMNS.join(', ')));
  }
  if (auditGroups(scope.groups).length > 0) {
    const conditions = [...scopeConditions(scope, parameters), ...places];
    tables.push(tableSql(read, EVENT_TABLE, conditions, auditAsPut(scope, parameters)));
  }
  const conditions = streamConditions(read, parameters);
  if (read.pattern !== undefined) {
    conditions.push(filterPatternSql(read.pattern, columnSql(message), parameters));
  }
  const columns = [
    `toString(${columnSql(groupId)})`,
    `toString(${columnSql(stream)})`,
    `toUnixTimestamp64Milli(${TIME})`,
    `toUnixTimestamp64Milli(${columnSql(ingestionTime)})`,
    POSITION,
    columnSql(message),
  ];
  const sql = [
    `SELECT ${columns.join(', ')}`,
    `FROM (${tables.length === 0 ? `SELECT * FROM ${LOG_EVENT_TABLE} WHERE 0` : tables.join(' UNION ALL ')})`,
    `WHERE ${conditions.length === 0 ? '1' : conditions.join(' AND ')}`,
    `ORDER BY ${orderSql(read)}`,
    `LIMIT ${read.limit}`,
    'SETTINGS output_format_json_quote_64bit_integers = 0, output_format_json_escape_forward_slashes = 0',
  ].join('\n');
  return { sql, parameters: parameters.values };
}

/** A row of `compileLogRead`. */
export function readLogEvent(row: readonly unknown[]): ReadLogEvent {
  const [id, name, timeMs, ingestionMs, at, text] = row;
  return {
    groupId: String(id),
    stream: String(name),
    timeMs: Number(timeMs),
    ingestionMs: Number(ingestionMs),
    position: Number(at),
    message: String(text),
  };
}

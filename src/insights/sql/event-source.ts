// The events of the queried groups and times as the innermost source of rows.
import { REVISION, REVISION_KEY } from '../../event/recurring-fields.ts';
import { columnName, EVENT_TABLE, SYSTEM_COLUMNS } from '../../store/event-table.ts';
import { auditGroups, type QueryScope } from '../scope.ts';
import type { RowSource } from './block.ts';
import { columnSql } from './columns.ts';
import { EventFields } from './event-fields.ts';
import { messageSql } from './message.ts';
import type { Parameters } from './parameters.ts';
import { TIMESTAMP_MAX_MS, TIMESTAMP_MIN_MS, type Share } from './value.ts';

/** Where an event stands in time, then in the journal. */
export const EVENT_ORDER: readonly string[] = [
  columnSql(SYSTEM_COLUMNS.eventTime),
  columnSql(SYSTEM_COLUMNS.position),
];

/** The name that `@message` has in SQL; no column of the event table is called so. */
const MESSAGE = '_message';

/**
 * The rows of the event table. A query that names `@message` gets it as a column of a SELECT below:
 * its SQL is long, and written out wherever it is used it would be too much for the engine.
 */
export function eventSource(scope: QueryScope, parameters: Parameters, share: Share): RowSource {
  const fields = new EventFields(scope, parameters, share);
  let message: string | undefined;
  return {
    from: () =>
      message === undefined
        ? EVENT_TABLE
        : `(SELECT *, ${message} AS ${MESSAGE} FROM ${EVENT_TABLE})`,
    defined: () => undefined,
    field: (name) => {
      if (name !== '@message') return fields.resolve(name);
      const logTypes = auditGroups(scope.groups).map(({ logType }) => logType);
      message = messageSql(logTypes, parameters);
      return { sql: MESSAGE, type: 'text' };
    },
    order: () => EVENT_ORDER,
  };
}

/**
 * The condition that an event was not amended: of a key that has amendments only the newest is
 * shown. Many events have a key, few are amended, so only these are looked for. An amendment has the
 * event's time and log type: the conditions that choose the one choose both.
 */
function notAmended(chosen: readonly string[]): string {
  const key = columnSql(columnName(REVISION_KEY.path));
  const position = columnSql(SYSTEM_COLUMNS.position);
  const logType = columnSql(SYSTEM_COLUMNS.logType);
  const amended = [...chosen, `isNotNull(${columnSql(columnName(REVISION.path))})`].join(' AND ');
  const keys = `SELECT ${logType}, ${key} FROM ${EVENT_TABLE} WHERE ${amended}`;
  const newest = `SELECT max(${position}) FROM ${EVENT_TABLE} WHERE ${amended} GROUP BY ${logType}, ${key}`;
  return `(isNull(${key}) OR (${logType}, ${key}) NOT IN (${keys}) OR ${position} IN (${newest}))`;
}

/** A time in ms as the tables have it. */
export function timeSql(ms: number, parameters: Parameters): string {
  const possible = Math.min(Math.max(Math.trunc(ms), TIMESTAMP_MIN_MS), TIMESTAMP_MAX_MS);
  return `fromUnixTimestamp64Milli(${parameters.bind(possible, 'Int64')}, 'UTC')`;
}

/** The condition for the scope's times, and those that it is compared with. */
export function timeCondition(scope: QueryScope, parameters: Parameters): string {
  const time = columnSql(SYSTEM_COLUMNS.eventTime);
  const own = withinTimes(time, scope, parameters);
  if (scope.compared === undefined) return own;
  return `((${own}) OR (${withinTimes(time, scope.compared, parameters)}))`;
}

/** The condition that a time lies between two, both included. */
export function withinTimes(
  time: string,
  { startMs, endMs }: { readonly startMs: number; readonly endMs: number },
  parameters: Parameters,
): string {
  const [from, to] = [startMs, endMs].map((ms) => timeSql(ms, parameters));
  return `${time} >= ${from} AND ${time} <= ${to}`;
}

/**
 * The conditions for the scope's groups, times and place in the journal, on bare columns: they
 * decide which partitions and ranges of the primary key are read.
 */
export function scopeConditions(scope: QueryScope, parameters: Parameters): readonly string[] {
  const types = [...new Set(auditGroups(scope.groups).map(({ logType }) => logType))].map(
    (logType) => parameters.bind(logType, 'String'),
  );
  const logType = columnSql(SYSTEM_COLUMNS.logType);
  // Only with an equality does the engine see that one log type's rows lie in the order of time.
  const ofTypes = types.length === 1 ? `= ${types[0]}` : `IN (${types.join(', ')})`;
  const conditions = [
    types.length === 0 ? '0' : `${logType} ${ofTypes}`,
    timeCondition(scope, parameters),
  ];
  conditions.push(notAmended(conditions));
  if (scope.afterPosition !== undefined) {
    const position = columnSql(SYSTEM_COLUMNS.position);
    conditions.push(`${position} >= ${parameters.bind(scope.afterPosition, 'UInt64')}`);
  }
  return conditions;
}

// The log events that clients put as the innermost source of rows: their fields are what is in the JSON of
// their messages, found at query time. Beside audit logs these are read in the same way, as their messages.
import { LOG_EVENT_COLUMNS, LOG_EVENT_TABLE } from '../../store/log-event-columns.ts';
import { EVENT_TABLE, SYSTEM_COLUMNS } from '../../store/event-table.ts';
import { auditGroups, putGroups, type PutGroup, type QueryScope } from '../scope.ts';
import type { RowSource } from './block.ts';
import { columnSql } from './columns.ts';
import { LOG_STREAM, pointerSql } from './event-fields.ts';
import { EVENT_ORDER, scopeConditions, timeCondition, timeSql } from './event-source.ts';
import { jsonAt } from './json-path.ts';
import { messageSql } from './message.ts';
import type { Parameters } from './parameters.ts';
import { MISSING_TEXT, type Share, type SqlValue } from './value.ts';

const { groupId, stream, message, eventTime, ingestionTime, position } = LOG_EVENT_COLUMNS;

/** The columns that rows of both tables have in common, in the order of the union. */
export const SHARED_COLUMNS = [position, ingestionTime, groupId, stream, eventTime, message].map(
  columnSql,
);

/** The conditions for the scope's put groups, times and place in the journal, on bare columns. */
export function logEventConditions(scope: QueryScope, parameters: Parameters): readonly string[] {
  const groups = putGroups(scope.groups);
  const ids = groups.map(({ logGroupId }) => parameters.bind(logGroupId, 'String'));
  const id = columnSql(groupId);
  const ofGroups = ids.length === 1 ? `${id} = ${ids[0]}` : `${id} IN (${ids.join(', ')})`;
  const conditions = [ids.length === 0 ? '0' : ofGroups, timeCondition(scope, parameters)];
  conditions.push(...groups.flatMap((group) => keptCondition(group, parameters)));
  if (scope.afterPosition !== undefined) {
    const after = parameters.bind(scope.afterPosition, 'UInt64');
    conditions.push(`${columnSql(position)} >= ${after}`);
  }
  return conditions;
}

/** What is beyond a group's retention is not shown, whether it has gone already or not. */
function keptCondition({ logGroupId, keptSinceMs }: PutGroup, parameters: Parameters): string[] {
  if (keptSinceMs === undefined) return [];
  const other = `${columnSql(groupId)} != ${parameters.bind(logGroupId, 'String')}`;
  return [`(${other} OR ${columnSql(eventTime)} >= ${timeSql(keptSinceMs, parameters)})`];
}

/** Rows of put groups alone, or of put groups and audit logs together. */
export function logEventSource(scope: QueryScope, parameters: Parameters, share: Share): RowSource {
  const mixed = auditGroups(scope.groups).length > 0;
  const from = mixed ? bothTables(scope, parameters) : LOG_EVENT_TABLE;
  return {
    from: () => from,
    defined: () => undefined,
    field: (name) =>
      systemField(name, scope, parameters, share) ?? discovered(name, parameters, share),
    order: () => EVENT_ORDER,
  };
}

/**
 * The columns of an audit event as if somebody had put its canonical JSON into a group that is called as its
 * type.
 */
export function auditAsPut(scope: QueryScope, parameters: Parameters): string {
  const types = auditGroups(scope.groups).map(({ logType }) => logType);
  const columns = [
    columnSql(SYSTEM_COLUMNS.position),
    columnSql(SYSTEM_COLUMNS.ingestionTime),
    `toString(${columnSql(SYSTEM_COLUMNS.logType)})`,
    parameters.bind(LOG_STREAM, 'String'),
    columnSql(SYSTEM_COLUMNS.eventTime),
    messageSql(types, parameters),
  ];
  return columns.map((sql, index) => `${sql} AS ${SHARED_COLUMNS[index]}`).join(', ');
}

function bothTables(scope: QueryScope, parameters: Parameters): string {
  const conditions = logEventConditions(scope, parameters).join(' AND ');
  const put = `SELECT ${SHARED_COLUMNS.join(', ')} FROM ${LOG_EVENT_TABLE} WHERE ${conditions}`;
  // The inner SELECT keeps its conditions from being taken for conditions on the new names.
  const audit = `SELECT * FROM ${EVENT_TABLE} WHERE ${scopeConditions(scope, parameters).join(' AND ')}`;
  return `(${put} UNION ALL SELECT ${auditAsPut(scope, parameters)} FROM (${audit}))`;
}

function systemField(
  name: string,
  scope: QueryScope,
  parameters: Parameters,
  share: Share,
): SqlValue | undefined {
  switch (name) {
    case '@timestamp':
      return { sql: columnSql(eventTime), type: 'timestamp' };
    case '@ingestionTime':
      return { sql: columnSql(ingestionTime), type: 'timestamp' };
    case '@message':
      return { sql: columnSql(message), type: 'text' };
    case '@logStream':
      return { sql: `toString(${columnSql(stream)})`, type: 'text' };
    case '@log':
      return { sql: share(logName(scope, parameters)), type: 'text' };
    case '@aws.account': {
      const { account } = scope;
      return { sql: parameters.bind(account, 'String'), type: 'text', literal: account };
    }
    case '@ptr':
      return { sql: pointerSql(), type: 'text' };
    default:
      return undefined;
  }
}

function logName({ groups, account }: QueryScope, parameters: Parameters): string {
  const branches = groups.map((group) => {
    const id = 'logType' in group ? group.logType : group.logGroupId;
    const name = parameters.bind(`${account}:${group.name}`, 'String');
    return `${columnSql(groupId)} = ${parameters.bind(id, 'String')}, ${name}`;
  });
  return branches.length === 0 ? MISSING_TEXT.sql : `multiIf(${branches.join(', ')}, NULL)`;
}

/**
 * A field of the message's JSON. One whose own name begins with `@` is asked for with `@@`.
 *
 * @see CloudWatch Logs user guide, "Supported logs and discovered fields"
 */
function discovered(name: string, parameters: Parameters, share: Share): SqlValue {
  if (name.startsWith('@') && !name.startsWith('@@')) return MISSING_TEXT;
  const path = name.startsWith('@@') ? name.slice(1) : name;
  const json = columnSql(message);
  return { ...jsonAt(json, path.split('.'), parameters, share), inJson: json };
}

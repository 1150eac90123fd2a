// The table of log events that clients put: any text, found by group and time. It stands beside the table of
// audit events and shares nothing with it but positions.
import { LOG_EVENT_TYPE } from '../event/log-event.ts';
import { LOG_EVENT_TABLE } from './log-event-columns.ts';
import { literal, type LoadSource, sealedSql } from './load-sql.ts';
import { COMMON_TABLE_SETTINGS, settingsClause, type TableEngine } from './schema.ts';

/**
 * What of a message is in the index, in characters: a piece of three is in few of the 8,192 messages of a
 * granule if it is rare at all, and words that people look for are longer.
 */
const INDEXED_PIECE = 3;
/** Bytes of the index of a granule: one in a hundred wrong for messages of some 200 characters. */
const INDEX_BYTES = 262_144;
const INDEX_HASHES = 3;

/** The statement that makes the table if there is none. */
export function createLogEventTableSql(engine: TableEngine): string {
  const settings = settingsClause({ ...COMMON_TABLE_SETTINGS, ...engine.settings });
  return [
    `CREATE TABLE IF NOT EXISTS ${LOG_EVENT_TABLE}${engine.onCluster ?? ''} (`,
    '  `log_group_id` LowCardinality(String) CODEC(ZSTD(1)),',
    "  `event_time` DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),",
    '  `position` UInt64 CODEC(Delta, ZSTD(1)),',
    "  `ingestion_time` DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),",
    '  `log_stream` LowCardinality(String) CODEC(ZSTD(1)),',
    '  `message` String CODEC(ZSTD(3)),',
    '  INDEX skip_position `position` TYPE minmax GRANULARITY 1,',
    `  INDEX skip_message \`message\` TYPE ngrambf_v1(${INDEXED_PIECE}, ${INDEX_BYTES}, ${INDEX_HASHES}, 0) GRANULARITY 1`,
    `) ENGINE = ${engine.engine}`,
    'PARTITION BY toYYYYMM(event_time)',
    'ORDER BY (log_group_id, event_time, position)',
    `SETTINGS ${settings}`,
  ].join('\n');
}

const LINE = [
  'log_type String',
  'log_group_id String',
  'log_stream String',
  'event_timestamp Int64',
  'message String',
].join(', ');

/**
 * The statement that loads the log events of a file; its other lines are left to the table of audit events.
 * See loadSql for how rows get their positions.
 */
export function loadLogEventsSql(source: LoadSource, onlyMissing: boolean): string {
  const present = `SELECT position FROM ${LOG_EVENT_TABLE} WHERE ${logRangeCondition(source)}`;
  return [
    `INSERT INTO ${LOG_EVENT_TABLE} (position, ingestion_time, log_group_id, log_stream, event_time, message)`,
    `SELECT ${source.from} + line, fromUnixTimestamp64Milli(toInt64(${sealedSql(source)}), 'UTC'),`,
    "  log_group_id, log_stream, fromUnixTimestamp64Milli(event_timestamp, 'UTC'), message",
    '  FROM (SELECT *, rowNumberInAllBlocks() AS line',
    `  FROM file(${literal(source.path)}, 'JSONEachRow', ${literal(LINE)}))`,
    `WHERE log_type = '${LOG_EVENT_TYPE}'`,
    onlyMissing ? `AND ${source.from} + line NOT IN (${present})` : '',
  ].join('\n');
}

function logRangeCondition({ from, to }: { readonly from: number; readonly to: number }): string {
  return `position >= ${from} AND position < ${to}`;
}

/** The statement that counts how many log events of the range the table has. */
export function countLogEventsSql(range: { readonly from: number; readonly to: number }): string {
  return `SELECT count() FROM ${LOG_EVENT_TABLE} WHERE ${logRangeCondition(range)}`;
}

/** Which log events are to go. */
export interface Forgotten {
  readonly groupId: string;
  /** Only those of this stream. */
  readonly stream?: string;
  /** Only those dated before, ms since the Unix epoch. */
  readonly beforeMs?: number;
  /** Only those below: what comes later stays. */
  readonly belowPosition: number;
}

/** The condition for what is to go. */
export function forgottenCondition({
  groupId,
  stream,
  beforeMs,
  belowPosition,
}: Forgotten): string {
  const conditions = [`log_group_id = ${literal(groupId)}`, `position < ${belowPosition}`];
  if (stream !== undefined) conditions.push(`log_stream = ${literal(stream)}`);
  if (beforeMs !== undefined) {
    conditions.push(
      `event_time < fromUnixTimestamp64Milli(toInt64(${Math.trunc(beforeMs)}), 'UTC')`,
    );
  }
  return conditions.join(' AND ');
}

/** The statement that deletes them; the engine does it in the background and finishes after a restart. */
export function forgetSql(engine: TableEngine, what: Forgotten): string {
  return `ALTER TABLE ${LOG_EVENT_TABLE}${engine.onCluster ?? ''} DELETE WHERE ${forgottenCondition(what)}`;
}

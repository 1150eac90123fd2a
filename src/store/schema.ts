// The table of audit events as DDL, made from the declarations of the fields. Both engines get the
// same columns, order, indexes and settings; only the table engine's name and arguments differ.
import type { LogType } from '../event/log-type.ts';
import { EVENT_COLUMNS, EVENT_TABLE, type EventColumn, SYSTEM_COLUMNS } from './event-table.ts';

/** Raised when existing tables must be changed in another way than by new columns. */
export const SCHEMA_VERSION = 1;

/** What differs between the engines. */
export interface TableEngine {
  /** e.g. `MergeTree`, or `ReplicatedMergeTree('/clickhouse/tables/{shard}/events', '{replica}')`. */
  readonly engine: string;
  /** e.g. ` ON CLUSTER mailtrail`, with its leading space. */
  readonly onCluster?: string;
  /** Settings of this engine's tables beside the common ones. */
  readonly settings?: Readonly<Record<string, string | number>>;
}

/** One column as the DDL has it. */
export interface ColumnDdl {
  readonly name: string;
  readonly type: string;
  readonly codec: string;
  /** A skip index over the column, without its name. */
  readonly index?: string;
}

/**
 * Skips blocks of rows that cannot hold the value looked for: a thousandth of false alarms costs
 * some 14 bits a value, over the distinct values of 8,192 rows.
 */
const NEEDLE_INDEX = 'bloom_filter(0.01) GRANULARITY 1';
/** Finds the rows of a journal range without reading the table. */
const RANGE_INDEX = 'minmax GRANULARITY 1';

/** General compression of text: level 3 is where ingest begins to pay more than the disk gains. */
const TEXT_CODEC = 'ZSTD(3)';
const DICTIONARY_CODEC = 'ZSTD(1)';
/** Numbers that grow slowly are kept as differences. */
const RISING_CODEC = 'Delta, ZSTD(1)';
const NUMBER_CODEC = 'T64, ZSTD(1)';

const SYSTEM_COLUMN_DDL: readonly ColumnDdl[] = [
  { name: SYSTEM_COLUMNS.logType, type: 'LowCardinality(String)', codec: DICTIONARY_CODEC },
  { name: SYSTEM_COLUMNS.eventTime, type: "DateTime64(3, 'UTC')", codec: RISING_CODEC },
  {
    name: SYSTEM_COLUMNS.position,
    type: 'UInt64',
    codec: RISING_CODEC,
    index: RANGE_INDEX,
  },
  { name: SYSTEM_COLUMNS.ingestionTime, type: "DateTime64(3, 'UTC')", codec: RISING_CODEC },
  { name: SYSTEM_COLUMNS.extra, type: 'Nullable(String)', codec: TEXT_CODEC },
  { name: SYSTEM_COLUMNS.eventExtra, type: 'Nullable(String)', codec: TEXT_CODEC },
];

function textDdl(column: EventColumn): ColumnDdl {
  if (column.spread === 'few') {
    return {
      name: column.column,
      type: 'LowCardinality(Nullable(String))',
      codec: DICTIONARY_CODEC,
    };
  }
  const ddl = { name: column.column, type: 'Nullable(String)', codec: TEXT_CODEC };
  return column.spread === 'needle' ? { ...ddl, index: NEEDLE_INDEX } : ddl;
}

function fieldDdl(column: EventColumn): ColumnDdl {
  const name = column.column;
  switch (column.kind) {
    case 'text':
      return textDdl(column);
    case 'texts':
      return { name, type: 'Array(String)', codec: TEXT_CODEC };
    case 'boolean':
      return { name, type: 'Nullable(Bool)', codec: DICTIONARY_CODEC };
    case 'integer':
      return { name, type: 'Nullable(Int64)', codec: NUMBER_CODEC };
    case 'timestamp':
      return { name, type: 'Nullable(Int64)', codec: RISING_CODEC };
    case 'json':
      return { name, type: 'Nullable(String)', codec: TEXT_CODEC };
  }
}

/** All columns of the event table, the system's first. */
export const EVENT_TABLE_COLUMNS: readonly ColumnDdl[] = [
  ...SYSTEM_COLUMN_DDL,
  ...[...EVENT_COLUMNS.values()].map(fieldDdl),
];

/**
 * Settings that bound what the engine does beside answering: merges stay small enough for a host of
 * 2 GB, and a merge is never starved because the pool of background threads is small.
 */
export const COMMON_TABLE_SETTINGS: Readonly<Record<string, string | number>> = {
  // Parts stay in one file until a part is big: a load writes and syncs 5 files instead of 250.
  min_bytes_for_wide_part: 128 * 1024 * 1024,
  // A retention change only reckons anew what expires when; the next merge does the deleting.
  materialize_ttl_recalculate_only: 1,
};

/** Settings as they stand in DDL. */
export function settingsClause(settings: Readonly<Record<string, string | number>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name} = ${typeof value === 'number' ? value : `'${value}'`}`)
    .join(', ');
}

function columnClause({ name, type, codec }: ColumnDdl): string {
  return `\`${name}\` ${type} CODEC(${codec})`;
}

function indexName(column: string): string {
  return `skip_${column}`;
}

/** What is noted at the table itself. */
export interface TableNote {
  readonly version: number;
  /** Another one whenever the table was made anew or the engine had to set damaged parts aside. */
  readonly generation: string;
  /** Parts that were set aside and are known of. */
  readonly damaged: readonly string[];
}

/** The statement that makes the event table if there is none. */
export function createTableSql(engine: TableEngine, note: TableNote): string {
  const lines = EVENT_TABLE_COLUMNS.map(columnClause);
  for (const { name, index } of EVENT_TABLE_COLUMNS) {
    if (index !== undefined) lines.push(`INDEX ${indexName(name)} \`${name}\` TYPE ${index}`);
  }
  const { logType, eventTime, position } = SYSTEM_COLUMNS;
  return [
    `CREATE TABLE IF NOT EXISTS ${EVENT_TABLE}${engine.onCluster ?? ''} (`,
    `  ${lines.join(',\n  ')}`,
    `) ENGINE = ${engine.engine}`,
    `PARTITION BY toYYYYMM(${eventTime})`,
    `ORDER BY (${logType}, ${eventTime}, ${position})`,
    `SETTINGS ${settingsClause({ ...COMMON_TABLE_SETTINGS, ...engine.settings })}`,
    `COMMENT ${noteLiteral(note)}`,
  ].join('\n');
}

function noteLiteral(note: TableNote): string {
  const { version, generation, damaged } = note;
  return `'${JSON.stringify({ version, generation, damaged })}'`;
}

/** The statement that writes the note at the table. */
export function noteSql(engine: TableEngine, note: TableNote): string {
  return `ALTER TABLE ${EVENT_TABLE}${engine.onCluster ?? ''} MODIFY COMMENT ${noteLiteral(note)}`;
}

/** A column as the engine says it is. */
export interface ExistingColumn {
  readonly name: string;
  readonly type: string;
}

/**
 * The statements that bring an existing table up to the declarations: columns and their indexes are
 * added, never removed. Throws when a column has another type than declared, which needs a new
 * SCHEMA_VERSION and a migration of its own.
 */
export function migrationSql(
  engine: TableEngine,
  existing: readonly ExistingColumn[],
): readonly string[] {
  const types = new Map(existing.map(({ name, type }) => [name, type]));
  const table = `ALTER TABLE ${EVENT_TABLE}${engine.onCluster ?? ''}`;
  const statements: string[] = [];
  for (const column of EVENT_TABLE_COLUMNS) {
    const type = types.get(column.name);
    if (type === column.type) continue;
    if (type !== undefined) {
      throw new Error(
        `column ${column.name} of table ${EVENT_TABLE} is ${type}, but this version of Mailtrail needs ${column.type}`,
      );
    }
    statements.push(`${table} ADD COLUMN IF NOT EXISTS ${columnClause(column)}`);
    if (column.index !== undefined) {
      statements.push(
        `${table} ADD INDEX IF NOT EXISTS ${indexName(column.name)} \`${column.name}\` TYPE ${column.index}`,
      );
    }
  }
  return statements;
}

/** Days that each log type is kept; a type without an entry is kept for ever. */
export type Retention = ReadonlyMap<LogType, number>;

/** The longest retention CloudWatch Logs offers is 10 years; ours ends where dates do. */
export const RETENTION_DAYS_MAX = 36_500;

/** The statement that makes the table keep its rows so long and no longer. */
export function retentionSql(engine: TableEngine, retention: Retention): string {
  const table = `ALTER TABLE ${EVENT_TABLE}${engine.onCluster ?? ''}`;
  if (retention.size === 0) return `${table} REMOVE TTL`;
  const rules = [...retention].map(([logType, days]) => {
    return `toDateTime(${SYSTEM_COLUMNS.eventTime}) + toIntervalDay(${days}) DELETE WHERE ${SYSTEM_COLUMNS.logType} = '${logType}'`;
  });
  return `${table} MODIFY TTL ${rules.join(', ')}`;
}

/** Reads the retention back from the engine's own description of the table. */
export function parseRetention(engineDescription: string): Map<string, number> {
  const rules = engineDescription.matchAll(/toIntervalDay\((\d+)\) WHERE log_type = '(\w+)'/g);
  return new Map([...rules].map((rule) => [rule[2] ?? '', Number(rule[1])]));
}

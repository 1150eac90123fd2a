// How a range of journal lines becomes rows: the engine reads the lines from a file by itself. The
// shape of a line follows from the declarations, as the table does.
import type { FieldKind } from '../event/field.ts';
import { LOG_EVENT_TYPE } from '../event/log-event.ts';
import { EVENT_COLUMNS, EVENT_TABLE, type EventColumn, SYSTEM_COLUMNS } from './event-table.ts';

const INPUT_TYPES: Readonly<Record<FieldKind, string>> = {
  text: 'Nullable(String)',
  texts: 'Array(String)',
  integer: 'Nullable(Int64)',
  boolean: 'Nullable(Bool)',
  timestamp: 'Nullable(Int64)',
  json: 'Nullable(String)',
};

const COLUMNS: readonly EventColumn[] = [...EVENT_COLUMNS.values()];
const EXTRA = 'extra';

/**
 * Text is read as plain strings and becomes the table's LowCardinality a block at a time: read as
 * LowCardinality it would cost a dictionary look-up for each of some fifty columns in each line.
 */
function inputType(column: EventColumn): string {
  return INPUT_TYPES[column.kind];
}

/** The objects inside a record, e.g. `event`, with the fields they hold. */
function nestedObjects(): ReadonlyMap<string, readonly EventColumn[]> {
  const objects = new Map<string, EventColumn[]>();
  for (const column of COLUMNS) {
    const dot = column.path.indexOf('.');
    if (dot < 0) continue;
    const name = column.path.slice(0, dot);
    objects.set(name, [...(objects.get(name) ?? []), column]);
  }
  return objects;
}

const NESTED = nestedObjects();

function key(column: EventColumn): string {
  return column.path.slice(column.path.indexOf('.') + 1);
}

/** What the engine is told about a line; keys it is not told of do not occur (see admit.ts). */
export const LINE_STRUCTURE: string = [
  'log_type String',
  'event_timestamp Int64',
  ...COLUMNS.filter(({ path }) => !path.includes('.')).map((column) => {
    return `\`${column.path}\` ${inputType(column)}`;
  }),
  ...[...NESTED].map(([name, columns]) => {
    const fields = columns.map((column) => `\`${key(column)}\` ${inputType(column)}`);
    return `\`${name}\` Tuple(${[...fields, `${EXTRA} Nullable(String)`].join(', ')})`;
  }),
  `${EXTRA} Nullable(String)`,
].join(', ');

const TARGET = [
  SYSTEM_COLUMNS.position,
  SYSTEM_COLUMNS.ingestionTime,
  SYSTEM_COLUMNS.logType,
  SYSTEM_COLUMNS.eventTime,
  SYSTEM_COLUMNS.extra,
  SYSTEM_COLUMNS.eventExtra,
  ...COLUMNS.map(({ column }) => column),
];

const SOURCE = [
  'log_type',
  "fromUnixTimestamp64Milli(event_timestamp, 'UTC')",
  EXTRA,
  `tupleElement(event, '${EXTRA}')`,
  ...COLUMNS.map((column) => {
    const dot = column.path.indexOf('.');
    if (dot < 0) return `\`${column.path}\``;
    return `tupleElement(${column.path.slice(0, dot)}, '${key(column)}')`;
  }),
];

/** A file of event lines and where they stood in the journal. */
export interface LoadSource {
  /** The lines' file, absolute. */
  readonly path: string;
  readonly from: number;
  readonly to: number;
  /** For each block: the row number of its first line, and when it was sealed. */
  readonly blockStarts: readonly number[];
  readonly sealedAtMs: readonly number[];
  /** Whether some of the lines are log events, which go into a table of their own. */
  readonly hasLogEvents?: boolean;
}

/** Text as SQL, for what is not the author of a query's: paths, ids, names in the state. */
export function literal(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

/** When each line's block was sealed, in ms, as SQL over its number `line`. */
export function sealedSql({ blockStarts, sealedAtMs }: LoadSource): string {
  if (blockStarts.length === 1) return String(sealedAtMs[0] ?? 0);
  const starts = `[${blockStarts.join(', ')}]`;
  return `transform(roundDown(line, ${starts}), ${starts}, [${sealedAtMs.join(', ')}])`;
}

/**
 * The statement that loads the file. Rows are numbered in the file's order, which the engine keeps
 * because one thread reads; `onlyMissing` leaves out the positions that the table has already.
 */
export function loadSql(source: LoadSource, onlyMissing: boolean): string {
  // A line that the engine takes for two events would move all behind it to wrong positions.
  const tooMany = `throwIf(line >= ${source.to - source.from}, 'there are more events than lines')`;
  const present = `SELECT ${SYSTEM_COLUMNS.position} FROM ${EVENT_TABLE} WHERE ${rangeCondition(source)}`;
  const conditions = [
    ...(source.hasLogEvents === true ? [`log_type != '${LOG_EVENT_TYPE}'`] : []),
    ...(onlyMissing ? [`${source.from} + line NOT IN (${present})`] : []),
  ];
  return [
    `INSERT INTO ${EVENT_TABLE} (${TARGET.map((name) => `\`${name}\``).join(', ')})`,
    `SELECT ${source.from} + line + ${tooMany}, fromUnixTimestamp64Milli(toInt64(${sealedSql(source)}), 'UTC'),`,
    `  ${SOURCE.join(', ')}`,
    `FROM (SELECT *, rowNumberInAllBlocks() AS line`,
    `  FROM file(${literal(source.path)}, 'JSONEachRow', ${literal(LINE_STRUCTURE)}))`,
    conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`,
  ].join('\n');
}

/** Which rows of the table belong to the range. */
export function rangeCondition(range: { readonly from: number; readonly to: number }): string {
  const { position } = SYSTEM_COLUMNS;
  return `${position} >= ${range.from} AND ${position} < ${range.to}`;
}

/** The statement that counts how many rows of the range the table has. */
export function countSql(range: { readonly from: number; readonly to: number }): string {
  return `SELECT count() FROM ${EVENT_TABLE} WHERE ${rangeCondition(range)}`;
}

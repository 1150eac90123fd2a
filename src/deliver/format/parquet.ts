// The records of a batch as one Parquet file: a column for each field, of the kind that the field is declared
// with, so that all files of a delivery have one schema. Called for the objects of S3.
import type { ColumnSource } from 'hyparquet-writer';
import type { FieldKind } from '../../event/field.ts';
import { logTypeSpec, type LogType } from '../../event/log-type.ts';
import type { FieldTreatment } from '../delivery.ts';
import type { DeliveryRecord } from '../destination.ts';
import { fieldAt, type RecordFields } from '../field-path.ts';

/** The column of the fields that no declaration names, as a JSON object; only where all fields leave. */
export const OTHER_FIELDS_COLUMN = 'other_fields';

export interface ParquetColumn {
  readonly name: string;
  readonly type: 'STRING' | 'INT64' | 'BOOLEAN' | 'JSON';
}

const TYPES: Readonly<Record<FieldKind, ParquetColumn['type']>> = {
  timestamp: 'INT64',
  integer: 'INT64',
  boolean: 'BOOLEAN',
  text: 'STRING',
  texts: 'JSON',
  json: 'JSON',
};

/**
 * The columns of a delivery: those of `recordFields`, or all of the log type and one for what else a
 * record has. A hashed or masked field is text, an array of such ones JSON.
 */
export function parquetColumns(
  logType: LogType,
  recordFields: readonly string[] | undefined,
  treatments: readonly FieldTreatment[],
): readonly ParquetColumn[] {
  const kinds = new Map(logTypeSpec(logType).fields.map(({ path, kind }) => [path, kind]));
  const treated = new Set(
    treatments.filter(({ how }) => how !== 'remove').map((each) => each.field),
  );
  const columns = (recordFields ?? [...kinds.keys()]).map((name): ParquetColumn => {
    const type = TYPES[kinds.get(name) ?? 'json'];
    return { name, type: treated.has(name) && type !== 'JSON' ? 'STRING' : type };
  });
  return recordFields === undefined
    ? [...columns, { name: OTHER_FIELDS_COLUMN, type: 'JSON' }]
    : columns;
}

/** The value as its column has it; undefined when it is not of the column's type. */
function cell(value: unknown, type: ParquetColumn['type']): unknown {
  if (value === undefined || value === null) return null;
  switch (type) {
    case 'INT64':
      return typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : undefined;
    case 'BOOLEAN':
      return typeof value === 'boolean' ? value : undefined;
    case 'STRING':
      return typeof value === 'string' ? value : JSON.stringify(value);
    default:
      return value;
  }
}

/** What is in the record besides the columns; null when there is nothing. */
function others(fields: RecordFields, columns: readonly ParquetColumn[]): object | null {
  const declared = new Set(columns.map(({ name }) => name));
  const rest = remainder(fields, '', declared);
  return Object.keys(rest).length === 0 ? null : rest;
}

function remainder(
  fields: RecordFields,
  above: string,
  declared: ReadonlySet<string>,
): RecordFields {
  const rest: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(fields)) {
    const path = `${above}${key}`;
    if (declared.has(path)) continue;
    const isGroup = [...declared].some((each) => each.startsWith(`${path}.`));
    if (!isGroup || typeof value !== 'object' || value === null) rest[key] = value;
    else {
      const inner = remainder(value as RecordFields, `${path}.`, declared);
      if (Object.keys(inner).length > 0) rest[key] = inner;
    }
  }
  return rest;
}

export interface ParquetFile {
  readonly bytes: Uint8Array;
  /** Why records are not in it, by their index. */
  readonly rejected: ReadonlyMap<number, string>;
}

/** The file, compressed by Snappy; the same for the same records. */
export async function parquetFile(
  records: readonly DeliveryRecord[],
  columns: readonly ParquetColumn[],
): Promise<ParquetFile> {
  const { parquetWriteBuffer } = await import('hyparquet-writer');
  const rejected = new Map<number, string>();
  const rows: unknown[][] = [];
  for (const [index, { fields }] of records.entries()) {
    const row = columns.map(({ name, type }) =>
      name === OTHER_FIELDS_COLUMN ? others(fields, columns) : cell(fieldAt(fields, name), type),
    );
    const wrong = row.indexOf(undefined);
    const column = columns[wrong];
    if (column === undefined) rows.push(row);
    else rejected.set(index, `its ${column.name} is not of the column's type ${column.type}`);
  }
  const columnData = columns.map(({ name, type }, at): ColumnSource => {
    return { name, type, data: rows.map((row) => row[at]) };
  });
  const buffer = parquetWriteBuffer({ columnData, createdBy: 'mailtrail' });
  return { bytes: new Uint8Array(buffer), rejected };
}

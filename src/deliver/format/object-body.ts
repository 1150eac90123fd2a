// The body of the object that a batch becomes: gzipped lines, or Parquet. The same bytes for the same batch.
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { LogType } from '../../event/log-type.ts';
import type { FieldTreatment, OutputFormat } from '../delivery.ts';
import type { DeliveryRecord } from '../destination.ts';
import { parquetColumns, parquetFile } from './parquet.ts';
import { formatRecord, headerLines } from './record-text.ts';

const gzipped = promisify(gzip);

export interface ObjectFormat {
  readonly logType: LogType;
  readonly outputFormat: Exclude<OutputFormat, 'raw'>;
  readonly fieldDelimiter?: string;
  /** The columns of plain and w3c. */
  readonly fields: readonly string[];
  /** As the delivery has them: what a Parquet file's columns follow from. */
  readonly recordFields?: readonly string[];
  readonly fieldTreatments?: readonly FieldTreatment[];
}

export interface ObjectBody {
  readonly bytes: Uint8Array;
  /** Why records are not in it, by their index. */
  readonly rejected: ReadonlyMap<number, string>;
}

const EXTENSIONS = {
  json: 'json.gz',
  plain: 'log.gz',
  w3c: 'w3c.gz',
  parquet: 'parquet',
} as const;

/** What the names of a format's objects end in, without a dot first. */
export function extensionOf(outputFormat: ObjectFormat['outputFormat']): string {
  return EXTENSIONS[outputFormat];
}

/** The media type of a format's objects. */
export function contentTypeOf(outputFormat: ObjectFormat['outputFormat']): string {
  return outputFormat === 'parquet' ? 'application/vnd.apache.parquet' : 'application/gzip';
}

/** Makes the body of the object of the records. */
export async function objectBody(
  records: readonly DeliveryRecord[],
  format: ObjectFormat,
): Promise<ObjectBody> {
  const { outputFormat, logType, recordFields, fieldTreatments = [] } = format;
  if (outputFormat === 'parquet') {
    return parquetFile(records, parquetColumns(logType, recordFields, fieldTreatments));
  }
  const options = { ...format, outputFormat };
  const lines = [...headerLines(options), ...records.map((each) => formatRecord(each, options))];
  // Node's gzip writes no time into the header, so that the bytes follow from the lines alone.
  return { bytes: await gzipped(`${lines.join('\n')}\n`), rejected: new Map() };
}

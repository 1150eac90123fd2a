// How lines become calls of PutRecordBatch: as many records and bytes as one takes. Pure.
// @see Amazon Data Firehose API reference, PutRecordBatch; its quotas

/** Records of one call. */
export const CALL_RECORDS_MAX = 500;
/** Bytes of one call's records. */
export const CALL_BYTES_MAX = 4 * 1024 * 1024;
/** Bytes of one record before base64: 1,000 KiB. */
export const RECORD_BYTES_MAX = 1000 * 1024;

export interface PutRecord {
  /** Which record of the batch it is of. */
  readonly index: number;
  readonly data: Uint8Array;
}

/** The records of each call, in their order. None is longer than a call takes. */
export function callsOf(records: readonly PutRecord[]): readonly (readonly PutRecord[])[] {
  const calls: PutRecord[][] = [];
  let bytes = 0;
  for (const record of records) {
    const call = calls.at(-1);
    const size = record.data.length;
    if (call !== undefined && call.length < CALL_RECORDS_MAX && bytes + size <= CALL_BYTES_MAX) {
      call.push(record);
      bytes += size;
    } else {
      calls.push([record]);
      bytes = size;
    }
  }
  return calls;
}

// The records of a delivery in blocks of the journal.
import type { AuditEvent } from '../event/audit-event.ts';
import type { JournalBlock } from '../journal/journal.ts';
import type { DeliveryRecord } from './destination.ts';
import type { Selection } from './selection.ts';

const NEWLINE = 0x0a;

/**
 * Whether a line may be of the log: any other has another name there. A name with an escape in it would
 * be the same name, so a line with escapes is read to be sure.
 */
function mayBeOf(line: Buffer, quoted: string): boolean {
  return line.includes(quoted) || line.includes('\\u');
}

/** Records that leave, in the journal's order. */
export interface ChosenRecords {
  readonly records: readonly DeliveryRecord[];
  /** Of the lines that they were made of. */
  readonly bytes: number;
  /** When the block of the first one was sealed, ms since the Unix epoch; undefined when there is none. */
  readonly firstSealedAtMs: number | undefined;
}

/** What leaves of the blocks, from the position on and up to the other. */
export function chosenRecords(
  blocks: readonly JournalBlock[],
  { from, to }: { readonly from: number; readonly to: number },
  logType: string,
  select: Selection,
): ChosenRecords {
  const quoted = `"${logType}"`;
  const records: DeliveryRecord[] = [];
  let bytes = 0;
  let firstSealedAtMs: number | undefined;
  for (const { position, lines, sealedAtMs } of blocks) {
    const all = Buffer.from(lines.buffer, lines.byteOffset, lines.byteLength);
    let at = position;
    for (let begin = 0; begin < all.length; at++) {
      const end = all.indexOf(NEWLINE, begin);
      const line = all.subarray(begin, end < 0 ? all.length : end);
      begin = end < 0 ? all.length : end + 1;
      if (at < from || at >= to || !mayBeOf(line, quoted)) continue;
      const record = select(JSON.parse(line.toString('utf8')) as AuditEvent, at);
      if (record === undefined) continue;
      records.push(record);
      bytes += line.length;
      firstSealedAtMs ??= sealedAtMs;
    }
  }
  return { records, bytes, firstSealedAtMs };
}

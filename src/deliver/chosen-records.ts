// The records of a delivery in a range of the journal.
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

/** The records that leave, in the journal's order. */
export function chosenRecords(
  blocks: readonly JournalBlock[],
  logType: string,
  select: Selection,
): readonly DeliveryRecord[] {
  const quoted = `"${logType}"`;
  const records: DeliveryRecord[] = [];
  for (const { position, lines } of blocks) {
    const all = Buffer.from(lines.buffer, lines.byteOffset, lines.byteLength);
    let at = position;
    for (let from = 0; from < all.length; at++) {
      const end = all.indexOf(NEWLINE, from);
      const line = all.subarray(from, end < 0 ? all.length : end);
      from = end < 0 ? all.length : end + 1;
      if (!mayBeOf(line, quoted)) continue;
      const record = select(JSON.parse(line.toString('utf8')) as AuditEvent, at);
      if (record !== undefined) records.push(record);
    }
  }
  return records;
}

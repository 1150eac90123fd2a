// Ranges of journal blocks, and their halves: how the one event that cannot be loaded is found.
import type { JournalBlock, Position } from '../journal/journal.ts';
import type { LoadRange } from './event-store.ts';

const NEWLINE = 0x0a;

/** The byte behind so many lines. */
function afterLines(lines: Uint8Array, count: number): number {
  let at = 0;
  for (let i = 0; i < count; i++) {
    const newline = lines.indexOf(NEWLINE, at);
    if (newline < 0) return lines.length;
    at = newline + 1;
  }
  return at;
}

/** What lies of the block before the position, and from it on. */
function splitBlock(block: JournalBlock, at: Position): [JournalBlock, JournalBlock] {
  const count = at - block.position;
  const byte = afterLines(block.lines, count);
  return [
    { ...block, count, lines: block.lines.subarray(0, byte) },
    { ...block, position: at, count: block.count - count, lines: block.lines.subarray(byte) },
  ];
}

/** The range's first and second half; it must hold two events at least. The same range is always cut at the same place. */
export function halves(range: LoadRange): [LoadRange, LoadRange] {
  const middle = range.from + Math.floor((range.to - range.from) / 2);
  const first: JournalBlock[] = [];
  const second: JournalBlock[] = [];
  for (const block of range.blocks) {
    if (block.position + block.count <= middle) first.push(block);
    else if (block.position >= middle) second.push(block);
    else {
      const [before, behind] = splitBlock(block, middle);
      first.push(before);
      second.push(behind);
    }
  }
  return [
    { from: range.from, to: middle, blocks: first },
    { from: middle, to: range.to, blocks: second },
  ];
}

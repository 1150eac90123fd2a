// Two small notes beside the segments that tie both ends of the chain down: `anchor.json`, the seal
// before the first segment that is kept, and `head.json`, a seal that the journal must reach.
import { join } from 'node:path';
import type { Disk } from '../platform/disk.ts';
import { readSmallFile, replaceFile } from './durable-file.ts';
import { JournalError, type Position } from './journal.ts';

/** The end of what was deleted: the next segment begins with this position and this `prev`. */
export interface Anchor {
  readonly position: Position;
  readonly sha256: string;
}

/** The last block at some moment in the past: the journal holds at least this much. */
export interface Head {
  /** The position after the block. */
  readonly position: Position;
  readonly sha256: string;
  readonly segment: string;
  /** The byte after the block's seal. */
  readonly offset: number;
}

const ANCHOR = 'anchor.json';
const HEAD = 'head.json';

async function readNote<T extends object>(
  disk: Disk,
  directory: string,
  name: string,
  fields: Readonly<Record<keyof T, 'number' | 'string'>>,
): Promise<T | undefined> {
  const path = join(directory, name);
  const text = await readSmallFile(disk, path);
  if (text === undefined) return undefined;
  let note: Record<string, unknown>;
  try {
    note = JSON.parse(text) as Record<string, unknown>;
    const bad = Object.entries(fields).find(([field, type]) => typeof note[field] !== type);
    if (bad !== undefined) throw new Error(`${bad[0]} is not a ${String(bad[1])}`);
  } catch (error) {
    const advice = 'restore the file from a backup';
    throw new JournalError('corrupt', `${path} cannot be read: ${String(error)}; ${advice}`);
  }
  return note as T;
}

/** The note on what was deleted; nothing when nothing was. Rejects with `corrupt`. */
export function readAnchor(disk: Disk, directory: string): Promise<Anchor | undefined> {
  return readNote<Anchor>(disk, directory, ANCHOR, { position: 'number', sha256: 'string' });
}

/** Must be durable before a segment is deleted. */
export function writeAnchor(disk: Disk, directory: string, anchor: Anchor): Promise<void> {
  return replaceFile(disk, directory, ANCHOR, `${JSON.stringify(anchor)}\n`);
}

/** The note on how far the journal reaches; nothing when none was made. Rejects with `corrupt`. */
export function readHead(disk: Disk, directory: string): Promise<Head | undefined> {
  return readNote<Head>(disk, directory, HEAD, {
    position: 'number',
    sha256: 'string',
    segment: 'string',
    offset: 'number',
  });
}

/** Only for a block that is durable already. */
export function writeHead(disk: Disk, directory: string, head: Head): Promise<void> {
  return replaceFile(disk, directory, HEAD, `${JSON.stringify(head)}\n`);
}

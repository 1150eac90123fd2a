// `mailtrail journal verify`: walks the whole chain of seals, read-only, beside a running server or
// on a stopped one, and names the first byte that is not as it was written.
//
// What it cannot see: blocks missing from the very end that were written after the last note of the
// head (made when a segment is full and at a clean stop), since nothing refers to them yet.
import { join } from 'node:path';
import { systemDisk, type Disk, type DiskFile } from '../platform/disk.ts';
import { BlockWalk, type WalkedBlock } from './block-walk.ts';
import { isMissing, refusalFor } from './disk-error.ts';
import { JournalError, type Position } from './journal.ts';
import { readAnchor, readHead, type Head } from './notes.ts';
import { CHAIN_BEGIN } from './seal.ts';
import { inspectTail } from './segment-tail.ts';
import { segmentName, segmentNames, segmentPosition } from './segments.ts';

/** The first place that is not as it was written. */
export interface JournalDamage {
  readonly file: string;
  /** The first byte of the block that is broken, or the byte at which something is missing. */
  readonly offset: number;
  readonly expected: string;
  readonly found: string;
}

/** What a walk over the journal found. */
export interface JournalVerification {
  /** False exactly when there is damage; an unsealed tail is none. */
  readonly ok: boolean;
  readonly segments: number;
  readonly blocks: number;
  readonly events: number;
  /** Bytes of whole blocks. */
  readonly bytes: number;
  /** The positions of the first event and after the last one. */
  readonly begin: Position;
  readonly end: Position;
  /** `sha256` of the last seal: keep it elsewhere, and the journal up to here can be proven. */
  readonly sha256: string;
  /** An unfinished block at the end: being written now, or cut by a crash before it was kept. */
  readonly unsealed?: { readonly file: string; readonly offset: number; readonly bytes: number };
  readonly damage?: JournalDamage;
}

class Damaged extends Error {
  readonly damage: JournalDamage;
  constructor(file: string, offset: number, expected: string, found: string) {
    super(`${file} at byte ${offset}: expected ${expected}, found ${found}`);
    this.damage = { file, offset, expected, found };
  }
}

/** One walk from the anchor to the end. */
class Verification {
  segments = 0;
  blocks = 0;
  events = 0;
  bytes = 0;
  begin: Position = 0;
  end: Position = 0;
  sha256 = CHAIN_BEGIN;
  unsealed: JournalVerification['unsealed'];
  readonly #disk: Disk;
  readonly #directory: string;
  #head: Head | undefined;
  #headSeen = false;

  constructor(disk: Disk, directory: string) {
    this.#disk = disk;
    this.#directory = directory;
  }

  async run(): Promise<void> {
    // The head before the anchor: a running server only ever moves both forward.
    this.#head = await readHead(this.#disk, this.#directory);
    const anchor = await readAnchor(this.#disk, this.#directory);
    this.begin = anchor?.position ?? 0;
    this.end = this.begin;
    this.sha256 = anchor?.sha256 ?? CHAIN_BEGIN;
    if (this.#head !== undefined && this.#head.position <= this.begin && anchor !== undefined) {
      this.#headSeen = true;
    }
    const listed = await this.#names();
    const visited = new Set<string>();
    let offset = 0;
    for (let name = segmentName(this.end); ; name = segmentName(this.end)) {
      // A segment without events keeps the name of its successor: it is the last one.
      if (visited.has(name)) break;
      const names = await this.#names();
      const later = names.find((other) => other > name);
      if (!names.includes(name)) {
        if (later === undefined) break;
        throw new Damaged(name, 0, `a segment for position ${this.end}`, `${later} as the next`);
      }
      visited.add(name);
      this.segments++;
      offset = await this.#segment(name);
      if (later === undefined && (await this.#isLast(name))) break;
    }
    const extra = listed.find((name) => !visited.has(name));
    if (extra !== undefined) {
      const expected = `only segments that follow each other (up to position ${this.end})`;
      throw new Damaged(extra, 0, expected, 'a segment that belongs nowhere');
    }
    this.#checkHead([...visited].at(-1), offset);
  }

  async #names(): Promise<string[]> {
    const names = segmentNames(await this.#disk.list(this.#directory));
    return names.filter((name) => (segmentPosition(name) ?? 0) >= this.begin);
  }

  async #isLast(name: string): Promise<boolean> {
    return (await this.#names()).at(-1) === name;
  }

  /** Checks one segment; resolves to the byte after its last block. */
  async #segment(name: string): Promise<number> {
    let file: DiskFile;
    try {
      file = await this.#disk.open(join(this.#directory, name), 'read');
    } catch (error) {
      if (isMissing(error))
        throw new Damaged(name, 0, 'a segment', 'no file of that name any more');
      throw error;
    }
    try {
      let offset = 0;
      for (let looked = -1; ; looked = offset) {
        const wasLast = await this.#isLast(name);
        const size = await file.size();
        const stop = await this.#blocksFrom(name, file, offset, size);
        ({ offset } = stop);
        const tail = await inspectTail(file, offset, size);
        const isLast = wasLast && (await this.#isLast(name));
        // A running server may have written on, and begun the next segment, since we looked.
        if (wasLast && !isLast) continue;
        if (tail.kind === 'clean') return offset;
        if (tail.kind === 'torn' && isLast) {
          this.unsealed = { file: name, offset, bytes: tail.bytes };
          return offset;
        }
        if (looked === offset) throw new Damaged(name, offset, stop.expected, stop.found);
      }
    } finally {
      await file.close();
    }
  }

  async #blocksFrom(
    name: string,
    file: DiskFile,
    from: number,
    limit: number,
  ): Promise<{ offset: number; expected: string; found: string }> {
    const options = { offset: from, limit, checkHash: true, paddingEnds: true };
    const walk = new BlockWalk(file, options);
    for (let step = await walk.next(); ; step = await walk.next()) {
      if (step.kind === 'broken') return step;
      if (step.kind === 'end') return { ...step, expected: 'a block or padding', found: 'neither' };
      this.#block(name, step);
    }
  }

  #block(name: string, { offset, endOffset, seal, lines }: WalkedBlock): void {
    const at = `a block at position ${this.end} after seal ${this.sha256}`;
    if (seal.position !== this.end || seal.prev !== this.sha256) {
      throw new Damaged(name, offset, at, `position ${seal.position} after ${seal.prev}`);
    }
    const count = countLines(lines);
    if (count !== seal.count) throw new Damaged(name, offset, `${seal.count} events`, `${count}`);
    this.blocks++;
    this.events += count;
    this.bytes += endOffset - offset;
    this.end += count;
    this.sha256 = seal.sha256;
    const head = this.#head;
    if (head?.segment === name && head.offset === endOffset && head.sha256 === seal.sha256) {
      this.#headSeen = true;
    }
  }

  #checkHead(lastName: string | undefined, offset: number): void {
    const head = this.#head;
    if (head === undefined || this.#headSeen) return;
    const expected = `the seal ${head.sha256} at byte ${head.offset} of ${head.segment}`;
    const found = `an end at position ${this.end} without it`;
    throw new Damaged(lastName ?? head.segment, offset, expected, found);
  }
}

function noJournal(directory: string): JournalError {
  const advice = "name the journal folder of a server's data directory";
  return new JournalError('failed', `${directory} holds no journal: ${advice}`);
}

function countLines(lines: Uint8Array): number {
  let count = 0;
  for (let at = lines.indexOf(0x0a); at !== -1; at = lines.indexOf(0x0a, at + 1)) count++;
  return count;
}

/**
 * Checks every block in the journal directory (`<data>/journal`). Damage is in the result, not an
 * error; rejects with a JournalError when the directory cannot be read (`failed`, `read-only`) or
 * `anchor.json` or `head.json` is not what the journal writes (`corrupt`).
 */
export async function verifyJournal(
  directory: string,
  options: { disk?: Disk } = {},
): Promise<JournalVerification> {
  const disk = options.disk ?? systemDisk;
  for (;;) {
    const walk = new Verification(disk, directory);
    let damage: JournalDamage | undefined;
    try {
      await walk.run();
    } catch (error) {
      if (isMissing(error)) throw noJournal(directory);
      if (!(error instanceof Damaged)) throw refusalFor(error, 'cannot verify', directory);
      ({ damage } = error);
      // A running server deletes segments, and moves the anchor before: then begin there anew.
      const anchor = await readAnchor(disk, directory);
      if ((anchor?.position ?? 0) > walk.begin) continue;
    }
    const { segments, blocks, events, bytes, begin, end, sha256, unsealed } = walk;
    const counts = { segments, blocks, events, bytes, begin, end, sha256 };
    const result = { ok: damage === undefined, ...counts, ...(unsealed && { unsealed }) };
    return damage === undefined ? result : { ...result, damage };
  }
}

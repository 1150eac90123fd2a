// The seal line that closes a block: what is in the block, and which seal came before it.
//
// A block is its event lines followed by
//   {"_seal":{"position":P,"count":N,"bytes":B,"at":MS,"prev":"…","checkpoints":{…},"sha256":"…"}}
// `sha256` is the hash of every byte of the block before its own value, so it covers the lines and
// the seal's other fields; `prev` is the `sha256` of the block before. Together: a hash chain in
// which no byte can change unseen.
import { createHash } from 'node:crypto';
import type { Position } from './journal.ts';

/** What `prev` says in the first block of a journal. */
export const CHAIN_BEGIN = '0'.repeat(64);

/** How every seal line begins, and no event line. */
export const SEAL_MARK = '{"_seal":';

const HASH_FIELD = '"sha256":"';
const SEAL_END = '"}}';
const SHA256 = /^[0-9a-f]{64}$/;
/** The hash value and what closes the line: the only bytes the hash does not cover. */
const UNHASHED_BYTES = 64 + SEAL_END.length;

/** A seal as it was read. */
export interface Seal {
  readonly position: Position;
  /** Events in the block; 0 when only a checkpoint moved. */
  readonly count: number;
  /** Bytes of the event lines. */
  readonly bytes: number;
  /** When the block was sealed, ms since the Unix epoch. */
  readonly sealedAtMs: number;
  readonly prev: string;
  /** Source to value; `null` forgets the source. */
  readonly checkpoints: Readonly<Record<string, unknown>>;
  readonly sha256: string;
}

/** The seal line up to the hash's value; checkpoint values are JSON already. */
export function sealHead(
  seal: Pick<Seal, 'position' | 'count' | 'bytes' | 'sealedAtMs' | 'prev'>,
  checkpoints: ReadonlyMap<string, string>,
): string {
  const { position, count, bytes, sealedAtMs, prev } = seal;
  let head =
    `${SEAL_MARK}{"position":${position},"count":${count},"bytes":${bytes},` +
    `"at":${sealedAtMs},"prev":"${prev}",`;
  if (checkpoints.size > 0) {
    const entries = [...checkpoints].map(([source, json]) => `${JSON.stringify(source)}:${json}`);
    head += `"checkpoints":{${entries.join(',')}},`;
  }
  return head + HASH_FIELD;
}

/** What follows the head: the hash, the line's end. */
export function sealTail(sha256: string): string {
  return `${sha256}${SEAL_END}\n`;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** Reads a seal line without its newline; nothing when it is not one this program writes. */
export function parseSeal(line: string): Seal | undefined {
  if (!line.startsWith(SEAL_MARK) || !line.endsWith(SEAL_END)) return undefined;
  const sha256 = line.slice(-UNHASHED_BYTES, -SEAL_END.length);
  if (!SHA256.test(sha256) || !line.endsWith(HASH_FIELD + sha256 + SEAL_END)) return undefined;
  let seal: Record<string, unknown>;
  try {
    seal = (JSON.parse(line) as { _seal: Record<string, unknown> })._seal;
  } catch {
    return undefined;
  }
  if (typeof seal !== 'object' || seal === null) return undefined;
  const { position, count, bytes, at, prev, checkpoints = {} } = seal;
  if (!isCount(position) || !isCount(count) || !isCount(bytes) || !isCount(at)) return undefined;
  if (typeof prev !== 'string' || !SHA256.test(prev)) return undefined;
  if (typeof checkpoints !== 'object' || checkpoints === null) return undefined;
  const known = checkpoints as Record<string, unknown>;
  return { position, count, bytes, sealedAtMs: at, prev, checkpoints: known, sha256 };
}

/** The hash a block must carry; `block` is its lines and its seal line with the newline. */
export function blockHash(block: Uint8Array): string {
  const covered = block.length - UNHASHED_BYTES - 1;
  return createHash('sha256').update(block.subarray(0, covered)).digest('hex');
}

// Targets: the recorded logs with lines cut, mixed, repeated, lost, out of order and with bytes
// changed. Whatever comes of it is an event that the front door would take, and nothing grows
// beyond its limit.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { DovecotServers } from '../../src/collect/dovecot/servers.ts';
import { HELD_MAX } from '../../src/collect/holdings.ts';
import type { Assembler } from '../../src/collect/log-collector.ts';
import { PostfixAssembler } from '../../src/collect/postfix/assembler.ts';
import { admitRecord } from '../../src/event/admit.ts';
import type { AuditEvent } from '../../src/event/audit-event.ts';
import { journalLine } from '../../src/event/journal-line.ts';
import { assemble } from '../collect/assemble.ts';
import { CORPUS } from './corpus.ts';
import type { FuzzTarget } from './target.ts';

const NOW_MS = Date.UTC(2026, 10, 24);
/** A server's clock may be wrong; what the store cannot keep must not come. */
const LATEST_MS = Date.UTC(2262, 0, 1);
/** Largest checkpoint of a log that is not to be found suspicious, in bytes. */
const CARRIED_BYTES_MAX = 256 * 1024;

/** Every recorded log below the folder, as lines. */
function recordedLines(folder: string): Buffer[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /(?:\.log|maillog)$/.test(name))
    .toSorted()
    .flatMap((name) => linesOf(readFileSync(join(folder, name))));
}

function linesOf(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  let start = 0;
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
    lines.push(bytes.subarray(start, end));
    start = end + 1;
  }
  return lines;
}

/** One change to a line: bytes taken out at a place, others put in. */
interface Change {
  readonly at: number;
  readonly removed: number;
  readonly inserted: Uint8Array;
}

function changed(line: Buffer, { at, removed, inserted }: Change): Buffer {
  const from = at % (line.length + 1);
  return Buffer.concat([line.subarray(0, from), inserted, line.subarray(from + removed)]);
}

/** A stretch of the recorded lines, mostly whole and in order. */
function logs(lines: readonly Buffer[]): fc.Arbitrary<Buffer> {
  const change = fc.record({
    at: fc.nat(5000),
    removed: fc.oneof(fc.constant(0), fc.nat(3), fc.nat(2000)),
    inserted: fc.oneof(
      fc.uint8Array({ maxLength: 4 }),
      fc
        .constantFrom('\0', '\r', '\u001b[2J', '"', '}', ', ', '\u2028')
        .map((text) => Buffer.from(text)),
      fc.nat(lines.length - 1).map((n) => lines[n] ?? Buffer.alloc(0)),
    ),
  });
  const line = fc.record({
    skip: fc.oneof({ weight: 20, arbitrary: fc.constant(0) }, fc.integer({ min: -30, max: 30 })),
    changes: fc.oneof(
      { weight: 6, arbitrary: fc.constant<readonly Change[]>([]) },
      {
        weight: 2,
        arbitrary: fc.array(change, { minLength: 1, maxLength: 3 }) as fc.Arbitrary<
          readonly Change[]
        >,
      },
    ),
  });
  return fc
    .tuple(fc.nat(lines.length - 1), fc.array(line, { minLength: 1, maxLength: 60 }))
    .map(([from, path]) => {
      let at = from;
      const told: Buffer[] = [];
      for (const { skip, changes } of path) {
        at = (at + 1 + skip + lines.length) % lines.length;
        const whole = lines[at] ?? Buffer.alloc(0);
        const bytes = changes.reduce<Buffer>(changed, whole);
        // A newline ends a line, whoever wrote it: what is behind it is a line of its own.
        told.push(bytes, Buffer.from('\n'));
      }
      return Buffer.concat(told);
    });
}

function checkEvent(event: AuditEvent): void {
  const { revision_key: _, ...record } = event;
  const admission = admitRecord(journalLine(record), LATEST_MS);
  if (!admission.ok) throw new Error(`${admission.reason}: ${JSON.stringify(event)}`);
}

function mutatedTarget(name: string, folder: string, assembler: () => Assembler): FuzzTarget {
  return {
    name,
    property: () =>
      fc.property(logs(recordedLines(folder)), (log) => {
        const fresh = assembler();
        const { events } = assemble(fresh, log);
        for (const event of events) checkEvent(event);
        const carried = JSON.stringify([fresh.carry(), fresh.holdings.mark(log.length)]).length;
        if (carried > CARRIED_BYTES_MAX) throw new Error(`a checkpoint of ${carried} bytes`);
        if (fresh.holdings.size > HELD_MAX) throw new Error(`${fresh.holdings.size} held`);
      }),
  };
}

export const dovecotMutated = mutatedTarget(
  'dovecot-mutated',
  CORPUS,
  () => new DovecotServers({ now: () => NOW_MS, sharedPrefixes: ['shared/'] }),
);

export const postfixMutated = mutatedTarget(
  'postfix-mutated',
  CORPUS,
  () => new PostfixAssembler({ now: () => NOW_MS, lmtpTold: () => false }),
);

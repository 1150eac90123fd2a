// What reading a line costs, without files and journal: each collector's assembler by itself, on one
// core, and the memory it takes when many sessions are open.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DovecotServers } from '../src/collect/dovecot/servers.ts';
import type { Assembler } from '../src/collect/log-collector.ts';
import { recordOfLine } from '../src/collect/mapping/file-line.ts';
import { readMappingFile } from '../src/collect/mapping/mapping-file.ts';
import { MappingSet } from '../src/collect/mapping/mapping-set.ts';
import { PostfixAssembler } from '../src/collect/postfix/assembler.ts';
import type { AuditEvent } from '../src/event/audit-event.ts';
import { dovecotMailbox, dovecotSignIn, postfixDelivery } from './log-lines.ts';
import { figure, median } from './measure.ts';

const LINES = 400_000;
const MAPPED_LINES = 50_000;
const ROUNDS = 5;
const SESSIONS = 10_000;
/** Bytes given to an assembler at a time, as a tail would. */
const BATCH_BYTES = 1024 * 1024;

/** Lines that a mapping file's tests hold, over and over. */
function measureMapping(name: string): void {
  const folder = join(projectRoot(), 'examples', 'mappings');
  const read = readMappingFile(readFileSync(join(folder, `${name}.yaml`), 'utf8'), name);
  if (!read.ok) throw new Error(`${name} has mistakes`);
  const set = new MappingSet(read.file);
  const inputs = read.tests.map(({ input }) => input);
  const rates: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage();
    for (let n = 0; n < MAPPED_LINES; n++) {
      set.take(recordOfLine(inputs[n % inputs.length] ?? '', set.file.lines, nowMs));
    }
    const { user, system } = process.cpuUsage(before);
    rates.push((MAPPED_LINES * 1e6) / (user + system));
  }
  const sorted = rates.map((rate) => Math.round(rate)).sort((a, b) => a - b);
  figure(
    `mapping file ${name}, the lines of its tests (lines/s)`,
    `${Math.round(median(rates))} (${sorted[0]} – ${sorted.at(-1)})`,
  );
}

/** The project's folder, whether this runs as it is or compiled into build/. */
function projectRoot(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}

/** Lines of a log, as one piece. */
function logOf(linesOf: (n: number) => string, lines: number): Buffer {
  const pieces: string[] = [];
  for (let n = 0, count = 0; count < lines; n++) {
    const piece = linesOf(n);
    count += piece.split('\n').length - 1;
    pieces.push(piece);
  }
  return Buffer.from(pieces.join(''));
}

/** Has the assembler take all lines; the number of events. */
function takeAll(assembler: Assembler, log: Buffer): { lines: number; events: number } {
  let out: AuditEvent[] = [];
  let lines = 0;
  let events = 0;
  let start = 0;
  let handedIn = 0;
  for (let end = log.indexOf(10); end >= 0; end = log.indexOf(10, start)) {
    assembler.take(log, start, end, start, true, out);
    lines++;
    start = end + 1;
    if (start - handedIn < BATCH_BYTES) continue;
    handedIn = start;
    events += out.length;
    out = [];
  }
  return { lines, events: events + out.length };
}

function measure(name: string, assembler: () => Assembler, log: Buffer): void {
  const rates: number[] = [];
  let events = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage();
    const taken = takeAll(assembler(), log);
    const { user, system } = process.cpuUsage(before);
    rates.push((taken.lines * 1e6) / (user + system));
    events = taken.events;
  }
  const sorted = rates.map((rate) => Math.round(rate)).sort((a, b) => a - b);
  figure(name, `${Math.round(median(rates))} (${sorted[0]} – ${sorted.at(-1)}), ${events} events`);
}

function mib(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}

/** Growth with so many sessions signed in, each in the middle of something. */
function measureSessions(): void {
  const assembler = dovecot();
  const log = logOf(dovecotSignIn, SESSIONS * 2);
  globalThis.gc?.();
  const before = process.memoryUsage();
  takeAll(assembler, log);
  globalThis.gc?.();
  const after = process.memoryUsage();
  figure(
    `${SESSIONS} open sessions: heap (MiB), a checkpoint (bytes)`,
    `${mib(after.heapUsed - before.heapUsed)}, ${JSON.stringify(assembler.carry() ?? null).length}`,
  );
}

const nowMs = Date.UTC(2026, 10, 23, 7);
const dovecot = (): DovecotServers =>
  new DovecotServers({ now: () => nowMs, sharedPrefixes: ['shared/'] });
const postfix = (): PostfixAssembler =>
  new PostfixAssembler({ now: () => nowMs, lmtpTold: () => false });

export async function run(): Promise<void> {
  measure('Dovecot, mailbox access (lines/s)', dovecot, logOf(dovecotMailbox, LINES));
  measure('Dovecot, sign-ins (lines/s)', dovecot, logOf(dovecotSignIn, LINES));
  measure('Postfix (lines/s)', postfix, logOf(postfixDelivery, LINES));
  for (const name of ['exim', 'cyrus', 'stalwart']) measureMapping(name);
  measureSessions();
  await Promise.resolve();
}

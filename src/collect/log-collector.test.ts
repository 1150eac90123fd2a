import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fastClock, MemoryIntake, MemoryJournal, until } from '../../test/collect/memory-intake.ts';
import type { AuditEvent } from '../event/audit-event.ts';
import { createLog } from '../platform/log.ts';
import { Holdings } from './holdings.ts';
import {
  LogCollector,
  UNNOTED_BYTES_MAX,
  type Assembler,
  type LineOutcome,
} from './log-collector.ts';
import { LINE_BYTES_MAX } from './line-cutter.ts';

/** Makes an event of every line `+name`, rejects `bad…`, passes everything else. */
class Lines implements Assembler {
  readonly holdings = new Holdings();
  take(
    bytes: Buffer,
    start: number,
    end: number,
    at: number,
    _live: boolean,
    out: AuditEvent[],
  ): LineOutcome {
    const text = bytes.toString('utf8', start, end);
    if (text.startsWith('bad')) return 'rejected';
    if (!text.startsWith('+')) return 'passed';
    out.push({
      log_type: 'AUTHENTICATION_LOGS',
      event_timestamp: at,
      auth_successful: true,
      user: text,
    });
    return 'used';
  }
  openFrom(): undefined {}
  carry(): undefined {}
  restore(): void {}
}

let directory = '';
let path = '';
let journal = new MemoryJournal();
let intake = new MemoryIntake(journal);
let said: string[] = [];
let running: LogCollector[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'collector-'));
  path = join(directory, 'log');
  journal = new MemoryJournal();
  intake = new MemoryIntake(journal);
  said = [];
  running = [];
});
afterEach(async () => {
  for (const collector of running) await collector.stop();
  rmSync(directory, { recursive: true, force: true });
});

async function started(into = intake): Promise<LogCollector> {
  const clock = fastClock(20);
  const log = createLog((line) => said.push(line), { level: 'warn', now: () => 0 });
  const collector = new LogCollector({
    kind: 'test',
    path,
    assembler: new Lines(),
    intake: into,
    clock,
    log,
  });
  running.push(collector);
  await collector.start();
  return collector;
}

const users = (): (string | undefined)[] =>
  journal.events.map((e) => (e.log_type === 'AUTHENTICATION_LOGS' ? e.user : undefined));
const have = (count: number): Promise<void> =>
  until(
    () => journal.events.length >= count,
    () => `${journal.events.length} of ${count}`,
  );

test('tells what it waits for, then reads', async () => {
  const collector = await started();
  await until(
    () => collector.status().state === 'waiting',
    () => JSON.stringify(collector.status()),
  );
  expect(collector.status().reason).toMatch(/does not exist yet/);
  writeFileSync(path, '+a\n');
  await until(
    () => collector.status().events === 1,
    () => JSON.stringify(collector.status()),
  );
  expect(collector.status()).toMatchObject({
    name: `test:${path}`,
    state: 'running',
    seen: 1,
    events: 1,
    rejected: 0,
    behindBytes: 0,
  });
});

test('a refused batch is handed in again until it is taken, in order and once', async () => {
  intake.refuse = 'disk-full';
  writeFileSync(path, '+a\n');
  const collector = await started();
  await until(
    () => intake.refusals > 2,
    () => 'never tried again',
  );
  expect(collector.status()).toMatchObject({
    state: 'waiting',
    reason: expect.stringMatching(/events wait to be kept: refused/) as string,
  });
  appendFileSync(path, '+b\n+c\n');
  intake.refuse = undefined;
  await have(3);
  expect(users()).toEqual(['+a', '+b', '+c']);
  await until(
    () => collector.status().events === 3,
    () => JSON.stringify(collector.status()),
  );
  expect(collector.status()).toMatchObject({ state: 'running' });
  expect(said).toHaveLength(1);
});

test('stopping while the journal refuses ends, and the next start tells everything', async () => {
  intake.refuse = 'failed';
  writeFileSync(path, '+a\n+b\n');
  const collector = await started();
  await until(
    () => intake.refusals > 0,
    () => 'never tried',
  );
  await collector.stop();
  expect(journal.events).toEqual([]);
  await started(new MemoryIntake(journal));
  await have(2);
  expect(users()).toEqual(['+a', '+b']);
});

test('nothing is read ahead while the journal refuses: memory stays bounded', async () => {
  intake.refuse = 'overloaded';
  const line = `+${'x'.repeat(1000)}\n`;
  writeFileSync(path, line.repeat(20_000));
  const collector = await started();
  await until(
    () => intake.refusals > 3,
    () => 'never tried',
  );
  expect(collector.status().seen * line.length).toBeLessThan(4 * 1024 * 1024);
  intake.refuse = undefined;
  await have(20_000);
});

test('a bad line, a NUL hole, invalid UTF-8 and an overlong line do not stop the good ones', async () => {
  const bytes = [
    Buffer.from('+a\nbad \u001b[2Jline\n\u0000\u0000\u0000+b\n+c'),
    Buffer.from([0xff, 0xfe, 0x0a]),
    Buffer.alloc(LINE_BYTES_MAX + 1, 'x'),
    Buffer.from('\n\n\u0000\n+d\n'),
  ];
  writeFileSync(path, Buffer.concat(bytes));
  const collector = await started();
  await have(4);
  expect(users()).toEqual(['+a', '+b', '+c\ufffd\ufffd', '+d']);
  expect(collector.status().rejected).toBe(2);
  expect(said.join('')).toMatch(/a line could not be understood .*line="bad \\u001b\[2Jline"/);
  expect(said.join('')).toMatch(/a line was skipped because it is too long/);
});

test('lines that end in CR LF, and repetitions that syslog counted', async () => {
  writeFileSync(
    path,
    '+a\r\nNov 23 02:42:19 mx dovecot: message repeated 3 times: [ x]\r\n<22>+b\r\n\r\n',
  );
  await started();
  await have(2);
  expect(users()).toEqual(['+a', '+b']);
});

test('repetitions are told one by one, each at a place of its own before the next line', async () => {
  const line = 'm dovecot: message repeated 3 times: [ x]\n';
  writeFileSync(path, `${line}+b\n`);
  const seen: number[] = [];
  class Places extends Lines {
    override take(
      bytes: Buffer,
      start: number,
      end: number,
      at: number,
      live: boolean,
      out: AuditEvent[],
    ): LineOutcome {
      seen.push(at);
      return super.take(bytes, start, end, at, live, out);
    }
  }
  const collector = new LogCollector({
    kind: 'test',
    path,
    assembler: new Places(),
    intake,
    clock: fastClock(20),
    log: createLog((text) => said.push(text), { level: 'warn', now: () => 0 }),
  });
  running.push(collector);
  await collector.start();
  await have(1);
  expect(new Set(seen).size).toBe(4);
  expect(seen.toSorted((a, b) => a - b)).toEqual(seen);
  expect(seen.at(-1)).toBe(line.length);
});

test('bad lines are quoted at most once in a while', async () => {
  writeFileSync(path, 'bad\n'.repeat(1000));
  const collector = await started();
  await until(
    () => collector.status().rejected === 1000,
    () => JSON.stringify(collector.status()),
  );
  expect(said.filter((line) => line.includes('could not be understood'))).toHaveLength(1);
});

test('the place is noted now and then even when there is nothing to tell', async () => {
  writeFileSync(path, `${'x'.repeat(999)}\n`.repeat(UNNOTED_BYTES_MAX / 1000 + 2_000));
  await started();
  await until(
    () => journal.checkpoints.size > 0,
    () => 'nothing noted',
  );
  expect(journal.events).toEqual([]);
});

test('a checkpoint that is not understood means the beginning', async () => {
  writeFileSync(path, '+a\n');
  journal.checkpoints.set(`test:${path}`, JSON.stringify({ version: 99, place: 'elsewhere' }));
  await started();
  await have(1);
});

test('however many ask for a checkpoint, one is written for all that wait', async () => {
  writeFileSync(path, 'nothing to tell\n');
  const collector = await started();
  await until(
    () => journal.batches.length === 1,
    () => 'the new log was not noted',
  );
  await Promise.all(Array.from({ length: 100 }, () => collector.note()));
  expect(journal.batches.length).toBeLessThanOrEqual(3);
  await collector.tell([
    { log_type: 'AUTHENTICATION_LOGS', event_timestamp: 1, auth_successful: true },
  ]);
  expect(journal.events).toHaveLength(1);
});

test('who waits for a checkpoint hears when there will be none', async () => {
  writeFileSync(path, 'nothing to tell\n');
  intake.refuse = 'disk-full';
  const collector = await started();
  const note = expect(collector.note()).rejects.toMatchObject({ code: 'closed' });
  await until(
    () => intake.refusals > 0,
    () => 'never tried',
  );
  await collector.stop();
  await note;
});

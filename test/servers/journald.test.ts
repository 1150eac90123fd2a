// The recorded story out of real files of systemd's journal, read by the real journalctl, which needs
// no systemd for it (Debian's package systemd). The files were made of test/corpus/framing/story.log by
// systemd-journal-remote 252: the second one has the lines from the 151st on.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Collector } from '../../src/collect/collector.ts';
import { createDovecotCollector } from '../../src/collect/dovecot/collector.ts';
import type { JournalLog } from '../../src/collect/journald/journal-log.ts';
import {
  openJournalctl,
  type JournalSelection,
} from '../../src/collect/journald/journal-reader.ts';
import { createPostfixCollector } from '../../src/collect/postfix/collector.ts';
import type { AuditEvent } from '../../src/event/audit-event.ts';
import { silentLog } from '../../src/platform/log.ts';
import { fastClock, MemoryIntake, MemoryJournal, until } from '../collect/memory-intake.ts';
import { unrevised, visible } from '../collect/visible.ts';

const CORPUS = join(import.meta.dirname, '..', 'corpus');
const LINES = 220;
const LINES_OF_FIRST = 150;
const DEADLINE_MS = 60_000;
const clock = fastClock(10);

let directory = '';
let stored = new MemoryJournal();
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'journald-'));
  stored = new MemoryJournal();
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** Puts a file of the journal there at once, as journald does when it rotates. */
function put(name: string): void {
  const whole = gunzipSync(readFileSync(join(CORPUS, 'journal', `${name}.journal.gz`)));
  const path = join(directory, `${name}.journal`);
  writeFileSync(`${path}.part`, whole);
  renameSync(`${path}.part`, path);
}

function journal(selection: JournalSelection): JournalLog {
  return { selection, open: openJournalctl(selection, { directory }) };
}

function collectors(
  intake: MemoryIntake,
  [dovecot, postfix]: readonly [JournalSelection, JournalSelection],
): Collector[] {
  const shared = { paths: [], intake, clock, log: silentLog };
  return [
    createDovecotCollector({ ...shared, journal: journal(dovecot), sharedPrefixes: ['shared/'] }),
    createPostfixCollector({ ...shared, journal: journal(postfix), lmtpTold: () => false }),
  ];
}

/** Starts both and waits until each has seen so many lines, and nothing is left untold. */
async function readAll(running: readonly Collector[], seen: readonly number[]): Promise<void> {
  for (const collector of running) await collector.start();
  await until(
    () => running.every((collector, n) => (collector.status().seen ?? 0) >= (seen[n] ?? 0)),
    () => JSON.stringify(running.map((collector) => collector.status())),
    DEADLINE_MS,
  );
}

function normal(events: readonly AuditEvent[]): string[] {
  return visible(events)
    .map((event) => {
      const record = unrevised(event);
      const generated = record.request_id?.startsWith('sign-in-') === true;
      return JSON.stringify(generated ? { ...record, request_id: 'sign-in-' } : record);
    })
    .sort();
}

const GOLDEN = ['dovecot', 'postfix'].flatMap(
  (server) =>
    JSON.parse(
      readFileSync(join(CORPUS, 'framing', `story.${server}.json`), 'utf8'),
    ) as AuditEvent[],
);

async function allTold(): Promise<void> {
  await until(
    () => visible(stored.events).length >= GOLDEN.length,
    () => `${visible(stored.events).length} of ${GOLDEN.length} events were told`,
    DEADLINE_MS,
  );
}

test.each<readonly [string, readonly [JournalSelection, JournalSelection], number[], number[]]>([
  ['the mail facility', [{}, {}], [LINES_OF_FIRST, LINES_OF_FIRST], [LINES, LINES]],
  ['units', [{ unit: 'dovecot.service' }, { unit: 'postfix@*.service' }], [1, 1], [154, 66]],
])('%s: what is there, then what comes', async (_, selections, atFirst, atLast) => {
  put('one');
  const running = collectors(new MemoryIntake(stored), selections);
  await readAll(running, atFirst);
  put('two');
  await readAll([], []);
  await until(
    () => running.every((collector, n) => collector.status().seen === atLast[n]),
    () => JSON.stringify(running.map((collector) => collector.status())),
    DEADLINE_MS,
  );
  await allTold();
  for (const collector of running) await collector.stop();
  expect(normal(stored.events)).toEqual(normal(GOLDEN));
});

test('killed in between, it goes on where it was, with what was open', async () => {
  put('one');
  const killed = new MemoryIntake(stored);
  const first = collectors(killed, [{}, {}]);
  await readAll(first, [LINES_OF_FIRST, LINES_OF_FIRST]);
  killed.kill();
  for (const collector of first) await collector.stop();
  put('two');
  const second = collectors(new MemoryIntake(stored), [{}, {}]);
  await readAll(second, [LINES - LINES_OF_FIRST, LINES - LINES_OF_FIRST]);
  await allTold();
  for (const collector of second) await collector.stop();
  expect(normal(stored.events)).toEqual(normal(GOLDEN));
});

test('without journalctl the status says what is missing', async () => {
  const missing = { selection: {}, open: openJournalctl({}, { program: '/nowhere/journalctl' }) };
  const intake = new MemoryIntake(stored);
  const shared = { paths: [], journal: missing, intake, clock, log: silentLog };
  const collector = createPostfixCollector({ ...shared, lmtpTold: () => false });
  await collector.start();
  await until(
    () => collector.status().state === 'waiting',
    () => JSON.stringify(collector.status()),
  );
  expect(collector.status().reason).toContain('/nowhere/journalctl could not be started');
  await collector.stop();
});

test('what journalctl exports into a file is read as a log file', async () => {
  for (const name of ['one', 'two']) put(name);
  const path = join(directory, 'export.log');
  const exported = ['-o', 'export', '--all', '--directory', directory];
  writeFileSync(path, execFileSync('journalctl', exported, { maxBuffer: 64 * 1024 * 1024 }));
  const shared = { paths: [path], intake: new MemoryIntake(stored), clock, log: silentLog };
  const running = [
    createDovecotCollector({ ...shared, sharedPrefixes: ['shared/'] }),
    createPostfixCollector({ ...shared, lmtpTold: () => false }),
  ];
  await readAll(running, [LINES, LINES]);
  await allTold();
  for (const collector of running) await collector.stop();
  expect(running.map((collector) => collector.status().rejected)).toEqual([0, 0]);
  expect(normal(stored.events)).toEqual(normal(GOLDEN));
});

// The promise of the checkpoint: killed after any line of a log, or stopped, nothing is lost and
// nothing is told twice, and what only earlier lines told is still known.
import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fastClock, MemoryIntake, MemoryJournal, until } from '../../test/collect/memory-intake.ts';
import { unrevised, visible } from '../../test/collect/visible.ts';
import { silentLog } from '../platform/log.ts';
import type { Collector } from './collector.ts';
import { createDovecotCollector } from './dovecot/collector.ts';
import { createSignInJoin } from './dovecot/sign-in-join.ts';
import { createPostfixCollector } from './postfix/collector.ts';
import { createTraceJoin } from './trace-join.ts';

process.env['TZ'] = 'UTC';

const CORPUS = join(import.meta.dirname, '..', '..', 'test', 'corpus');

let directory = '';
let path = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'restart-'));
  path = join(directory, 'log');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

type Maker = (intake: MemoryIntake) => Collector;

/** Time passes ten times faster, so that what waits for a second is told between some restarts. */
const clock = fastClock(10);

const alone: Maker = (intake) =>
  createDovecotCollector({ paths: [path], intake, clock, log: silentLog });

const joined: Maker = (intake) => {
  const signIns = createSignInJoin({ intake, clock, log: silentLog });
  signIns.heard();
  const traces = createTraceJoin(clock);
  traces.delivered('another transaction', { traceId: 'trace' });
  return createDovecotCollector({ paths: [path], intake, clock, log: silentLog, signIns, traces });
};

const postfix: Maker = (intake) =>
  createPostfixCollector({ paths: [path], intake, clock, log: silentLog, lmtpTold: () => true });

const linesOf = (name: string): string[] =>
  readFileSync(join(CORPUS, name), 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => `${line}\n`);

/** What a query shows; whether an event had to be told early does not matter to it. */
const told = (journal: MemoryJournal): string[] =>
  visible(journal.events)
    .map((event) => JSON.stringify(unrevised(event)))
    .sort();

const caughtUp = (collector: Collector): boolean => {
  const { behindBytes, state, seen } = collector.status();
  return state === 'running' && behindBytes === 0 && seen > 0;
};

async function expected(make: Maker, lines: readonly string[]): Promise<string[]> {
  const intake = new MemoryIntake();
  writeFileSync(path, lines.join(''));
  const collector = make(intake);
  await collector.start();
  await until(
    () => caughtUp(collector),
    () => JSON.stringify(collector.status()),
  );
  await collector.stop();
  rmSync(path);
  return told(intake.journal);
}

type End = 'killed' | 'stopped';

/** Appends the lines one by one, ending the collector after each, and gives what was told. */
async function withRestarts(
  make: Maker,
  lines: readonly string[],
  end: End,
  count: number,
  afterLine: (line: number) => void = () => {},
): Promise<string[]> {
  const journal = new MemoryJournal();
  writeFileSync(path, '');
  for (const [index, line] of [...lines, ''].entries()) {
    const last = index === lines.length;
    appendFileSync(path, line);
    const intake = new MemoryIntake(journal);
    const collector = make(intake);
    await collector.start();
    if (!last) {
      await until(
        () => caughtUp(collector),
        () => JSON.stringify(collector.status()),
      );
      if (end === 'killed') intake.kill();
    } else {
      await until(
        () => visible(journal.events).length >= count && collector.status().behindBytes === 0,
        () => `${journal.events.length} of ${count} events: ${JSON.stringify(collector.status())}`,
      );
    }
    await collector.stop();
    afterLine(index);
  }
  return told(journal);
}

describe.each<[string, Maker, string]>([
  ['a Dovecot log', alone, 'dovecot/mailbox.log'],
  ['impersonated sessions', alone, 'dovecot/impersonation-and-odd-fetches.log'],
  ['deliveries and Sieve', alone, 'dovecot/delivery-sieve-pop3-submission.log'],
  ['sign-ins that wait for reports', joined, 'dovecot/sign-in.log'],
  ['deliveries that wait for traces', joined, 'dovecot/delivery-sieve-pop3-submission.log'],
  ['a Postfix log', postfix, 'postfix/submission-and-inbound.log'],
])('%s', (_, make, name) => {
  test.each<End>(['killed', 'stopped'])('%s after every line', async (end) => {
    const lines = linesOf(name);
    const all = await expected(make === joined ? alone : make, lines);
    expect(await withRestarts(make, lines, end, all.length)).toEqual(all);
  });
});

test('the log is rotated while the collector is down', async () => {
  const lines = linesOf('dovecot/impersonation-and-odd-fetches.log');
  const all = await expected(alone, lines);
  let files = 0;
  const rotate = (line: number): void => {
    if (line % 10 !== 3) return;
    renameSync(path, `${path}.${++files}`);
    writeFileSync(path, '');
  };
  expect(await withRestarts(alone, lines, 'killed', all.length, rotate)).toEqual(all);
});

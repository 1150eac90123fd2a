// Seeded lives of a mail log with one process of ours after the other, each killed anywhere: between two
// lines, in the middle of one, while an event waits for what completes it, before or after what was
// handed in became durable. What all of them told together is what one undisturbed reading tells.
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { assemble } from '../../../test/collect/assemble.ts';
import {
  fastClock,
  MemoryIntake,
  MemoryJournal,
  until,
} from '../../../test/collect/memory-intake.ts';
import { unrevised, visible } from '../../../test/collect/visible.ts';
import { MARKS, postfixStory } from '../../../test/fuzz/stories.ts';
import { difference } from '../../../test/scenarios/normalise.ts';
import type { AuditEvent } from '../../event/audit-event.ts';
import { silentLog } from '../../platform/log.ts';
import { seededRandom } from '../../platform/simulated-disk.ts';
import type { Collector } from '../collector.ts';
import { PostfixAssembler } from './assembler.ts';
import { createPostfixCollector } from './collector.ts';

process.env['TZ'] = 'UTC';

const CORPUS = join(import.meta.dirname, '..', '..', '..', 'test', 'corpus');
const RUNS = 1;
const FIRST_SEED = Number(process.env['MAILTRAIL_TEST_SEED'] ?? Date.now() % 2 ** 31);
/** Lives in one run. */
const LIVES = 12;
/** How often a process lives until what it holds was told without what would complete it. */
const LINGERS = 0.3;
/** Most acceptances that a process lives to see. */
const ACCEPTANCES_MAX = 3;
/** Time passes so much faster. */
const FASTER = 50;
/** More than anything waits, in ms of that time. */
const RELEASED_MS = 2_500;
/** A line of nobody's, behind which everything was read. */
const LAST_LINE = 'Nov 23 23:59:59 mail cron[1]: (root) CMD (true)\n';

const SAID = {
  lmtpTold: (): boolean => false,
  tellsSignIns: (): boolean => true,
  journalAddresses: ['journal@pipe.example.test'],
};

const clock = fastClock(FASTER);
let directory = '';
let path = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'killed-'));
  path = join(directory, 'mail.log');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function shown(events: readonly AuditEvent[]): string[] {
  return visible(events)
    .map((event) => JSON.stringify(unrevised(event)))
    .sort();
}

async function released(): Promise<void> {
  const atMs = clock.now() + RELEASED_MS;
  await until(
    () => clock.now() >= atMs,
    () => 'the clock stands',
  );
}

async function caughtUp(collector: Collector, intake: MemoryIntake, lines: number): Promise<void> {
  const done = (): boolean => {
    const { state, behindBytes, seen } = collector.status();
    return intake.refusals > 0 || (state === 'running' && behindBytes === 0 && seen >= lines);
  };
  await until(done, () => JSON.stringify(collector.status()));
}

/** One process: it reads what there is, and is killed. */
async function live(journal: MemoryJournal, random: () => number): Promise<void> {
  const intake = new MemoryIntake(journal);
  intake.livesFor = Math.floor(random() * (ACCEPTANCES_MAX + 1));
  const collector = createPostfixCollector({
    paths: [path],
    intake,
    clock,
    log: silentLog,
    ...SAID,
  });
  await collector.start();
  await caughtUp(collector, intake, 0);
  if (random() < LINGERS) await released();
  intake.kill();
  await collector.stop();
}

/** Where the log has got to at the end of each life, in bytes: anywhere. */
function placesOf(bytes: Buffer, random: () => number): number[] {
  return Array.from({ length: LIVES }, () => Math.floor(random() * bytes.length)).sort(
    (a, b) => a - b,
  );
}

async function run(bytes: Buffer, seed: number): Promise<string[]> {
  const random = seededRandom(seed);
  const journal = new MemoryJournal();
  writeFileSync(path, '');
  let written = 0;
  for (const place of placesOf(bytes, random)) {
    appendFileSync(path, bytes.subarray(written, place));
    written = place;
    await live(journal, random);
  }
  appendFileSync(path, Buffer.concat([bytes.subarray(written), Buffer.from(LAST_LINE)]));
  const intake = new MemoryIntake(journal);
  const collector = createPostfixCollector({
    paths: [path],
    intake,
    clock,
    log: silentLog,
    ...SAID,
  });
  await collector.start();
  await caughtUp(collector, intake, 1);
  await released();
  await collector.stop();
  return shown(journal.events);
}

const HOSTILE = {
  ...MARKS,
  subject: 'x from mx[192.0.2.9]; from=<a@b> to=<c@d> proto=ESMTP helo=<h>',
  messageId: 'queued as 4jXwF05NJdzJ9ZJ',
  helo: 'h>, status=sent (250 ok',
  reply: '550 no, status=deferred (queued as 4jXwF05NJdzJ9ZJ)',
};

const LOGS: readonly (readonly [string, () => Buffer])[] = [
  ...['delivery-agents', 'filters-and-proxies', 'journaled', 'screened', 'sign-ins'].map(
    (name) => [name, () => readFileSync(join(CORPUS, 'postfix-alone', `${name}.log`))] as const,
  ),
  [
    'submission-and-inbound',
    () => readFileSync(join(CORPUS, 'postfix', 'submission-and-inbound.log')),
  ],
  ...['inbound', 'rejected', 'undeliverable', 'submission', 'sieve-actions', 'hostile'].map(
    (name) => [name, () => readFileSync(join(CORPUS, 'scenarios', name, 'maillog'))] as const,
  ),
  ['all scenarios at once', () => readFileSync(join(CORPUS, 'together', 'maillog'))],
  ['harmless stories', () => Buffer.from(`${postfixStory(MARKS).join('\n')}\n`)],
  ['hostile stories', () => Buffer.from(`${postfixStory(HOSTILE).join('\n')}\n`)],
];

test.each(LOGS)('%s: nothing is lost and nothing told twice', async (_, log) => {
  const bytes = log();
  const assembler = new PostfixAssembler({ now: () => clock.now(), ...SAID });
  const all = shown(assemble(assembler, bytes).events);
  expect(all.length).toBeGreaterThan(0);
  for (let seed = FIRST_SEED; seed < FIRST_SEED + RUNS; seed++) {
    expect(difference(all, await run(bytes, seed)), `seed ${seed}`).toBe('');
  }
});

// The promise of the checkpoint: killed after any line of a log, or stopped, nothing is lost and
// nothing is told twice, and what only earlier lines told is still known.
import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fastClock, MemoryIntake, MemoryJournal, until } from '../../test/collect/memory-intake.ts';
import { difference } from '../../test/scenarios/normalise.ts';
import { unrevised, visible } from '../../test/collect/visible.ts';
import { silentLog } from '../platform/log.ts';
import { seededRandom } from '../platform/simulated-disk.ts';
import type { AuditEvent } from '../event/audit-event.ts';
import type { Collector } from './collector.ts';
import { REREAD_BYTES_MAX } from './log-collector.ts';
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

/** After so long, in ms, nothing that was read waits any more. */
const RELEASED_MS = 2_500;
/** Most lines between two kills in a log of many sessions. */
const PIECE_LINES_MAX = 150;
/** A line of neither server, by which it is known that all before it were read. */
const LAST_LINE = 'Nov 23 12:00:00 mail cron[1]: (root) CMD (true)\n';

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
const told = (journal: MemoryJournal, show: (event: AuditEvent) => string = whole): string[] =>
  visible(journal.events).map(show).sort();

/** A sign-in without a session has an id of its own, which is random. */
const whole = (event: AuditEvent): string =>
  JSON.stringify(unrevised(event)).replace(/"sign-in-[\w-]{16}"/, '"sign-in-"');

/**
 * Which event it is. Of what goes on for longer than events are held less may be known: a message is
 * told before the end of its command.
 */
const mark = (event: AuditEvent): string => {
  const record = event as Readonly<Record<string, unknown>>;
  const { log_type, request_id, user_id } = record;
  // What of a message was read is told by the end of the command, which may be too late, too.
  const action = /^read_(?:attachment|summary)$/.test(String(record['action']))
    ? 'read'
    : record['action'];
  // Where a message went is told by mail_log, which may be too late.
  const itemId = action === 'move_to' ? undefined : record['item_id'];
  const { eventName, recipient } = (record['event'] ?? {}) as Readonly<Record<string, unknown>>;
  const parts = [log_type, request_id, user_id, action, itemId, eventName, recipient];
  return parts.map(String).join(' ');
};

const caughtUp = (collector: Collector): boolean => {
  const { behindBytes, state, seen } = collector.status();
  return state === 'running' && behindBytes === 0 && seen > 0;
};

async function released(): Promise<void> {
  const atMs = clock.now() + RELEASED_MS;
  await until(
    () => clock.now() >= atMs,
    () => 'the clock stands',
  );
}

async function expected(make: Maker, lines: readonly string[], show = whole): Promise<string[]> {
  const intake = new MemoryIntake();
  writeFileSync(path, lines.join(''));
  const collector = make(intake);
  await collector.start();
  await until(
    () => caughtUp(collector),
    () => JSON.stringify(collector.status()),
  );
  await released();
  await collector.stop();
  rmSync(path);
  return told(intake.journal, show);
}

type End = 'killed' | 'stopped';

/** Appends the lines one by one, ending the collector after each, and gives what was told. */
async function withRestarts(
  make: Maker,
  lines: readonly string[],
  end: End,
  afterLine: (line: number) => void = () => {},
  lingers: () => boolean = () => false,
  show = whole,
): Promise<string[]> {
  const journal = new MemoryJournal();
  writeFileSync(path, '');
  for (const [index, line] of [...lines, LAST_LINE].entries()) {
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
      if (lingers()) await released();
      if (end === 'killed') intake.kill();
    } else {
      await until(
        () => caughtUp(collector),
        () => JSON.stringify(collector.status()),
      );
      await released();
    }
    await collector.stop();
    afterLine(index);
  }
  return told(journal, show);
}

/** Lines between two kills of a long log; no divisor of a command's lines. */
const SOME_LINES = 7;

describe.each<[string, Maker, string, number]>([
  ['a Dovecot log', alone, 'dovecot/mailbox.log', 1],
  ['impersonated sessions', alone, 'dovecot/impersonation-and-odd-fetches.log', 1],
  ['deliveries and Sieve', alone, 'dovecot/delivery-sieve-pop3-submission.log', 1],
  ['sign-ins that wait for reports', joined, 'dovecot/sign-in.log', 1],
  ['deliveries that wait for traces', joined, 'dovecot/delivery-sieve-pop3-submission.log', 1],
  ['a Postfix log', postfix, 'postfix/submission-and-inbound.log', 1],
  ['two Dovecots with equal sessions in one log', alone, 'framing/two-servers.log', SOME_LINES],
  ['two Postfixes with equal queue ids in one log', postfix, 'framing/two-servers.log', SOME_LINES],
])('%s', (_, make, name, linesEach) => {
  test.each<End>(['killed', 'stopped'])('%s again and again', async (end) => {
    const lines = linesOf(name);
    const all = await expected(make === joined ? alone : make, lines);
    const pieces: string[] = [];
    for (let from = 0; from < lines.length; from += linesEach) {
      pieces.push(lines.slice(from, from + linesEach).join(''));
    }
    expect(await withRestarts(make, pieces, end)).toEqual(all);
  });
});

const seed = Number(process.env['MAILTRAIL_TEST_SEED'] ?? Date.now() % 2 ** 31);

test.each<[string, Maker, string]>([
  ['sessions', alone, 'together/dovecot.log'],
  ['sessions, with reports and traces expected,', joined, 'together/dovecot.log'],
  ['messages', postfix, 'together/maillog'],
])('many %s at once, killed after any number of lines', async (_, make, name) => {
  const random = seededRandom(seed);
  const lines = linesOf(name);
  const all = await expected(make, lines, mark);
  const pieces: string[] = [];
  for (let from = 0; from < lines.length;) {
    const to = from + 1 + Math.floor(random() * PIECE_LINES_MAX);
    pieces.push(lines.slice(from, to).join(''));
    from = to;
  }
  const lingers = (): boolean => random() < 0.5;
  const found = await withRestarts(make, pieces, 'killed', undefined, lingers, mark);
  expect(difference(all, found), `seed ${seed}`).toBe('');
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
  expect(await withRestarts(alone, lines, 'killed', rotate)).toEqual(all);
});

// Sessions go on after more lines of others than a restart reads again.
test.each([
  ['of a master user, right behind it', 'impersonation-and-odd-fetches', 4],
  ['of a master user, between two commands', 'impersonation-and-odd-fetches', 16],
  ['of a named program, between two commands', 'mailbox', 16],
])('what a sign-in told is known when it is not read again: %s', async (_, name, signedIn) => {
  const lines = linesOf(`dovecot/${name}.log`);
  const all = await expected(alone, lines);
  const other = `Nov 23 02:42:19 mail cron[1]: ${'x'.repeat(512 * 1024)}\n`;
  const count = Math.ceil(REREAD_BYTES_MAX / other.length) + 1;
  writeFileSync(path, lines.slice(0, signedIn).join(''));
  for (let n = 0; n < count; n++) appendFileSync(path, other);
  const bytes = statSync(path).size;
  expect(bytes).toBeGreaterThan(REREAD_BYTES_MAX);
  const journal = new MemoryJournal();
  for (const end of ['killed', 'last']) {
    const intake = new MemoryIntake(journal);
    const collector = alone(intake);
    await collector.start();
    await until(
      () => caughtUp(collector),
      () => JSON.stringify(collector.status()),
    );
    await released();
    if (end === 'killed') {
      intake.kill();
      appendFileSync(path, lines.slice(signedIn).join(''));
    }
    await collector.stop();
  }
  expect(told(journal)).toEqual(all);
});

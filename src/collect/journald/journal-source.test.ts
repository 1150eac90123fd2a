// The journal through an injected child: entries as journalctl writes them, in pieces, over its end,
// kills and deletion. No journal is needed here; test/journald has real ones.
import { expect, test } from 'vitest';
import { MemoryIntake, MemoryJournal, until } from '../../../test/collect/memory-intake.ts';
import type { AuditEvent } from '../../event/audit-event.ts';
import { silentLog } from '../../platform/log.ts';
import { seededRandom } from '../../platform/simulated-disk.ts';
import { Holdings } from '../holdings.ts';
import { LINE_BYTES_MAX } from '../line-cutter.ts';
import { LogCollector, type Assembler, type LineOutcome } from '../log-collector.ts';
import type { TailPlace } from '../tail-place.ts';
import { journalctlArguments, type JournalReader } from './journal-reader.ts';
import {
  ENTRIES_REMEMBERED_MAX,
  ENTRY_EVERY_BYTES,
  JournalSource,
  RESTART_MAX_MS,
  RESTART_MIN_MS,
} from './journal-source.ts';

interface Entry {
  readonly cursor: string;
  readonly text: string;
}

function json({ cursor, text }: Entry): string {
  const fields = { SYSLOG_IDENTIFIER: 'dovecot', _HOSTNAME: 'mx', MESSAGE: text };
  const entry = { __CURSOR: cursor, __REALTIME_TIMESTAMP: '1795413395383000', ...fields };
  return `${JSON.stringify(entry)}\n`;
}

/** A journal whose readers are given its text in pieces, and end when they are to. */
class FakeJournal {
  readonly entries: Entry[] = [];
  readonly cursors: (string | undefined)[] = [];
  readonly delaysMs: number[] = [];
  readonly pieceBytes: () => number;
  /** How many pieces a reader gives before it ends by itself. */
  pieces = (): number => Infinity;
  /** What the reader that is running can do: end at once. */
  #wake: (() => void) | undefined;

  constructor(pieceBytes: () => number = () => 100_000) {
    this.pieceBytes = pieceBytes;
  }

  readonly clock = {
    now: () => 0,
    after: (delayMs: number, callback: () => void) => {
      this.delaysMs.push(delayMs);
      const timer = setImmediate(callback);
      return { cancel: () => clearImmediate(timer) };
    },
  };

  add(...texts: string[]): void {
    for (const text of texts) this.entries.push({ cursor: `c${this.entries.length}`, text });
    this.#wake?.();
  }

  open = (cursor: string | undefined): JournalReader => {
    this.cursors.push(cursor);
    let next = cursor === undefined ? 0 : Number(cursor.slice(1));
    let rest = Buffer.alloc(0);
    let left = this.pieces();
    const state = { stopped: false };
    return {
      read: async () => {
        if (left-- <= 0) throw new Error('ended with 1: broken');
        while (rest.length === 0 && !state.stopped) {
          const entries = this.entries.slice(next).filter((entry) => entry.text !== 'deleted');
          rest = Buffer.from(entries.map(json).join(''));
          next = this.entries.length;
          if (rest.length === 0) await new Promise<void>((resolve) => (this.#wake = resolve));
        }
        if (state.stopped) return undefined;
        const piece = rest.subarray(0, this.pieceBytes());
        rest = rest.subarray(piece.length);
        return piece;
      },
      stop: () => {
        state.stopped = true;
        this.#wake?.();
      },
    };
  };

  source(from?: TailPlace, again?: number): JournalSource {
    const resume = { ...(from !== undefined && { from }), ...(again !== undefined && { again }) };
    return new JournalSource({ open: this.open, clock: this.clock, log: silentLog, ...resume });
  }
}

/** The texts of the next so many lines, with the place where reading stands after them. */
async function read(
  source: JournalSource,
  count: number,
): Promise<{ texts: string[]; place: TailPlace | undefined; skipped: number }> {
  const texts: string[] = [];
  let place: TailPlace | undefined;
  let skipped = 0;
  while (texts.length < count) {
    const batch = await source.next();
    if (batch === undefined) break;
    const lines = batch.bytes.toString('utf8').split('\n').slice(0, -1);
    texts.push(...lines.map((line) => line.slice(line.indexOf('dovecot: ') + 9)));
    ({ place } = batch);
    skipped += batch.overlong.length;
  }
  return { texts, place, skipped };
}

test('reads from the beginning, what comes, and goes on behind the last entry', async () => {
  const journal = new FakeJournal();
  journal.add('a', 'b');
  const first = journal.source();
  expect((await read(first, 2)).texts).toEqual(['a', 'b']);
  journal.add('c');
  const { place } = await read(first, 1);
  first.stop();
  expect(await first.next()).toBeUndefined();
  journal.add('d');
  expect((await read(journal.source(place), 1)).texts).toEqual(['d']);
  expect(journal.cursors).toEqual([undefined, 'c2']);
});

test('journalctl is started again from the last entry, after longer and longer pauses', async () => {
  const journal = new FakeJournal();
  journal.add('a');
  const source = journal.source();
  await read(source, 1);
  let fails = 9;
  journal.pieces = () => (fails-- > 0 ? 0 : Infinity);
  source.stop();
  const again = journal.source((await read(journal.source(), 0)).place);
  journal.add('b');
  expect((await read(again, 2)).texts).toEqual(['a', 'b']);
  expect(journal.delaysMs[0]).toBe(RESTART_MIN_MS);
  expect(journal.delaysMs.at(-1)).toBe(RESTART_MAX_MS);
  expect(again.waitingFor).toBeUndefined();
});

test('it says why it waits', async () => {
  const journal = new FakeJournal();
  journal.pieces = () => 0;
  const source = journal.source();
  const reading = source.next();
  await until(
    () => source.waitingFor !== undefined,
    () => 'no reason',
  );
  expect(source.waitingFor).toBe('the journal cannot be read: ended with 1: broken');
  source.stop();
  expect(await reading).toBeUndefined();
});

test('what was deleted before it was read is said to be lost, and the rest is read', async () => {
  const journal = new FakeJournal();
  journal.add('a', 'b');
  const { place } = await read(journal.source(), 2);
  journal.entries[1] = { cursor: 'c1', text: 'deleted' };
  journal.add('deleted', 'd');
  const source = journal.source(place);
  expect((await read(source, 1)).texts).toEqual(['d']);
  expect(source.lost).toContain('deleted before they were read');
});

test('lines are wanted once more that were deleted: it goes on where it stopped', async () => {
  const journal = new FakeJournal();
  journal.add('a', 'b', 'c');
  const { place } = await read(journal.source(), 3);
  journal.entries[0] = { cursor: 'c0', text: 'deleted' };
  journal.add('d');
  const source = journal.source(place, 0);
  const { texts } = await read(source, 1);
  expect(texts).toEqual(['d']);
  expect(source.lost).toBeUndefined();
});

test('an entry that is too long, and text that is none, are skipped and counted', async () => {
  const journal = new FakeJournal(() => 65_536);
  journal.add('a', 'x'.repeat(LINE_BYTES_MAX), 'b');
  const { texts, skipped } = await read(journal.source(), 2);
  expect(texts).toEqual(['a', 'b']);
  expect(skipped).toBe(1);
});

test('of a long journal it remembers entries enough to read again, and no more', async () => {
  const journal = new FakeJournal(() => 1_000_000);
  const count = 2 * ENTRIES_REMEMBERED_MAX + 4;
  for (let n = 0; n < count; n++) journal.add('y'.repeat(ENTRY_EVERY_BYTES * 0.51));
  const { place } = await read(journal.source(), count);
  const entries = place?.entries ?? [];
  expect(entries).toHaveLength(ENTRIES_REMEMBERED_MAX);
  expect((entries.at(-1)?.base ?? 0) - (entries[0]?.base ?? 0)).toBeGreaterThan(64 * 1024 * 1024);
});

test('what journalctl is asked for', () => {
  expect(journalctlArguments({}, undefined)).toContain('SYSLOG_FACILITY=2');
  const asked = journalctlArguments({ unit: 'postfix@*' }, 's=1;i=2', '/var/log/journal/x');
  expect(asked).toEqual(
    expect.arrayContaining([
      '--unit=postfix@*',
      '--cursor=s=1;i=2',
      '--directory=/var/log/journal/x',
    ]),
  );
  expect(asked).not.toContain('SYSLOG_FACILITY=2');
});

/** Tells each line, with the text of the line that opened its session. */
class SessionLines implements Assembler {
  readonly holdings = new Holdings();
  readonly #opened = new Map<string, { at: number; by: string }>();

  take(
    bytes: Buffer,
    start: number,
    end: number,
    at: number,
    _live: boolean,
    out: AuditEvent[],
  ): LineOutcome {
    const text = bytes.toString('utf8', start, end);
    const [verb = '', session = '', number = ''] = text
      .slice(text.indexOf('dovecot: ') + 9)
      .split(' ');
    if (verb === 'open') this.#opened.set(session, { at, by: number });
    const user = `${verb} ${session} ${this.#opened.get(session)?.by ?? '-'}`;
    if (verb === 'close') this.#opened.delete(session);
    out.push({
      log_type: 'AUTHENTICATION_LOGS',
      event_timestamp: Number(number),
      auth_successful: true,
      user,
    });
    return 'used';
  }

  openFrom(): number | undefined {
    const places = [...this.#opened.values()].map(({ at }) => at);
    return places.length === 0 ? undefined : Math.min(...places);
  }
  carry(): undefined {}
  restore(): void {}
}

const LIVES = 60;

async function life(seed: number): Promise<void> {
  const random = seededRandom(seed);
  const source = new FakeJournal(() => 1 + Math.floor(random() * 400));
  source.pieces = () => (random() < 0.5 ? Infinity : Math.floor(random() * 30));
  const stored = new MemoryJournal();
  const told: string[] = [];
  const add = (verb: string, name: string, by: number): void => {
    source.add(`${verb} ${name} ${told.length}`);
    told.push(`${told.length} ${verb} ${name} ${by}`);
  };
  const open: { name: string; by: number }[] = [];
  const step = (): void => {
    const session = open[Math.floor(random() * open.length)];
    const dice = random();
    if (session === undefined || dice < 0.3) {
      open.push({ name: `s${told.length}`, by: told.length });
      add('open', `s${told.length}`, told.length);
    } else if (dice < 0.5) {
      open.splice(open.indexOf(session), 1);
      add('close', session.name, session.by);
    } else add('do', session.name, session.by);
  };
  for (let run = 0; run < 6; run++) {
    const intake = new MemoryIntake(stored);
    const collector = new LogCollector({
      kind: 'test',
      path: 'journald',
      assembler: new SessionLines(),
      intake,
      clock: source.clock,
      log: silentLog,
      follow: (from, again) => source.source(from, again),
    });
    await collector.start();
    for (let n = 0; n < 10; n++) step();
    const last = run === 5;
    const wanted = last ? told.length : stored.events.length + Math.floor(random() * 8);
    await until(
      () => stored.events.length >= wanted,
      () => `run ${run}: ${stored.events.length} of ${told.length} were told`,
    );
    if (random() < 0.5 && !last) intake.kill();
    await collector.stop();
  }
  const events = stored.events.map((event) =>
    event.log_type === 'AUTHENTICATION_LOGS' ? `${event.event_timestamp} ${event.user}` : '',
  );
  expect(events).toEqual(told);
}

test(`nothing is lost or doubled over ${LIVES} lives, each with kills and ends of journalctl`, async () => {
  const first = Number(process.env['MAILTRAIL_TEST_SEED'] ?? 1);
  for (let seed = first; seed < first + LIVES; seed++) {
    await life(seed).catch((error: unknown) => {
      throw new Error(`seed ${seed}: ${String(error)}`, { cause: error });
    });
  }
});

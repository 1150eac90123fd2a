// The process or the power dies at each operation on the disk, and the log is cut at each byte: what was
// acknowledged is there, or the state says that it is not; each change has one event.
import { expect, test } from 'vitest';
import type { AuditEvent } from '../event/audit-event.ts';
import type { Checkpoint } from '../journal/journal.ts';
import { silentLog } from '../platform/log.ts';
import { SimulatedDisk } from '../platform/simulated-disk.ts';
import { openState } from './open.ts';
import { StateError, type State, type StateChange } from './state.ts';

const FILE = '/data/state/state.ndjson';
const ACTOR = { userId: 'MTAK1' };
/** So small that the log is made shorter in the middle of the changes. */
const COMPACT_BYTES = 900;
const CHANGES = 6;
/** Never made shorter. */
const LONG = 1_000_000;
const clock = { now: () => 1, after: () => ({ cancel() {} }) };

/** A journal of which a process that died cannot append any more. */
class EventJournal {
  readonly names: string[] = [];
  checkpoint: unknown;

  openOn(
    disk: SimulatedDisk,
    alive: () => boolean,
    compactBytesMin = COMPACT_BYTES,
  ): Promise<State> {
    return openState({
      disk: disk.process(),
      directory: '/data/state',
      clock,
      log: silentLog,
      accept: (events, checkpoint) =>
        alive() ? this.#accept(events, checkpoint) : new Promise(() => {}),
      checkpoint: () => this.checkpoint,
      compactBytesMin,
    });
  }

  async #accept(events: readonly AuditEvent[], checkpoint?: Checkpoint): Promise<void> {
    for (const event of events) this.names.push('event_name' in event ? event.event_name : '');
    this.checkpoint = checkpoint?.value;
  }
}

function change(n: number): StateChange {
  const value = { groupId: `v${n}`, createdAtMs: n, class: 'STANDARD', tags: {} } as const;
  const about = { eventSource: 'test', resource: 'r' };
  return {
    eventName: `change-${n}`,
    ...about,
    changes: [{ kind: 'log-group', id: `g${n % 4}`, value }],
  };
}

/** Which changes are in force: the newest of each group. */
function inForce(state: State): number {
  const values = [...state.list('log-group')].map(([, { createdAtMs }]) => createdAtMs);
  return Math.max(-1, ...values);
}

/** Makes the changes until something happens; resolves to the last one acknowledged. */
async function changeAll(state: State, told: { last: number }): Promise<void> {
  for (let n = 0; n < CHANGES; n++) {
    await state.change(ACTOR, () => change(n));
    told.last = n;
  }
}

/** Everything that must hold after a crash. */
async function check(disk: SimulatedDisk, journal: EventJournal, last: number): Promise<void> {
  const state = await journal.openOn(disk, () => true);
  const newest = inForce(state);
  expect(newest).toBeGreaterThanOrEqual(last);
  expect(journal.names).toEqual(Array.from({ length: newest + 1 }, (_, n) => `change-${n}`));
  // It goes on from there.
  await state.change(ACTOR, () => change(newest + 1));
  await state.close();
  const again = await journal.openOn(disk, () => true);
  expect(inForce(again)).toBe(newest + 1);
  expect(journal.names).toHaveLength(newest + 2);
  await again.close();
}

/** Runs until the operation of this number, at which everything stops; false when there are fewer. */
async function dieAt(operation: number, power: boolean, seed: number): Promise<boolean> {
  const disk = new SimulatedDisk(seed);
  const journal = new EventJournal();
  const told = { last: -1 };
  let left = operation;
  let alive = true;
  const died = new Promise<boolean>((resolve) => {
    disk.fault = () => {
      if (alive && left-- === 0) {
        alive = false;
        resolve(true);
      }
      return undefined;
    };
    void (async () => {
      const state = await journal.openOn(disk, () => alive);
      await changeAll(state, told);
      resolve(false);
    })();
  });
  const inTheMiddle = await died;
  disk.crash(power);
  disk.fault = () => undefined;
  await check(disk, journal, told.last);
  return inTheMiddle;
}

test.each([
  ['the process', false, 1],
  ['the power', true, 3],
])('%s dies at each operation on the disk', async (_, power, lives) => {
  for (let seed = 1; seed <= lives; seed++) {
    let operation = 0;
    while (await dieAt(operation, power, seed)) operation++;
    expect(operation).toBeGreaterThan(3 * CHANGES);
  }
});

test('a log that ends at any byte is what it was there, or refused with its place', async () => {
  const disk = new SimulatedDisk();
  const journal = new EventJournal();
  const whole: { bytes: number; checkpoint: unknown }[] = [];
  const state = await journal.openOn(disk, () => true, LONG);
  for (let n = 0; n < CHANGES; n++) {
    whole.push({ bytes: disk.contentOf(FILE).length, checkpoint: journal.checkpoint });
    await state.change(ACTOR, () => change(n));
  }
  const content = disk.contentOf(FILE);
  const first = whole[0]?.bytes ?? 0;
  for (let bytes = 0; bytes <= content.length; bytes++) {
    for (const { checkpoint } of [...whole, { checkpoint: journal.checkpoint }]) {
      const cut = new SimulatedDisk();
      await cut.makeDirectory('/data/state');
      cut.tamper(FILE, content.slice(0, bytes));
      const known = new EventJournal();
      known.checkpoint = checkpoint;
      const least = (checkpoint as { seq?: number } | undefined)?.seq ?? 0;
      const held = whole.filter((place) => place.bytes <= bytes).length - 1;
      const there = bytes === content.length ? whole.length : held;
      const opened = known.openOn(cut, () => true, LONG);
      if (bytes >= first && there >= least) {
        expect(inForce(await opened)).toBe(there - 1);
        expect(known.names).toHaveLength(there - least);
      } else await expect(opened).rejects.toThrow(StateError);
    }
  }
});

import { expect, test } from 'vitest';
import { LogEventKeeping } from './log-event-keeping.ts';
import type { Clock } from './platform/clock.ts';
import { silentLog } from './platform/log.ts';
import type { LogGroupDocument } from './state/documents.ts';
import type { StateView } from './state/state.ts';
import type { Forgotten, LogEventStore } from './store/log-event-store.ts';

const DAY_MS = 86_400_000;

function group(groupId: string, retentionDays?: number): LogGroupDocument {
  const kept = retentionDays !== undefined && { retentionDays };
  return { groupId, createdAtMs: 0, class: 'STANDARD', tags: {}, ...kept };
}

/** A keeping whose clock, store and journal a test moves. */
function world() {
  const forgotten: Forgotten[] = [];
  const groups: Record<string, LogGroupDocument> = {};
  const streams = new Set<string>();
  const stored: Record<string, string[]> = {};
  let callback: (() => void) | undefined;
  const shared = { nowMs: 100 * DAY_MS, end: 10, loadedTo: 10, ready: true, fails: false };
  const clock: Clock = {
    now: () => shared.nowMs,
    after: (_, next) => {
      callback = next;
      return { cancel: () => (callback = undefined) };
    },
  };
  const state = {
    list: () => Object.entries(groups)[Symbol.iterator](),
    get: (_: string, id: string) => (streams.has(id) ? {} : undefined),
  } as unknown as StateView;
  const store: LogEventStore = {
    logGroups: async () =>
      Object.keys(stored).map((groupId) => ({ groupId, events: 1, storedBytes: 1 })),
    logStreams: async (groupId) =>
      (stored[groupId] ?? []).map((stream) => ({
        stream,
        firstEventAtMs: 0,
        lastEventAtMs: 0,
        lastIngestionAtMs: 0,
      })),
    forget: async (what) => {
      if (shared.fails) throw new Error('busy');
      forgotten.push(what);
    },
  };
  const keeping = new LogEventKeeping({
    state,
    store,
    clock,
    log: silentLog,
    end: () => shared.end,
    loadedTo: () => shared.loadedTo,
    ready: () => shared.ready,
  });
  keeping.start();
  const look = async (): Promise<void> => {
    const due = callback;
    callback = undefined;
    due?.();
    await expect.poll(() => callback).toBeDefined();
  };
  return Object.assign(shared, { keeping, forgotten, groups, streams, stored, look });
}

test('what is deleted goes when the store has all of it, and only what was there', async () => {
  const all = world();
  await all.look();
  all.keeping.forget({ groupId: 'a' });
  all.end = 11;
  await all.look();
  expect(all.forgotten).toEqual([{ groupId: 'a', belowPosition: 10 }]);
});

test('it waits for the loader, and for the store', async () => {
  const all = world();
  await all.look();
  all.end = 20;
  all.keeping.forget({ groupId: 'a', stream: 's' });
  await all.look();
  expect(all.forgotten).toEqual([]);
  all.loadedTo = 20;
  all.ready = false;
  await all.look();
  expect(all.forgotten).toEqual([]);
  all.ready = true;
  all.fails = true;
  await all.look();
  all.fails = false;
  await all.look();
  await all.look();
  expect(all.forgotten).toEqual([{ groupId: 'a', stream: 's', belowPosition: 20 }]);
});

test('what was deleted before a crash is found at the start', async () => {
  const all = world();
  all.groups['/kept'] = group('a');
  all.streams.add('/kept:s');
  Object.assign(all.stored, { a: ['s', 'gone'], b: ['s'] });
  await all.look();
  expect(all.forgotten).toEqual([
    { groupId: 'a', stream: 'gone', belowPosition: 10 },
    { groupId: 'b', belowPosition: 10 },
  ]);
  await all.look();
  expect(all.forgotten).toHaveLength(2);
});

test('what is beyond its retention goes every hour', async () => {
  const all = world();
  all.groups['/short'] = group('a', 3);
  all.groups['/long'] = group('b');
  await all.look();
  expect(all.forgotten).toEqual([{ groupId: 'a', beforeMs: 97 * DAY_MS, belowPosition: 10 }]);
  await all.look();
  expect(all.forgotten).toHaveLength(1);
  all.nowMs += 3_600_000;
  await all.look();
  expect(all.forgotten).toHaveLength(2);
  await all.keeping.stop();
});

import { expect, test } from 'vitest';
import { END_BEHIND_MS, SessionEnds, WATCHED_ENDS_MAX } from './session-ends.ts';

/** Ends that are watched since long enough, and the clock. */
function watched(): { ends: SessionEnds; pass: (ms: number) => void } {
  let now = 0;
  const ends = new SessionEnds(() => now);
  now = END_BEHIND_MS;
  return { ends, pass: (ms) => (now += ms) };
}

test('line and event may come in either order', () => {
  const { ends, pass } = watched();
  ends.line('a');
  ends.event('a');
  ends.event('b');
  ends.line('b');
  pass(2 * END_BEHIND_MS);
  expect(ends.lost).toBe(0);
});

test('a line without its event is a loss, once the event cannot be behind any more', () => {
  const { ends, pass } = watched();
  ends.event('a');
  ends.line('b');
  pass(END_BEHIND_MS - 1);
  expect(ends.lost).toBe(0);
  pass(1);
  expect(ends.lost).toBe(1);
});

test('where no such events are exported, nothing is told', () => {
  const { ends, pass } = watched();
  ends.line('a');
  pass(2 * END_BEHIND_MS);
  expect(ends.lost).toBe(0);
});

test('just after a start the event may have been read before it', () => {
  let now = 0;
  const ends = new SessionEnds(() => now);
  ends.event('a');
  ends.line('b');
  now = 3 * END_BEHIND_MS;
  expect(ends.lost).toBe(0);
});

test('beyond the limit the oldest is not watched any more', () => {
  const { ends, pass } = watched();
  ends.event('x');
  for (let n = 0; n <= WATCHED_ENDS_MAX; n++) ends.line(`s${n}`);
  pass(END_BEHIND_MS);
  expect(ends.lost).toBe(WATCHED_ENDS_MAX);
});

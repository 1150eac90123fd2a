// Events on their way into the journal: whole, in order, at once, and without keeping others waiting.
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { AuditEvent } from './event/audit-event.ts';
import { createIntake, EVENTS_AT_A_TIME } from './intake.ts';
import type { Journal } from './journal/journal.ts';

interface Appended {
  readonly users: unknown[];
  readonly count: number;
  readonly checkpoint: unknown;
}

/** What was appended, and how many turns of the event loop others had by then. */
function journalOf(appended: Appended[]): Journal {
  const append: Journal['append'] = ({ lines, count, checkpoint }) => {
    const text = Buffer.from(lines).toString('utf8');
    const records = text.split('\n').filter((line) => line !== '');
    const users = records.map((line) => (JSON.parse(line) as { user?: unknown }).user);
    appended.push({ users, count, checkpoint });
    return Promise.resolve(appended.length);
  };
  return { append } as Journal;
}

function events(count: number): AuditEvent[] {
  return Array.from({ length: count }, (_, n) => ({
    log_type: 'AUTHENTICATION_LOGS',
    event_timestamp: n,
    auth_successful: true,
    user: `u${n}`,
  }));
}

test.each([
  ['none', 0, 0],
  ["one turn's worth", EVENTS_AT_A_TIME, 0],
  ["one more than a turn's worth", EVENTS_AT_A_TIME + 1, 2],
  ['many', EVENTS_AT_A_TIME * 5, 5],
])('%s: appended once, whole and in order; others have their turns', async (_, count, turns) => {
  const appended: Appended[] = [];
  const intake = createIntake(journalOf(appended), 'arn:aws:workmail:x:1:organization/m-1');
  const checkpoint = { source: 'log', value: { at: 1 } };
  const state = { done: false };
  const accepted = intake.accept(events(count), checkpoint).finally(() => (state.done = true));
  let had = 0;
  for (await Promise.resolve(); !state.done && had <= turns; had++) await setImmediate();
  await accepted;
  const users = events(count).map((event) => (event as { user?: string }).user);
  expect(appended).toEqual([{ users, count, checkpoint }]);
  expect(had).toBeGreaterThanOrEqual(turns);
});

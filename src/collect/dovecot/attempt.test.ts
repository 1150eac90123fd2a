import { expect, test } from 'vitest';
import { HOLD_MS, Holdings } from '../holdings.ts';
import type { AuditEvent } from '../../event/audit-event.ts';
import { AGENT_WAIT_MS, Attempt } from './attempt.ts';
import type { SignInAttempt } from './sign-in.ts';

const SIGN_IN = { timeMs: 0, success: true, session: 'S1', userTyped: 'ann' } as SignInAttempt;

function heldFrom(sinceMs: number, waits: readonly ('agent' | 'report')[]): Holdings {
  const attempt = new Attempt({ at: 1, from: 1 }, sinceMs, SIGN_IN, (told, out) => told.write(out));
  for (const what of waits) attempt.waits[what] = true;
  attempt.beginsToWait();
  const holdings = new Holdings();
  holdings.hold(attempt, []);
  return holdings;
}

function toldAt(holdings: Holdings, nowMs: number): number {
  const out: AuditEvent[] = [];
  holdings.release(nowMs - HOLD_MS, out);
  return out.length;
}

test('for the name of the client alone an event waits less', () => {
  const holdings = heldFrom(5_000, ['agent']);
  expect(toldAt(holdings, 5_000 + AGENT_WAIT_MS - 1)).toBe(0);
  expect(toldAt(holdings, 5_000 + AGENT_WAIT_MS)).toBe(1);
});

test('for a report it waits as long as for anything', () => {
  const holdings = heldFrom(5_000, ['agent', 'report']);
  expect(toldAt(holdings, 5_000 + HOLD_MS - 1)).toBe(0);
  expect(toldAt(holdings, 5_000 + HOLD_MS)).toBe(1);
});

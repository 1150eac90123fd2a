// What is told early and amended later has one key, also after a restart.
import { expect, test } from 'vitest';
import type { AuditEvent } from '../event/audit-event.ts';
import { type Held, Holdings } from './holdings.ts';

function signIn(userAgent?: string): AuditEvent {
  return {
    log_type: 'AUTHENTICATION_LOGS',
    event_timestamp: 1_795_600_000_000,
    request_id: 's1',
    auth_successful: true,
    ...(userAgent !== undefined && { user_agent: userAgent }),
  };
}

/** A sign-in whose client may still say what it is. */
function held(known: { userAgent?: string }, amendable: boolean): Held {
  return {
    at: 70,
    from: 70,
    sinceMs: 0,
    told: false,
    ...(amendable && { amendable }),
    tell: (out) => out.push(signIn(known.userAgent)),
  };
}

test('an event told early is amended under its key, as often as more becomes known', () => {
  const known: { userAgent?: string } = {};
  const holdings = new Holdings();
  const out: AuditEvent[] = [];
  const waiting = held(known, true);
  holdings.hold(waiting, out);
  holdings.release(1, out);
  const key = out[0]?.revision_key;
  expect(out).toEqual([{ ...signIn(), revision_key: key }]);
  expect(key).toMatch(/^[\w-]{20}$/);
  known.userAgent = 'Thunderbird';
  holdings.amend(waiting, out);
  known.userAgent = 'Thunderbird 128';
  holdings.amend(waiting, out);
  expect(out.slice(1)).toEqual([
    { ...signIn('Thunderbird'), revision_key: key, revision: 2 },
    { ...signIn('Thunderbird 128'), revision_key: key, revision: 3 },
  ]);
});

test('the same line makes the same key after a restart, and is not told again', () => {
  const before: AuditEvent[] = [];
  const first = new Holdings();
  first.hold(held({}, true), before);
  first.release(1, before);
  const after: AuditEvent[] = [];
  const second = new Holdings();
  second.resume(first.mark(100));
  const again = held({ userAgent: 'Thunderbird' }, true);
  second.hold(again, after);
  expect(after).toEqual([]);
  second.amend(again, after);
  expect(after.map((event) => event.revision_key)).toEqual([before[0]?.revision_key]);
});

test('what cannot be amended is not marked', () => {
  const out: AuditEvent[] = [];
  const holdings = new Holdings();
  const waiting = held({}, false);
  holdings.hold(waiting, out);
  holdings.release(1, out);
  holdings.amend(waiting, out);
  expect(out).toEqual([signIn()]);
});

test('what was not told yet is not amended: it is still to be told whole', () => {
  const out: AuditEvent[] = [];
  const holdings = new Holdings();
  const waiting = held({}, true);
  holdings.hold(waiting, out);
  holdings.amend(waiting, out);
  expect(out).toEqual([]);
});

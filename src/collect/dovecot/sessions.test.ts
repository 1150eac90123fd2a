import { expect, test } from 'vitest';
import { CARRIED_BYTES_MAX, ENDING_MS, LONG_BYTES, Sessions, SESSIONS_MAX } from './sessions.ts';

test('at the limit the session that was silent longest is forgotten', () => {
  const sessions = new Sessions();
  for (let n = 0; n < SESSIONS_MAX; n++) sessions.use(`s${n}`);
  sessions.use('s0');
  sessions.use('new');
  expect(sessions.size).toBe(SESSIONS_MAX);
  expect(sessions.find('s0')).toBeDefined();
  expect(sessions.find('s1')).toBeUndefined();
});

test('a session is remembered for a moment after its last line', () => {
  const sessions = new Sessions();
  sessions.use('s1').openFrom = 7;
  sessions.endSoon('s1', 1_000);
  sessions.endSoon('unknown', 1_000);
  expect(sessions.openFrom(999 + ENDING_MS)).toBe(7);
  expect(sessions.find('s1')).toBeDefined();
  expect(sessions.openFrom(1_000 + ENDING_MS)).toBeUndefined();
  expect(sessions.find('s1')).toBeUndefined();
});

test('who impersonates whom is carried over a restart, and ends with the session', () => {
  const before = new Sessions();
  const session = before.use('s1');
  session.user = 'alice';
  session.userAgent = 'x/1';
  before.impersonate(session, 'admin');
  before.use('s2').user = 'bob';
  const after = new Sessions();
  after.restore(JSON.parse(JSON.stringify(before.carry(0))));
  expect(after.find('s1')).toMatchObject({
    user: 'alice',
    impersonatorId: 'admin',
    userAgent: 'x/1',
  });
  expect(after.size).toBe(1);
  after.end('s1');
  expect(after.carry(0)).toBeUndefined();
});

test('a session that goes on for long is carried, also by the next runs', () => {
  const before = new Sessions();
  const session = before.use('s1');
  const known = {
    user: 'a',
    userAgent: 'x/1',
    protocol: 'submission',
    sourceIp: '::1',
    sourcePort: 4,
  };
  Object.assign(session, known, { openFrom: 100 });
  expect(before.carry(100 + LONG_BYTES)).toBeUndefined();
  let carried = before.carry(101 + LONG_BYTES);
  for (let run = 0; run < 2; run++) {
    const after = new Sessions();
    after.restore(JSON.parse(JSON.stringify(carried)));
    expect(after.find('s1')).toMatchObject(known);
    expect(after.findByPeer('::1', 4)?.id).toBe('s1');
    carried = after.carry(0);
  }
  before.end('s1');
  expect(before.carry(101 + LONG_BYTES)).toBeUndefined();
});

test('of too many sessions the impersonated ones are carried', () => {
  const sessions = new Sessions();
  sessions.impersonate(sessions.use('s'), 'admin');
  for (let n = 0; n < 500; n++) {
    const session = sessions.use(`s${n}`);
    Object.assign(session, { user: 'u'.repeat(200), openFrom: n });
  }
  const carried = sessions.carry(LONG_BYTES + 500) as { id: string }[];
  expect(carried.length).toBeLessThan(100);
  expect(carried.slice(-2).map(({ id }) => id)).toEqual(['s499', 's']);
});

test('what is carried is bounded: the newest sessions', () => {
  const sessions = new Sessions();
  for (let n = 0; n < 500; n++) {
    const session = sessions.use(`s${n}`);
    session.user = 'ü'.repeat(200);
    sessions.impersonate(session, 'admin');
  }
  const carried = sessions.carry(0) as { id: string }[];
  expect(Buffer.byteLength(JSON.stringify(carried))).toBeLessThanOrEqual(CARRIED_BYTES_MAX + 1);
  expect(carried.at(-1)?.id).toBe('s499');
  expect(carried.length).toBeGreaterThan(20);
});

test.each([undefined, null, 'x', [null], [{ id: 1 }], [{ id: 'a' }]])(
  '%j carries nothing',
  (carried) => {
    const sessions = new Sessions();
    sessions.restore(carried);
    expect(sessions.size).toBe(0);
  },
);

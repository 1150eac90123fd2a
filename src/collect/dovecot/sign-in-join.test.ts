// One attempt, told by the log and by a policy report, in any order and with either missing: one event.
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { visible } from '../../../test/collect/visible.ts';
import { fastClock, MemoryIntake, until } from '../../../test/collect/memory-intake.ts';
import { silentLog } from '../../platform/log.ts';
import type { Collector } from '../collector.ts';
import { createDovecotCollector } from './collector.ts';
import { REPORTS_TOLD_BYTES_MAX } from './noted-reports.ts';
import {
  createSignInJoin,
  REPORTS_NOTED_BYTES_MAX,
  SIGN_IN_REPORTS_MAX,
  SignInJoin,
  signInKey,
} from './sign-in-join.ts';
import type { SignInAttempt } from './sign-in.ts';

const FACTOR = 20;
let directory = '';
let path = '';
let intake = new MemoryIntake();
let clock = fastClock(FACTOR);
let signIns = createSignInJoin({ intake, clock, log: silentLog });
let collector: Collector;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'join-'));
  path = join(directory, 'log');
  writeFileSync(path, '');
  intake = new MemoryIntake();
  clock = fastClock(FACTOR);
  signIns = createSignInJoin({ intake, clock, log: silentLog });
  collector = createDovecotCollector({ paths: [path], intake, clock, log: silentLog, signIns });
  await collector.start();
  await until(
    () => collector.status().state === 'running' && directory !== '',
    () => 'not running',
  );
});
afterEach(async () => {
  await signIns.stop();
  await collector.stop();
  rmSync(directory, { recursive: true, force: true });
});

/** The line of an attempt as the stats process writes it. */
function line(session: string | undefined, success: boolean, user = 'alice@example.test'): string {
  const fields = {
    mechanism: 'PLAIN',
    transport: 'TLS',
    service: session === undefined ? 'smtp' : 'imap',
    ...(session !== undefined && { session }),
    remote_ip: '203.0.113.7',
    original_user: user,
    user,
    ...(success && { success: 'yes' }),
    policy_result: 'ok',
  };
  const event = {
    event: 'auth_request_finished',
    hostname: 'mx',
    start_time: '2026-11-23T05:56:11.008700Z',
    end_time: '2026-11-23T05:56:11.030044Z',
    categories: ['service:auth', 'auth'],
    fields,
  };
  return `2026-11-23T05:56:11 stats: Info: ${JSON.stringify(event)}\n`;
}

function report(
  session: string | undefined,
  success: boolean,
  over: Partial<SignInAttempt> = {},
): SignInAttempt {
  return {
    timeMs: 1,
    session,
    userId: 'alice@example.test',
    userTyped: 'alice@example.test',
    impersonatorId: undefined,
    protocol: session === undefined ? 'SMTP' : 'IMAP',
    sourceIp: '203.0.113.7',
    sourcePort: undefined,
    userAgent: undefined,
    mechanism: 'PLAIN',
    transport: 'TLS',
    requestId: undefined,
    userUnknown: false,
    success,
    policyReject: false,
    refusal: undefined,
    passdbResult: undefined,
    patId: 'pat_1',
    serverName: undefined,
    ...over,
  };
}

const events = (): unknown[] => visible(intake.journal.events);
const arrived = (count: number): Promise<void> =>
  until(
    () => events().length >= count,
    () => `${events().length} of ${count} events`,
  );

/** Lets the time pass in which a second event would come, by the joins' own clock. */
async function wait(ms: number): Promise<void> {
  const startMs = clock.now();
  await until(
    () => clock.now() - startMs > ms,
    () => 'time stands still',
  );
}

test('the report comes first', async () => {
  await signIns.report(report('S1', true));
  appendFileSync(path, line('S1', true));
  await arrived(1);
  await wait(4_000);
  expect(events()).toMatchObject([
    { request_id: 'S1', personal_access_token_id: 'pat_1', server_name: 'mx' },
  ]);
});

test('the line comes first', async () => {
  signIns.heard();
  appendFileSync(path, line('S1', true));
  await until(
    () => collector.status().seen === 1,
    () => 'the line was not read',
  );
  await signIns.report(report('S1', true));
  await arrived(1);
  await wait(4_000);
  expect(events()).toMatchObject([{ request_id: 'S1', personal_access_token_id: 'pat_1' }]);
});

test('no report comes, then it does after all', async () => {
  signIns.heard();
  appendFileSync(path, line('S1', true));
  await arrived(1);
  expect(events()[0]).not.toHaveProperty('personal_access_token_id');
  await signIns.report(report('S1', true));
  await wait(4_000);
  expect(events()).toMatchObject([
    { request_id: 'S1', server_name: 'mx', personal_access_token_id: 'pat_1' },
  ]);
});

test('no line comes, then it does after all', async () => {
  await signIns.report(report('S1', false));
  await arrived(1);
  expect(events()).toMatchObject([{ request_id: 'S1', auth_successful: false }]);
  appendFileSync(path, line('S1', false));
  appendFileSync(path, line('S2', false));
  await arrived(2);
  await wait(4_000);
  expect(events()).toMatchObject([{ request_id: 'S1' }, { request_id: 'S2' }]);
});

test('nobody reports: lines are told at once', async () => {
  appendFileSync(path, line('S1', true));
  await arrived(1);
  expect(events()).toMatchObject([{ request_id: 'S1' }]);
});

test('several attempts in one session, and without session from one address', async () => {
  for (const session of ['S1', undefined]) {
    for (let n = 0; n < 3; n++) await signIns.report(report(session, false, { patId: `pat_${n}` }));
    await signIns.report(report(session, true));
    for (let n = 0; n < 3; n++) appendFileSync(path, line(session, false));
    appendFileSync(path, line(session, true));
  }
  await arrived(8);
  await wait(4_000);
  const told = visible(intake.journal.events).map((e) =>
    e.log_type === 'AUTHENTICATION_LOGS'
      ? `${e.protocol} ${e.auth_successful} ${e.personal_access_token_id}`
      : '',
  );
  const each = ['false pat_0', 'false pat_1', 'false pat_2', 'true pat_1'];
  const both = ['IMAP', 'SMTP'].flatMap((protocol) => each.map((one) => `${protocol} ${one}`));
  expect(told.toSorted()).toEqual(both);
});

test('reports that could not be kept are tried again', async () => {
  intake.refuse = 'overloaded';
  let answered = false;
  const answer = signIns.report(report('S1', true)).then(() => (answered = true));
  await until(
    () => intake.refusals > 0,
    () => 'never tried',
  );
  expect(answered).toBe(false);
  intake.refuse = undefined;
  await answer;
  await arrived(1);
  expect(events()).toHaveLength(1);
});

test('waiting reports are bounded: at the limit the oldest becomes an event at once', async () => {
  const still = { now: () => 0, after: () => ({ cancel: () => {} }) };
  const bounded = new SignInJoin({ intake, clock: still, log: silentLog });
  const told: unknown[] = [];
  bounded.attach({
    reader: {},
    readable: () => true,
    behind: () => true,
    offer: () => false,
    note: () => Promise.resolve(),
    tell: (alone) => Promise.resolve(void told.push(...alone)),
  });
  for (let n = 0; n <= SIGN_IN_REPORTS_MAX; n++) await bounded.report(report(`S${n}`, true));
  expect(bounded.takeReport(signInKey(report('S0', true)), {})).toBeUndefined();
  expect(bounded.takeReport(signInKey(report('S1', true)), {})?.session).toBe('S1');
  expect(told).toMatchObject([{ request_id: 'S0' }]);
});

test('what no checkpoint can hold is told at once when the line ought to be there by now', async () => {
  const still = { now: () => 0, after: () => ({ cancel: () => {} }) };
  const bounded = new SignInJoin({ intake, clock: still, log: silentLog });
  bounded.heard();
  const told: unknown[] = [];
  bounded.attach({
    reader: {},
    readable: () => true,
    behind: () => false,
    offer: () => false,
    note: () => Promise.resolve(),
    tell: (alone) => Promise.resolve(void told.push(...alone)),
  });
  for (let n = 0; n < 100; n++) await bounded.report(report(`S${n}`, true));
  expect(told.length).toBeGreaterThan(40);
  expect(told[0]).toMatchObject({ request_id: 'S0', revision_key: expect.any(String) as string });
  const carried = JSON.stringify(bounded.carry({}));
  expect(carried.length).toBeLessThan(REPORTS_NOTED_BYTES_MAX + REPORTS_TOLD_BYTES_MAX + 5_000);
  expect(carried).toContain('"S99"');
});

import { expect, test } from 'vitest';
import { fastClock, MemoryIntake, until } from '../../../test/collect/memory-intake.ts';
import { accessByRules } from '../../../test/access/in-force.ts';
import { DEFAULT_RULE } from '../../access/decide.ts';
import type { AccessRule } from '../../access/decision.ts';
import type { Clock } from '../../platform/clock.ts';
import { silentLog } from '../../platform/log.ts';
import { PolicyRequestError } from './policy-request.ts';
import { createPolicyHandler, type PolicyHandler } from './policy.ts';
import { createSignInJoin, type SignInJoin } from './sign-in-join.ts';

const RULES: readonly AccessRule[] = [
  DEFAULT_RULE,
  { name: 'BlockImapOutside', effect: 'DENY', actions: ['IMAP'], notIpRanges: ['10.0.0.0/8'] },
];

/** A request as Dovecot 2.3.19 sends it with the documented attributes. */
const body = (over: Record<string, unknown> = {}): Record<string, unknown> => ({
  device_id: '"name" "Thunderbird" "version" "128.1"',
  local: '127.0.0.1',
  login: 'alice@example.test',
  login_user: '',
  lport: '143',
  master_user: '',
  mech: 'PLAIN',
  orig_user: 'Alice@Example.TEST',
  passdb_id: '1',
  pat_id: '',
  protocol: 'imap',
  pwhash: '0a79',
  real_rip: '10.1.2.3',
  remote: '10.1.2.3',
  rport: '53830',
  secured: 'TLS',
  session_id: 'bjY0QOtgRtJ/AAAB',
  sni: '',
  user: 'alice@example.test',
  tls: true,
  ...over,
});

const NOW_MS = 1_795_413_371_000;
const stillClock: Clock = { now: () => NOW_MS, after: () => ({ cancel: () => {} }) };

function handler(signIns?: (intake: MemoryIntake) => SignInJoin): {
  handler: PolicyHandler;
  intake: MemoryIntake;
} {
  const intake = new MemoryIntake();
  const access = accessByRules(RULES);
  return {
    intake,
    handler: createPolicyHandler({
      access: () => access,
      intake,
      clock: stillClock,
      ...(signIns !== undefined && { signIns: signIns(intake) }),
    }),
  };
}

test('an allowed sign-in is recorded before it is answered', async () => {
  const { handler: policy, intake } = handler();
  expect(await policy.handle('allow', body())).toEqual({ status: 0, msg: '' });
  expect(intake.journal.events).toEqual([
    {
      log_type: 'ACCESS_CONTROL_LOGS',
      event_timestamp: NOW_MS,
      request_id: 'bjY0QOtgRtJ/AAAB',
      user_id: 'alice@example.test',
      protocol: 'IMAP',
      source_ip: '10.1.2.3',
      scope: 'AccessControl',
      rule_id: 'Default',
      access_granted: true,
      user_agent: 'Thunderbird/128.1',
      source_port: 53_830,
    },
  ]);
});

test('a refused one is told the rule', async () => {
  const { handler: policy, intake } = handler();
  const answer = await policy.handle('allow', body({ remote: '203.0.113.7' }));
  expect(answer).toEqual({ status: -1, msg: 'Denied by access control rule BlockImapOutside' });
  expect(intake.journal.events).toMatchObject([
    { rule_id: 'BlockImapOutside', access_granted: false, source_ip: '203.0.113.7' },
  ]);
});

test('without a record there is no answer', async () => {
  const { handler: policy, intake } = handler();
  intake.refuse = 'disk-full';
  await expect(policy.handle('allow', body())).rejects.toMatchObject({ code: 'disk-full' });
  intake.refuse = undefined;
  await policy.handle('allow', body());
  expect(intake.journal.events).toHaveLength(1);
});

test('every question is a decision and a record of its own', async () => {
  const intake = new MemoryIntake();
  let access = accessByRules(RULES);
  const policy = createPolicyHandler({ access: () => access, intake, clock: stillClock });
  await policy.handle('allow', body());
  await policy.handle('allow', body());
  access = accessByRules([{ name: 'Closed', effect: 'DENY' }]);
  await policy.handle('allow', body());
  const found = intake.journal.events;
  expect(found).toMatchObject([
    { rule_id: 'Default' },
    { rule_id: 'Default' },
    { rule_id: 'Closed' },
  ]);
});

test('a master user is the impersonator, before and after the password was right', async () => {
  const { handler: policy, intake } = handler();
  await policy.handle(
    'allow',
    body({ user: 'admin', orig_user: 'admin', login_user: 'alice@example.test' }),
  );
  await policy.handle('allow', body({ orig_user: 'admin', master_user: 'admin' }));
  await policy.handle('report', body({ orig_user: 'admin', master_user: 'admin', success: true }));
  expect(intake.journal.events).toMatchObject([
    { log_type: 'ACCESS_CONTROL_LOGS', user_id: 'alice@example.test', impersonator_id: 'admin' },
    { log_type: 'ACCESS_CONTROL_LOGS', user_id: 'alice@example.test', impersonator_id: 'admin' },
    {
      log_type: 'AUTHENTICATION_LOGS',
      user_id: 'alice@example.test',
      user: 'admin',
      impersonator_id: 'admin',
      auth_successful: true,
    },
  ]);
});

test('a report without a log to wait for is a sign-in of its own', async () => {
  const { handler: policy, intake } = handler();
  await policy.handle('report', body({ success: false, policy_reject: true }));
  await policy.handle(
    'report',
    body({
      success: true,
      policy_reject: false,
      pat_id: 'pat_1',
      session_id: '',
      protocol: 'smtp',
      rport: '0',
      secured: '',
      tls: false,
    }),
  );
  expect(intake.journal.events).toEqual([
    {
      log_type: 'AUTHENTICATION_LOGS',
      event_timestamp: NOW_MS,
      request_id: 'bjY0QOtgRtJ/AAAB',
      user_id: 'alice@example.test',
      user: 'Alice@Example.TEST',
      protocol: 'IMAP',
      source_ip: '10.1.2.3',
      user_agent: 'Thunderbird/128.1',
      method: 'basic',
      auth_successful: false,
      auth_failed_reason: 'Denied by access control rule',
      mechanism: 'PLAIN',
      transport: 'TLS',
      failure_detail: 'policy_refused',
      source_port: 53_830,
    },
    {
      log_type: 'AUTHENTICATION_LOGS',
      event_timestamp: NOW_MS,
      user_id: 'alice@example.test',
      user: 'Alice@Example.TEST',
      protocol: 'SMTP',
      source_ip: '10.1.2.3',
      user_agent: 'Thunderbird/128.1',
      method: 'basic',
      auth_successful: true,
      personal_access_token_id: 'pat_1',
      mechanism: 'PLAIN',
      transport: 'insecure',
    },
  ]);
});

test.each([
  [[], /must be a JSON object/],
  ['x', /must be a JSON object/],
  [{ remote: '10.0.0.1' }, /login is missing; add login=%\{requested_username\}/],
  [{ login: 'a' }, /remote is missing; add remote=%\{rip\}/],
  [body({ login: 7 }), /login must be a string/],
  [body({ session_id: {} }), /session_id must be a string/],
  [body({ success: 'yes' }), /success must be true or false/],
])('%j is refused: %s', async (input, message) => {
  const { handler: policy, intake } = handler();
  const refused = policy.handle('allow', input);
  await expect(refused).rejects.toThrow(PolicyRequestError);
  await expect(refused).rejects.toThrow(message);
  expect(intake.journal.events).toEqual([]);
  expect(policy.status().rejected).toBe(1);
});

test('what a stranger writes stays inside its field', async () => {
  const { handler: policy, intake } = handler();
  const evil = 'x", "access_granted": true, "rule_id": "Default\n\u001b[2J\u0000';
  await policy.handle(
    'allow',
    body({ login: evil, user: evil, orig_user: evil, device_id: `"name" "${evil}"`, remote: evil }),
  );
  const [event] = intake.journal.events;
  expect(event).toMatchObject({
    access_granted: false,
    rule_id: 'BlockImapOutside',
    user_id: evil.toLowerCase(),
  });
  await policy.handle('allow', body({ login: 'y'.repeat(100_000), user: 'y'.repeat(100_000) }));
  expect(JSON.stringify(intake.journal.events[1]).length).toBeLessThan(5_000);
});

test('reports wait for their line, and are told alone only when none comes', async () => {
  const clock = fastClock(20);
  const intake = new MemoryIntake();
  const signIns = createSignInJoin({ intake, clock, log: silentLog });
  let behind = true;
  signIns.attach({
    reader: {},
    readable: () => true,
    behind: () => behind,
    offer: () => false,
    note: () => Promise.resolve(),
    tell: async (events) => void (await intake.accept(events)),
  });
  const policy = createPolicyHandler({
    access: () => accessByRules(RULES),
    intake,
    clock,
    signIns,
  });
  await policy.handle('report', body({ success: true }));
  const startMs = clock.now();
  await until(
    () => clock.now() - startMs > 4_000,
    () => 'time stands still',
  );
  expect(intake.journal.events).toEqual([]);
  behind = false;
  await until(
    () => intake.journal.events.length > 0,
    () => 'the report was never told',
  );
  expect(intake.journal.events).toMatchObject([{ auth_successful: true }]);
  expect(signIns.takeTold('+bjY0QOtgRtJ/AAAB', {})?.revisionKey).toMatch(/^[\w-]{20}$/);
  expect(signIns.takeTold('+bjY0QOtgRtJ/AAAB', {})).toBeUndefined();
});

test('a log that cannot be read is not waited for', async () => {
  const { handler: policy, intake } = handler((to) => {
    const signIns = createSignInJoin({ intake: to, clock: stillClock, log: silentLog });
    signIns.attach({
      reader: {},
      readable: () => false,
      behind: () => false,
      offer: () => false,
      note: () => Promise.reject(new Error('the checkpoint is durable with the event')),
      tell: async (events) => void (await to.accept(events)),
    });
    return signIns;
  });
  await policy.handle('report', body({ success: true }));
  expect(intake.journal.events).toHaveLength(1);
});

test('the report of a refused attempt names the rule, each session its own', async () => {
  const { handler: policy, intake } = handler();
  const refused = body({ remote: '203.0.113.7', session_id: 'A' });
  await policy.handle('allow', refused);
  await policy.handle('report', { ...refused, success: false, policy_reject: true });
  await policy.handle('report', { ...refused, success: false, policy_reject: true });
  const reasons = intake.journal.events.map((event) =>
    event.log_type === 'AUTHENTICATION_LOGS' ? event.auth_failed_reason : undefined,
  );
  expect(reasons).toEqual([
    undefined,
    'Denied by access control rule BlockImapOutside',
    'Denied by access control rule',
  ]);
});

test.each([
  ['credentials', { user_id: 'alice@example.test', failure_detail: 'password_mismatch' }],
  ['account', { user_id: undefined, failure_detail: 'user_unknown' }],
  ['disabled', { auth_failed_reason: 'Account disabled', failure_detail: 'user_disabled' }],
  ['expired', { auth_failed_reason: 'Password expired', failure_detail: 'pass_expired' }],
  ['internal', { auth_failed_reason: 'Internal authentication failure' }],
  ['constructor', { failure_detail: undefined }],
])("Dovecot 2.4's fail_type %s is the reason", async (failType, expected) => {
  const { handler: policy, intake } = handler();
  await policy.handle('report', body({ fail_type: failType, success: false }));
  const event: object = {
    user_id: undefined,
    failure_detail: undefined,
    ...intake.journal.events[0],
  };
  expect(event).toMatchObject({
    auth_failed_reason: 'Invalid username or password',
    ...expected,
  });
});

test('a name that Dovecot does not allow comes without a user', async () => {
  const { handler: policy, intake } = handler();
  const request = body({ fail_type: 'credentials', login: '', user: '', orig_user: 'gh/ost;x' });
  await policy.handle('report', { ...request, success: false });
  expect(intake.journal.events[0]).toMatchObject({
    user: 'gh/ost;x',
    failure_detail: 'username_disallowed',
  });
});

test("a master user's wrong name is not the mailbox's", async () => {
  const { handler: policy, intake } = handler();
  const request = body({ fail_type: 'account', login_user: 'alice@example.test', user: 'admin' });
  await policy.handle('report', { ...request, success: false });
  expect(intake.journal.events[0]).toMatchObject({
    user_id: 'alice@example.test',
    impersonator_id: 'admin',
  });
});

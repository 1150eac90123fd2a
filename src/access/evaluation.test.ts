import { expect, test } from 'vitest';
import {
  accessEvents,
  evaluate,
  UNCONTROLLED,
  type AccessInForce,
  type Attempt,
  type Rulings,
} from './evaluation.ts';

const ATTEMPT: Attempt = {
  protocol: 'IMAP',
  sourceIp: '192.0.2.7',
  userId: 'alice@example.test',
  atMs: 1_795_413_371_000,
};
const ALLOWS: Rulings = {
  decide: () => ({ effect: 'ALLOW', rule: { name: 'Default' } }),
  decideDevice: () => ({ effect: 'ALLOW', rule: { id: 'd-1', name: 'All devices' } }),
  decideImpersonation: () => ({
    effect: 'ALLOW',
    role: { type: 'READ_ONLY' },
    rule: { id: 'r-1', name: 'Everybody' },
  }),
};

function inForce(over: Partial<AccessInForce> = {}, rulings: Partial<Rulings> = {}): AccessInForce {
  return {
    rulings: { ...ALLOWS, ...rulings },
    roleOf: () => UNCONTROLLED,
    deviceProtocols: new Set(['activesync']),
    ...over,
  };
}

const admin = { ...ATTEMPT, impersonator: { id: 'admin' } };

test('only the access rules are asked where nothing else applies', () => {
  const verdict = evaluate(inForce(), ATTEMPT);
  expect(verdict).toEqual({
    effect: 'ALLOW',
    evaluations: [{ scope: 'AccessControl', effect: 'ALLOW', ruleId: 'Default' }],
    message: '',
  });
  expect(evaluate(inForce(), admin).evaluations).toHaveLength(1);
});

test('a master user with a role is asked about twice, with the role', () => {
  const asked: unknown[] = [];
  const access = inForce(
    { roleOf: (login) => (login === 'admin' ? 'role-1' : undefined) },
    {
      decide: (request) => {
        asked.push(request);
        return { effect: 'ALLOW' };
      },
    },
  );
  const { effect, evaluations } = evaluate(access, admin);
  expect(effect).toBe('ALLOW');
  expect(evaluations).toEqual([
    { scope: 'AccessControl', effect: 'ALLOW' },
    { scope: 'ImpersonationAccessControl', effect: 'ALLOW', ruleId: 'r-1' },
  ]);
  expect(asked).toMatchObject([{ impersonationRoleId: 'role-1', userId: 'alice@example.test' }]);
});

test('a master user without a role opens nothing once one has a role', () => {
  const access = inForce({ roleOf: () => undefined });
  expect(evaluate(access, admin)).toMatchObject({
    effect: 'DENY',
    message: 'Denied: no impersonation role',
    evaluations: [{ effect: 'ALLOW' }, { scope: 'ImpersonationAccessControl', effect: 'DENY' }],
  });
  const byToken = { ...ATTEMPT, impersonator: { id: 'token', role: { id: 'role-1' } } };
  expect(evaluate(access, byToken).effect).toBe('ALLOW');
  const badToken = { ...ATTEMPT, impersonator: { id: 'token', role: { id: undefined } } };
  expect(evaluate(inForce(), badToken).effect).toBe('DENY');
});

test.each(['SMTP', 'ManageSieve'])('a role that may only read may not use %s', (protocol) => {
  const access = inForce({ roleOf: () => 'role-1' });
  expect(evaluate(access, { ...admin, protocol })).toMatchObject({
    effect: 'DENY',
    message: 'Denied: the impersonation role may only read',
  });
  const writes = inForce(
    { roleOf: () => 'role-1' },
    { decideImpersonation: () => ({ effect: 'ALLOW', role: { type: 'FULL_ACCESS' } }) },
  );
  expect(evaluate(writes, { ...admin, protocol }).effect).toBe('ALLOW');
});

test('device rules are for their protocols, also where the device says nothing', () => {
  const denies = { decideDevice: () => ({ effect: 'DENY' as const }) };
  expect(evaluate(inForce({}, denies), ATTEMPT).effect).toBe('ALLOW');
  const phone = { ...ATTEMPT, protocol: 'ActiveSync' };
  expect(evaluate(inForce({}, denies), phone)).toMatchObject({
    effect: 'DENY',
    message: 'Denied: no mobile device access rule allows it',
    evaluations: [{}, { scope: 'DeviceAccessControl', effect: 'DENY' }],
  });
  expect(evaluate(inForce({}, denies), { ...ATTEMPT, judgeDevice: true }).effect).toBe('DENY');
  const overridden = {
    decideDevice: () => ({ effect: 'DENY' as const, override: {} }),
  };
  expect(evaluate(inForce({}, overridden), phone).message).toBe(
    'Denied by a mobile device access override',
  );
});

test('the message names the rule, in characters that every protocol carries', () => {
  const deny = { decide: () => ({ effect: 'DENY' as const, rule: { name: 'R1' } }) };
  expect(evaluate(inForce({}, deny), ATTEMPT).message).toBe('Denied by access control rule R1');
  const own = inForce({ message: 'Not here ({rule}, {rule})' }, deny);
  expect(evaluate(own, ATTEMPT).message).toBe('Not here (R1, R1)');
  const nothing = inForce({ message: 'Not here ({rule})' }, { decide: () => ({ effect: 'DENY' }) });
  expect(evaluate(nothing, ATTEMPT).message).toBe('Not here (none)');
  const phones = inForce(
    {},
    { decideDevice: () => ({ effect: 'DENY', rule: { id: 'd', name: 'a"b\\\r\nNO $& é' } }) },
  );
  expect(evaluate(phones, { ...ATTEMPT, protocol: 'ActiveSync' }).message).toBe(
    "Denied by mobile device access rule a'b'??NO $& ?",
  );
});

test('a record for each evaluation, with what is known and nothing else', () => {
  const access = inForce(
    { roleOf: () => 'role-1', deviceProtocols: new Set(['imap']) },
    {
      decide: () => ({ effect: 'ALLOW', rule: { name: 'Default' }, wouldDeny: { name: 'Tried' } }),
    },
  );
  const attempt = { ...admin, sourceIp: '', device: { deviceId: 'abc' } };
  const events = accessEvents(attempt, evaluate(access, attempt), {
    request_id: 'session',
    user_agent: 'x/1',
    source_port: 1,
  });
  const common = {
    log_type: 'ACCESS_CONTROL_LOGS',
    event_timestamp: 1_795_413_371_000,
    request_id: 'session',
    user_id: 'alice@example.test',
    impersonator_id: 'admin',
    protocol: 'IMAP',
    access_granted: true,
    user_agent: 'x/1',
    device_id: 'abc',
    source_port: 1,
  };
  expect(events).toEqual([
    { ...common, scope: 'AccessControl', rule_id: 'Default', dry_run_rule_id: 'Tried' },
    { ...common, scope: 'ImpersonationAccessControl', rule_id: 'r-1' },
    { ...common, scope: 'DeviceAccessControl', rule_id: 'd-1' },
  ]);
});

import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { startStateWorld, type StateWorld } from '../test/api/state-world.ts';
import { countryFile } from '../test/access/country-file.ts';
import { until } from '../test/collect/memory-intake.ts';
import { RulesInForce } from './access-policy.ts';
import { evaluate, UNCONTROLLED, type Attempt } from './access/evaluation.ts';
import { TOKEN_MS } from './api/access-control/acts.ts';
import type { AccessSettings } from './config/access-settings.ts';
import { silentLog } from './platform/log.ts';

const ACTOR = { userId: 'configuration' };
const SETTINGS: AccessSettings = {
  rules: [],
  networks: {},
  impersonation: {},
  deviceProtocols: ['ActiveSync'],
  workmailLimits: false,
};
const ATTEMPT: Attempt = {
  protocol: 'IMAP',
  sourceIp: '192.0.2.7',
  userId: 'alice@example.test',
  atMs: Date.UTC(2026, 10, 23),
};

const ending: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  while (ending.length > 0) await ending.pop()?.();
});

interface World extends StateWorld {
  rules: RulesInForce;
  settings: AccessSettings;
}

async function start(settings: Partial<AccessSettings> = {}): Promise<World> {
  const state = await startStateWorld();
  const world = Object.assign(state, { settings: { ...SETTINGS, ...settings } }) as World;
  world.rules = new RulesInForce({
    state: state.state,
    clock: state.clock,
    log: silentLog,
    settings: () => world.settings,
  });
  ending.push(() => world.rules.stop());
  await world.rules.start('biotech', ACTOR);
  return world;
}

function effect({ rules }: World, more: Partial<Attempt> = {}): string {
  return evaluate(rules.access(), { ...ATTEMPT, ...more }).effect;
}

test('a new organization allows everything, once: what was deleted does not come back', async () => {
  const world = await start();
  expect(effect(world)).toBe('ALLOW');
  expect(effect(world, { protocol: 'ActiveSync' })).toBe('ALLOW');
  const remove = { actor: ACTOR, eventName: 'DeleteAccessControlRule' };
  await world.rules.acts.remove('access-rule', 'Default', remove);
  expect(effect(world)).toBe('DENY');
  await world.rules.stop();
  const { state, clock } = world;
  world.rules = new RulesInForce({ state, clock, log: silentLog, settings: () => world.settings });
  await world.rules.start('biotech', ACTOR);
  expect(effect(world)).toBe('DENY');
});

test('a change is in force at once, and the decision under way keeps its policy', async () => {
  const world = await start();
  const before = world.rules.access();
  const put = { actor: ACTOR, eventName: 'PutAccessControlRule' };
  await world.rules.acts.put(
    'access-rule',
    { name: 'NoImap', effect: 'DENY', actions: ['IMAP'] },
    put,
  );
  expect(effect(world)).toBe('DENY');
  expect(effect(world, { protocol: 'POP3' })).toBe('ALLOW');
  expect(evaluate(before, ATTEMPT).effect).toBe('ALLOW');
});

test('a rule follows the network that it names', async () => {
  const world = await start({ networks: { office: ['192.0.2.0/24'] } });
  const put = { actor: ACTOR, eventName: 'PutAccessControlRule' };
  const rule = { name: 'OfficeOnly', effect: 'DENY', notNetworks: ['office'] };
  await world.rules.acts.put('access-rule', rule, put);
  expect(effect(world)).toBe('ALLOW');
  world.settings = { ...SETTINGS, networks: { office: ['198.51.100.0/24'] } };
  expect(effect(world)).toBe('DENY');
});

test('a rule finds the country of an address in the file of the configuration', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'mailtrail-countries-'));
  ending.unshift(() => rmSync(directory, { recursive: true, force: true }));
  const countries = join(directory, 'countries.mmdb');
  writeFileSync(countries, countryFile({ '192.0.2.0/24': 'DE' }, 28));
  const world = await start({ countries });
  const put = { actor: ACTOR, eventName: 'PutAccessControlRule' };
  const rule = { name: 'GermanyOnly', effect: 'DENY', notCountries: ['DE'] };
  await world.rules.acts.put('access-rule', rule, put);
  expect(effect(world)).toBe('ALLOW');
  expect(effect(world, { sourceIp: '198.51.100.7' })).toBe('DENY');
  // A reload with a file that cannot be used is refused; one that went bad since leaves in force what was.
  const broken = { ...SETTINGS, countries: join(directory, 'not-there') };
  expect(() => world.rules.check(broken)).toThrow('not-there cannot be used');
  world.settings = broken;
  expect(effect(world)).toBe('ALLOW');
  expect(effect(world)).toBe('ALLOW');
  await expect(start({ countries: directory })).rejects.toThrow(
    /access\.countries: .* cannot be used/,
  );
});

test('what is no rule compiles nothing anew', async () => {
  const world = await start();
  const before = world.rules.policy();
  await world.state.change(ACTOR, () => ({
    eventName: 'CreateLogStream',
    eventSource: 'logs.amazonaws.com',
    resource: 'a:b',
    changes: [
      {
        kind: 'log-stream',
        id: 'a:b',
        value: { logGroupName: 'a', logStreamName: 'b', createdAtMs: 0 },
      },
    ],
  }));
  expect(world.rules.policy()).toBe(before);
});

test('declared rules are put into the state and follow the configuration', async () => {
  const rule = { name: 'NoImap', effect: 'DENY', actions: ['IMAP'] } as const;
  const world = await start({ rules: [rule] });
  expect(effect(world)).toBe('DENY');
  expect(world.state.get('access-rule', 'NoImap')).toMatchObject({ ...rule, declared: true });
  const put = { actor: ACTOR, eventName: 'PutAccessControlRule' };
  await expect(world.rules.acts.put('access-rule', rule, put)).rejects.toThrow(
    'declared in the configuration file',
  );
  world.settings = { ...SETTINGS, message: 'No ({rule})' };
  await world.rules.declare(ACTOR);
  expect(effect(world)).toBe('ALLOW');
  expect(world.rules.access().message).toBe('No ({rule})');
  expect(world.recorded).toMatchObject([
    { event_name: 'CreateOrganization', user_id: 'configuration' },
    { event_name: 'PutAccessControlRule', after: { name: 'NoImap' } },
    { event_name: 'DeleteAccessControlRule', before: { name: 'NoImap' } },
  ]);
});

const ROLE = {
  id: 'role-1',
  name: 'Auditors',
  type: 'READ_ONLY',
  rules: [{ id: 'only-alice', effect: 'ALLOW', targetUsers: ['alice@example.test'] }],
} as const;
const CREATE = { actor: ACTOR, eventName: 'CreateImpersonationRole' };

test('master users have the roles of the configuration, by id or name', async () => {
  const world = await start();
  expect(world.rules.access().roleOf('admin')).toBe(UNCONTROLLED);
  world.settings = { ...SETTINGS, impersonation: { Admin: 'Auditors', boss: 'nobody' } };
  expect(world.rules.access().roleOf('admin')).toBeUndefined();
  await world.rules.acts.put('impersonation-role', ROLE, CREATE);
  expect(world.rules.access().roleOf('ADMIN')).toBe('role-1');
  expect(world.rules.access().roleOf('boss')).toBeUndefined();
  expect(world.rules.access().roleOf('other')).toBeUndefined();
  const admin = { impersonator: { id: 'admin' } };
  expect(effect(world, admin)).toBe('ALLOW');
  expect(effect(world, { ...admin, userId: 'bob@example.test' })).toBe('DENY');
  expect(effect(world, { ...admin, protocol: 'SMTP' })).toBe('DENY');
});

test('a token is its role for its time', async () => {
  const world = await start();
  await world.rules.acts.put('impersonation-role', ROLE, CREATE);
  const { token } = await world.rules.acts.assumeRole('role-1', ACTOR);
  const digest = createHash('sha256').update(token).digest('hex');
  const roleAt = (nowMs: number): string | undefined =>
    world.rules.access().roleOfToken?.(digest, nowMs);
  expect(roleAt(world.nowMs)).toBe('role-1');
  expect(roleAt(world.nowMs + TOKEN_MS)).toBeUndefined();
});

test("the ACLs of master users follow the roles into Dovecot's file", async () => {
  const directory = mkdtempSync(join(tmpdir(), 'mailtrail-acl-'));
  ending.unshift(() => rmSync(directory, { recursive: true, force: true }));
  const dovecotAcl = join(directory, 'acl');
  const world = await start({ dovecotAcl, impersonation: { admin: 'Auditors', boss: 'Auditors' } });
  const lines = (): string[] => {
    try {
      return readFileSync(dovecotAcl, 'utf8')
        .split('\n')
        .filter((line) => line.startsWith('* '));
    } catch {
      return ['no file'];
    }
  };
  const says = (wanted: string): Promise<void> =>
    until(
      () => lines().join(', ') === wanted,
      () => `expected ${wanted}, found ${lines().join(', ')}`,
    );
  await says('');
  await world.rules.acts.put('impersonation-role', ROLE, CREATE);
  await says('* user=admin lr, * user=boss lr');
  world.settings = { ...world.settings, impersonation: { admin: 'Auditors' } };
  await world.rules.acts.put('impersonation-role', { ...ROLE, type: 'FULL_ACCESS' }, CREATE);
  await says('* user=admin lrwstipekxa');
});

test('rules name groups of the users file, and follow it within a second', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'mailtrail-'));
  ending.push(() => rmSync(directory, { recursive: true }));
  const users = join(directory, 'users.yaml');
  const ann = 'users:\n  - userName: alice@example.test\n    aliases: [al@example.test]\n';
  writeFileSync(users, `${ann}groups:\n  - name: staff\n    members: [al@example.test]\n`);
  const world = await start({ users });
  const put = { actor: ACTOR, eventName: 'PutAccessControlRule' };
  const rule = { name: 'NoStaff', effect: 'DENY', groups: ['staff'] };
  await world.rules.acts.put('access-rule', rule, put);
  expect(effect(world)).toBe('DENY');
  expect(effect(world, { userId: 'AL@example.test' })).toBe('DENY');
  writeFileSync(users, ann);
  await until(
    () => effect(world) === 'ALLOW',
    () => 'the users file was not read again',
  );
  const unknown = { ...rule, name: 'X', userIds: ['nobody@example.test'] };
  await expect(world.rules.acts.put('access-rule', unknown, put)).rejects.toMatchObject({
    code: 'unknown-user',
  });
});

test("an organization may want WorkMail's limits", async () => {
  const world = await start({ workmailLimits: true });
  const put = { actor: ACTOR, eventName: 'PutAccessControlRule' };
  const make = (name: string): Promise<unknown> =>
    world.rules.acts.put('access-rule', { name, effect: 'ALLOW' }, put);
  for (let made = 1; made < 10; made++) await make(`r${made}`);
  await expect(make('r10')).rejects.toMatchObject({ code: 'limit' });
  world.settings = { ...world.settings, workmailLimits: false };
  await make('r10');
});

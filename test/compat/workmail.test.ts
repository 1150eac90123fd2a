// The WorkMail API in the hands of AWS's own clients: the SDK for JavaScript, and Debian's command line.
import {
  AssumeImpersonationRoleCommand,
  CreateImpersonationRoleCommand,
  CreateMobileDeviceAccessRuleCommand,
  DeleteAccessControlRuleCommand,
  DeleteImpersonationRoleCommand,
  DeleteMobileDeviceAccessOverrideCommand,
  DeleteMobileDeviceAccessRuleCommand,
  DescribeOrganizationCommand,
  DescribeUserCommand,
  GetAccessControlEffectCommand,
  GetImpersonationRoleCommand,
  GetImpersonationRoleEffectCommand,
  GetMobileDeviceAccessEffectCommand,
  GetMobileDeviceAccessOverrideCommand,
  ListAccessControlRulesCommand,
  ListMobileDeviceAccessRulesCommand,
  ListOrganizationsCommand,
  ListUsersCommand,
  paginateListImpersonationRoles,
  paginateListMobileDeviceAccessOverrides,
  PutAccessControlRuleCommand,
  PutMobileDeviceAccessOverrideCommand,
  UpdateImpersonationRoleCommand,
  UpdateMobileDeviceAccessRuleCommand,
  WorkMailClient,
} from '@aws-sdk/client-workmail';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../e2e/running-server.ts';
import { type AwsWorld, keyOf, REGION, startAwsWorld } from './aws-world.ts';

let world: AwsWorld;
let client: WorkMailClient;
let OrganizationId = '';

beforeAll(async () => {
  world = await startAwsWorld();
  client = new WorkMailClient({
    endpoint: world.server.url,
    region: REGION,
    credentials: keyOf(world.directory),
    maxAttempts: 1,
  });
  const { OrganizationSummaries = [] } = await client.send(new ListOrganizationsCommand({}));
  OrganizationId = OrganizationSummaries[0]?.OrganizationId ?? '';
}, 90_000);
afterAll(async () => {
  client.destroy();
  await world.remove();
});

/** The name and message of the exception that a call ends with. */
async function failure(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'no failure',
    (error: Error) => `${error.name}: ${error.message}`,
  );
}

const org = (): { OrganizationId: string } => ({ OrganizationId });
const effectOf = async (UserId: string, IpAddress: string, Action: string): Promise<string> => {
  const asked = { ...org(), UserId, IpAddress, Action };
  const { Effect, MatchedRules } = await client.send(new GetAccessControlEffectCommand(asked));
  return `${Effect} ${MatchedRules?.join()}`;
};

test('the organization and its users', async () => {
  expect(OrganizationId).toMatch(/^m-[0-9a-f]{32}$/);
  expect(await client.send(new DescribeOrganizationCommand(org()))).toMatchObject({
    OrganizationId,
    Alias: 'default',
    State: 'Active',
    CompletedDate: expect.any(Date),
  });
  expect((await client.send(new ListUsersCommand(org()))).Users).toEqual([]);
  expect(
    await client.send(new DescribeUserCommand({ ...org(), UserId: 'Ann@example.test' })),
  ).toMatchObject({ UserId: 'ann@example.test', Email: 'ann@example.test', State: 'ENABLED' });
  const other = { OrganizationId: `m-${'0'.repeat(32)}` };
  expect(await failure(client.send(new DescribeOrganizationCommand(other)))).toMatch(
    /^OrganizationNotFoundException: The organization "m-0+" is not the one of this server/,
  );
  const mistaken = { OrganizationId: 'x' };
  expect(await failure(client.send(new ListUsersCommand(mistaken)))).toMatch(
    /^InvalidParameterException: 2 validation errors .* regular expression pattern: m-\[0-9a-f\]\{32\}$/,
  );
});

test('access control rules: put, listed, asked, replaced, deleted', async () => {
  const rules = async (): Promise<object[]> =>
    (await client.send(new ListAccessControlRulesCommand(org()))).Rules ?? [];
  expect(await rules()).toMatchObject([{ Name: 'Default', Effect: 'ALLOW' }]);
  const rule = {
    ...org(),
    Name: 'BlockImap',
    Effect: 'DENY',
    Description: 'IMAP only from inside',
    Actions: ['IMAP'],
    NotIpRanges: ['10.0.0.0/8'],
    NotUserIds: ['traveller@example.test'],
  } as const;
  const put = {
    ...rule,
    Actions: [...rule.Actions],
    NotIpRanges: [...rule.NotIpRanges],
    NotUserIds: [...rule.NotUserIds],
  };
  await client.send(new PutAccessControlRuleCommand(put));
  const { OrganizationId: _, ...said } = put;
  const [made] = await rules();
  expect(made).toMatchObject({ ...said, DateCreated: expect.any(Date) });
  expect(await effectOf('ann@example.test', '203.0.113.7', 'IMAP')).toBe('DENY BlockImap,Default');
  expect(await effectOf('ann@example.test', '10.1.2.3', 'IMAP')).toBe('ALLOW Default');
  expect(await effectOf('ann@example.test', '203.0.113.7', 'SMTP')).toBe('ALLOW Default');
  expect(await effectOf('Traveller@example.test', '203.0.113.7', 'IMAP')).toBe('ALLOW Default');
  await client.send(new PutAccessControlRuleCommand({ ...put, Actions: ['POP3'] }));
  const [changed] = (await rules()) as [{ DateCreated?: Date; DateModified?: Date }];
  expect(changed.DateCreated).toEqual((made as { DateCreated?: Date }).DateCreated);
  expect(await effectOf('ann@example.test', '203.0.113.7', 'IMAP')).toBe('ALLOW Default');
  for (let again = 0; again < 2; again++) {
    await client.send(new DeleteAccessControlRuleCommand({ ...org(), Name: 'BlockImap' }));
  }
  expect(await rules()).toHaveLength(1);
});

test('access control rules: what is refused', async () => {
  const put = { ...org(), Name: 'R', Effect: 'DENY', Description: '' } as const;
  const refusals: [object, RegExp][] = [
    [{ Name: 'no spaces' }, /^InvalidParameterException: .*'Name' failed to satisfy/],
    [{ Effect: 'BLOCK' }, /^InvalidParameterException: .*enum value set: \[ALLOW, DENY\]/],
    [{ IpRanges: ['10.0.0.0/99'] }, /^InvalidParameterException: ipRanges\[0\]: must be an IPv4/],
    [{ Actions: ['Telnet'] }, /^InvalidParameterException: actions\[0\]: must be one of/],
    [{ ImpersonationRoleIds: ['nobody'] }, /^ResourceNotFoundException: The impersonation role/],
  ];
  for (const [over, expected] of refusals) {
    expect(
      await failure(client.send(new PutAccessControlRuleCommand({ ...put, ...over }))),
    ).toMatch(expected);
  }
  const asked = { ...org(), IpAddress: '10.0.0.1', Action: 'IMAP' };
  expect(await failure(client.send(new GetAccessControlEffectCommand(asked)))).toMatch(
    /^InvalidParameterException: You must provide either a UserId or an ImpersonationRoleId/,
  );
});

test('mobile device rules and overrides', async () => {
  const rule = {
    ...org(),
    Name: 'Only iPhones',
    Effect: 'DENY',
    NotDeviceTypes: ['iPhone'],
    ClientToken: 'once',
  } as const;
  const create = { ...rule, NotDeviceTypes: ['iPhone'] };
  const made = await client.send(new CreateMobileDeviceAccessRuleCommand(create));
  const again = await client.send(new CreateMobileDeviceAccessRuleCommand(create));
  const id = made.MobileDeviceAccessRuleId ?? '';
  expect(again.MobileDeviceAccessRuleId).toBe(id);
  const device = { ...org(), DeviceType: 'Android' };
  expect(await client.send(new GetMobileDeviceAccessEffectCommand(device))).toMatchObject({
    Effect: 'DENY',
    MatchedRules: expect.arrayContaining([{ MobileDeviceAccessRuleId: id, Name: 'Only iPhones' }]),
  });
  const update = {
    ...org(),
    MobileDeviceAccessRuleId: id,
    Name: 'Renamed',
    Effect: 'ALLOW',
  } as const;
  await client.send(new UpdateMobileDeviceAccessRuleCommand(update));
  const { Rules } = await client.send(new ListMobileDeviceAccessRulesCommand(org()));
  const listed = Rules?.find(({ MobileDeviceAccessRuleId }) => MobileDeviceAccessRuleId === id);
  expect(listed).toMatchObject({ Name: 'Renamed', Effect: 'ALLOW' });
  expect(listed).not.toHaveProperty('NotDeviceTypes');
  const missing = { ...update, MobileDeviceAccessRuleId: 'none' };
  expect(await failure(client.send(new UpdateMobileDeviceAccessRuleCommand(missing)))).toMatch(
    /^EntityNotFoundException: there is no mobile device access rule "none"/,
  );
  await client.send(
    new DeleteMobileDeviceAccessRuleCommand({ ...org(), MobileDeviceAccessRuleId: id }),
  );

  for (const DeviceId of ['A1', 'B2', 'C3']) {
    const override = { ...org(), UserId: 'Ann', DeviceId, Effect: 'ALLOW' } as const;
    await client.send(new PutMobileDeviceAccessOverrideCommand(override));
  }
  const one = { ...org(), UserId: 'ann', DeviceId: 'b2' };
  expect(await client.send(new GetMobileDeviceAccessOverrideCommand(one))).toMatchObject({
    UserId: 'ann',
    DeviceId: 'B2',
    Effect: 'ALLOW',
  });
  const pages: number[] = [];
  const pager = paginateListMobileDeviceAccessOverrides({ client, pageSize: 2 }, org());
  for await (const { Overrides = [] } of pager) pages.push(Overrides.length);
  expect(pages).toEqual([2, 1]);
  await client.send(new DeleteMobileDeviceAccessOverrideCommand(one));
  expect(await failure(client.send(new GetMobileDeviceAccessOverrideCommand(one)))).toMatch(
    /^ResourceNotFoundException: /,
  );
});

test('impersonation roles', async () => {
  const role = {
    ...org(),
    Name: 'Auditors',
    Type: 'READ_ONLY',
    Rules: [
      { ImpersonationRuleId: 'r1', Effect: 'ALLOW', TargetUsers: ['ann@example.test'] },
      { ImpersonationRuleId: 'r2', Name: 'no chief', Effect: 'DENY', TargetUsers: ['chief'] },
    ],
  } as const;
  const create = {
    ...role,
    Rules: role.Rules.map((each) => ({ ...each, TargetUsers: [...each.TargetUsers] })),
  };
  const { ImpersonationRoleId = '' } = await client.send(
    new CreateImpersonationRoleCommand(create),
  );
  const ofRole = { ...org(), ImpersonationRoleId };
  expect(await client.send(new GetImpersonationRoleCommand(ofRole))).toMatchObject({
    Name: 'Auditors',
    Type: 'READ_ONLY',
    Rules: create.Rules,
  });
  const effect = async (TargetUser: string): Promise<object> =>
    client.send(new GetImpersonationRoleEffectCommand({ ...ofRole, TargetUser }));
  expect(await effect('ann@example.test')).toMatchObject({ Type: 'READ_ONLY', Effect: 'ALLOW' });
  expect(await effect('chief')).toMatchObject({
    Effect: 'DENY',
    MatchedRules: [{ ImpersonationRuleId: 'r2', Name: 'no chief' }],
  });
  expect(await effect('bob')).toMatchObject({ Effect: 'DENY', MatchedRules: [] });
  const update = { ...create, ImpersonationRoleId, Type: 'FULL_ACCESS', Rules: [] } as const;
  await client.send(new UpdateImpersonationRoleCommand({ ...update, Rules: [] }));
  expect(await effect('ann@example.test')).toMatchObject({ Type: 'FULL_ACCESS', Effect: 'DENY' });
  const { Token, ExpiresIn } = await client.send(new AssumeImpersonationRoleCommand(ofRole));
  expect(Token).toMatch(/^[\x21-\x7e]{1,256}$/);
  expect(ExpiresIn).toBe(900);
  for (const Name of ['Second', 'Third']) {
    await client.send(new CreateImpersonationRoleCommand({ ...create, Name }));
  }
  const names: (string | undefined)[] = [];
  const pager = paginateListImpersonationRoles({ client, pageSize: 2 }, org());
  for await (const { Roles = [] } of pager) names.push(...Roles.map(({ Name }) => Name));
  expect(new Set(names)).toEqual(new Set(['Auditors', 'Second', 'Third']));
  expect(names).toHaveLength(3);
  await client.send(new DeleteImpersonationRoleCommand(ofRole));
  expect(await failure(client.send(new GetImpersonationRoleCommand(ofRole)))).toMatch(
    /^ResourceNotFoundException: /,
  );
  expect(await failure(client.send(new AssumeImpersonationRoleCommand(ofRole)))).toMatch(
    /^ResourceNotFoundException: /,
  );
  const unknown = new UpdateImpersonationRoleCommand({ ...update, Rules: [] });
  expect(await failure(client.send(unknown))).toMatch(/^ResourceNotFoundException: /);
});

test("Debian's command line does the same", async () => {
  const { workmail } = world;
  const organization = ['--organization-id', OrganizationId];
  const rule = ['--name', 'FromCli', '--effect', 'DENY', '--description', 'by hand'];
  await workmail('put-access-control-rule', ...organization, ...rule, '--actions', 'IMAP');
  const asked = [
    '--ip-address',
    '203.0.113.7',
    '--action',
    'IMAP',
    '--user-id',
    'ann@example.test',
  ];
  expect(await workmail('get-access-control-effect', ...organization, ...asked)).toEqual({
    Effect: 'DENY',
    MatchedRules: ['Default', 'FromCli'],
  });
  expect(await workmail('list-access-control-rules', ...organization)).toMatchObject({
    Rules: [{ Name: 'Default' }, { Name: 'FromCli', Description: 'by hand' }],
  });
  await workmail('delete-access-control-rule', ...organization, '--name', 'FromCli');
  const override = ['--user-id', 'ann@example.test', '--device-id', 'CLI1', '--effect', 'DENY'];
  await workmail('put-mobile-device-access-override', ...organization, ...override);
  expect(
    await workmail('list-mobile-device-access-overrides', ...organization, '--device-id', 'cli1'),
  ).toMatchObject({ Overrides: [{ UserId: 'ann@example.test', Effect: 'DENY' }] });
  const missing = workmail(
    'get-impersonation-role',
    ...organization,
    '--impersonation-role-id',
    'none',
  );
  await expect(missing).rejects.toThrow(
    /ResourceNotFoundException\) when calling the GetImpersonationRole operation.*: The impersonation role "none"/,
  );
});

test('every change is one event, with who and what was before', async () => {
  const rule = { ...org(), Name: 'Told', Effect: 'DENY', Description: 'one' } as const;
  await client.send(new PutAccessControlRuleCommand(rule));
  await client.send(new PutAccessControlRuleCommand({ ...rule, Description: 'two' }));
  await client.send(new DeleteAccessControlRuleCommand({ ...org(), Name: 'Told' }));
  const query =
    "fields event_name, event_source, before.description, after.description | filter resource = 'Told'";
  const rows = await until(
    async () => {
      const found = await world.server.query(query);
      return found.length >= 3 ? found : undefined;
    },
    30_000,
    () => 'the events of the three changes cannot be found',
  );
  const told = rows.map((row) => [
    row['event_name'],
    row['before.description'],
    row['after.description'],
  ]);
  expect(told).toHaveLength(3);
  expect(told).toEqual(
    expect.arrayContaining([
      ['PutAccessControlRule', undefined, 'one'],
      ['PutAccessControlRule', 'one', 'two'],
      ['DeleteAccessControlRule', 'two', undefined],
    ]),
  );
  expect(rows[0]?.['event_source']).toBe('workmail.amazonaws.com');
});

// The WorkMail API of an organization with a user directory and WorkMail's limits, by AWS's SDK.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CreateImpersonationRoleCommand,
  DescribeUserCommand,
  GetAccessControlEffectCommand,
  GetImpersonationRoleEffectCommand,
  GetMobileDeviceAccessOverrideCommand,
  type ImpersonationRule,
  ListOrganizationsCommand,
  paginateListUsers,
  PutAccessControlRuleCommand,
  PutMobileDeviceAccessOverrideCommand,
  WorkMailClient,
} from '@aws-sdk/client-workmail';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningServer, startServer, temporaryDirectory } from '../e2e/running-server.ts';
import { keyOf, REGION } from './aws-world.ts';

const directory = temporaryDirectory();
const data = join(directory.path, 'data');
const STRANGER = 'stranger@acme.example';
let server: RunningServer;
let client: WorkMailClient;
let OrganizationId = '';

beforeAll(async () => {
  const users = join(directory.path, 'users.yaml');
  const others = Array.from(
    { length: 24 },
    (_, at) => `  - userName: user${at + 1}@acme.example\n`,
  );
  writeFileSync(
    users,
    `users:\n  - userName: ann\n    email: ann@acme.example\n    displayName: Ann\n${others.join('')}`,
  );
  const config = join(directory.path, 'mailtrail.yaml');
  writeFileSync(config, `access:\n  users: ${users}\n  workmailLimits: true\n`);
  server = await startServer(data, { arguments: ['--config', config] });
  client = new WorkMailClient({
    endpoint: server.url,
    region: REGION,
    credentials: keyOf(data),
    maxAttempts: 1,
  });
  const { OrganizationSummaries = [] } = await client.send(new ListOrganizationsCommand({}));
  OrganizationId = OrganizationSummaries[0]?.OrganizationId ?? '';
});

afterAll(async () => {
  client.destroy();
  await server.stop();
  directory.remove();
});

test('users are listed page by page, filtered, and described by any of their names', async () => {
  const names: string[] = [];
  for await (const { Users = [] } of paginateListUsers(
    { client, pageSize: 10 },
    { OrganizationId },
  )) {
    expect(Users.length).toBeLessThanOrEqual(10);
    names.push(...Users.map(({ Id = '' }) => Id));
  }
  expect(names).toHaveLength(25);
  const filtered = { OrganizationId, Filters: { UsernamePrefix: 'AN' } };
  for await (const { Users } of paginateListUsers({ client }, filtered)) {
    expect(Users).toMatchObject([{ Id: 'ann', Email: 'ann@acme.example', DisplayName: 'Ann' }]);
  }
  const described = new DescribeUserCommand({ OrganizationId, UserId: 'Ann@acme.example' });
  expect(await client.send(described)).toMatchObject({ UserId: 'ann', UserRole: 'USER' });
});

function targeting(user: string): ImpersonationRule {
  return { ImpersonationRuleId: 'a', Effect: 'ALLOW', TargetUsers: [user] };
}

test('a user who is not in the directory is EntityNotFoundException wherever one is named', async () => {
  const rule = { OrganizationId, Name: 'R', Effect: 'DENY', Description: 'x' } as const;
  const role = { OrganizationId, Name: 'Role', Type: 'READ_ONLY' } as const;
  const device = { OrganizationId, UserId: STRANGER, DeviceId: 'AB1' };
  const made = await client.send(
    new CreateImpersonationRoleCommand({ ...role, Rules: [targeting('ann')] }),
  );
  const { ImpersonationRoleId } = made;
  const asked = { OrganizationId, IpAddress: '192.0.2.1', Action: 'IMAP' };
  for (const refused of [
    client.send(new PutAccessControlRuleCommand({ ...rule, UserIds: [STRANGER] })),
    client.send(new PutAccessControlRuleCommand({ ...rule, NotUserIds: [STRANGER] })),
    client.send(new CreateImpersonationRoleCommand({ ...role, Rules: [targeting(STRANGER)] })),
    client.send(new PutMobileDeviceAccessOverrideCommand({ ...device, Effect: 'ALLOW' })),
    client.send(new GetMobileDeviceAccessOverrideCommand(device)),
    client.send(new GetAccessControlEffectCommand({ ...asked, UserId: STRANGER })),
    client.send(
      new GetImpersonationRoleEffectCommand({
        OrganizationId,
        ImpersonationRoleId,
        TargetUser: STRANGER,
      }),
    ),
    client.send(new DescribeUserCommand({ OrganizationId, UserId: STRANGER })),
  ]) {
    await expect(refused).rejects.toMatchObject({ name: 'EntityNotFoundException' });
  }
});

function put(Name: string): Promise<unknown> {
  const rule = { OrganizationId, Name, Effect: 'ALLOW', Description: Name } as const;
  return client.send(new PutAccessControlRuleCommand(rule));
}

test('the eleventh rule is LimitExceededException, and a change of one that is there is none', async () => {
  for (let made = 1; made < 10; made++) await put(`r${made}`);
  await expect(put('r10')).rejects.toMatchObject({ name: 'LimitExceededException' });
  await put('r9');
});

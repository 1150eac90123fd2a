// Dovecot's master users in their roles, live: which mailboxes they may open, and that one who may only read
// can change nothing by any protocol, and that every try is on record as his. And programs that mobile device
// rules refuse by what they say of themselves, to Dovecot and to a front end.
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import {
  AssumeImpersonationRoleCommand,
  ListOrganizationsCommand,
  WorkMailClient,
} from '@aws-sdk/client-workmail';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { keyOf, REGION } from '../compat/aws-world.ts';
import { startServer, until, type RunningServer } from '../e2e/running-server.ts';
import { imapByHand } from './clients/imap-by-hand.ts';
import { fetchByPop3 } from './clients/pop3.ts';
import { signIn } from './clients/sign-in.ts';
import { enterRoot, prepareRoot, type ExporterDriver } from './dovecot-2.4.ts';
import {
  mailLogPaths,
  mailServersDirectory,
  startMailServers,
  type MailServers,
} from './mail-servers.ts';
import { NORDLYS, userNamed } from './organization.ts';

const ALICE = userNamed(NORDLYS, 'alice');
const BOB = userNamed(NORDLYS, 'bob');
const MASTER = NORDLYS.masterUser;
const asMaster = (owner: { login: string }): { login: string; password: string } => ({
  login: `${owner.login}*${MASTER.login}`,
  password: MASTER.password,
});
const WAIT_MS = 20_000;
const LETTER = 'Subject: One\r\nMessage-ID: <one@nordlys>\r\n\r\nOne.\r\n';
const append = (folder: string): string => `APPEND ${folder} {${LETTER.length}+}\r\n${LETTER}`;

let mailtrail: RunningServer;
let servers: MailServers;
let token = '';
const ending: (() => Promise<unknown> | void)[] = [];

async function put(path: string, said: object): Promise<void> {
  const response = await fetch(`${mailtrail.url}${path}`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${mailtrail.token}` },
    body: JSON.stringify(said),
  });
  expect(response.status, await response.text()).toBe(200);
}

/** Makes the rules as an administrator does; a token of the role as a program gets one. */
async function makeRules(data: string): Promise<string> {
  const onlyAlice = { id: 'only-alice', effect: 'ALLOW', targetUsers: [ALICE.login] };
  const role = { name: 'Auditors', type: 'READ_ONLY', rules: [onlyAlice] };
  await put('/v1/impersonation-roles/auditors', role);
  const noBats = { name: 'No bats', effect: 'DENY', deviceTypes: ['The Bat'] };
  await put('/v1/mobile-device-rules/no-bats', noBats);
  const credentials = keyOf(data);
  const endpoint = mailtrail.url;
  const client = new WorkMailClient({ endpoint, region: REGION, credentials, maxAttempts: 1 });
  try {
    const { OrganizationSummaries = [] } = await client.send(new ListOrganizationsCommand({}));
    const OrganizationId = OrganizationSummaries[0]?.OrganizationId;
    const assumed = await client.send(
      new AssumeImpersonationRoleCommand({ OrganizationId, ImpersonationRoleId: 'auditors' }),
    );
    return assumed.Token ?? '';
  } finally {
    client.destroy();
  }
}

async function start(dovecot24: ExporterDriver | undefined): Promise<void> {
  const directory = mailServersDirectory('mailtrail-roles-');
  ending.push(() => rmSync(directory, { recursive: true, force: true }));
  if (dovecot24 !== undefined) enterRoot(prepareRoot(), directory);
  const data = join(directory, 'data');
  // Where Dovecot 2.4, which runs in a root of its own, sees it too.
  const aclFolder = join(directory, 'dovecot', 'acl');
  for (const folder of [data, aclFolder]) mkdirSync(folder, { recursive: true });
  chmodSync(aclFolder, 0o755);
  const logs = mailLogPaths(directory);
  const dovecotAcl = join(aclFolder, 'master-users.acl');
  const config = join(directory, 'mailtrail.yaml');
  writeFileSync(
    config,
    `
dovecot: { logs: [${logs.dovecot}] }
postfix: { logs: [] }
access:
  impersonation: { ${MASTER.login}: Auditors }
  dovecotAcl: ${dovecotAcl}
  deviceProtocols: [ActiveSync, IMAP]
`,
  );
  mailtrail = await startServer(data, { arguments: ['--config', config] });
  ending.push(() => mailtrail.stop());
  token = await makeRules(data);
  servers = await startMailServers({
    directory,
    endpoint: { policyUrl: `${mailtrail.url}/dovecot/policy`, bearerToken: mailtrail.token },
    decisions: { aclFile: dovecotAcl },
    ...(dovecot24 !== undefined && { dovecot24 }),
  });
  ending.push(() => servers.stop());
}

function ask(group: string, query: string): Promise<Record<string, string>[]> {
  return mailtrail.query(query, { logGroups: [`/mailtrail/default/${group}`] });
}

/** Asks as a front end does. */
async function decide(question: object): Promise<Record<string, unknown>> {
  const response = await fetch(`${mailtrail.url}/v1/decide`, {
    method: 'POST',
    headers: { authorization: `Bearer ${mailtrail.token}` },
    body: JSON.stringify({ protocol: 'EWS', sourceIp: '192.0.2.7', ...question }),
  });
  return (await response.json()) as Record<string, unknown>;
}

/** Deletes the first message, as far as the server lets it: POP3 says only at QUIT whether it was done. */
function deleteFirstByPop3(
  port: number,
  { login, password }: { login: string; password: string },
): Promise<void> {
  const commands = [`USER ${login}`, `PASS ${password}`, 'DELE 1', 'QUIT'];
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', reject).on('close', () => resolve());
    socket.on('data', () => {
      const command = commands.shift();
      if (command === undefined) socket.destroy();
      else socket.write(`${command}\r\n`);
    });
  });
}

describe.each([
  ['2.3', undefined],
  ['2.4', 'file'],
] as const)('Dovecot %s', (_version, dovecot24) => {
  beforeAll(() => start(dovecot24));
  afterAll(async () => {
    while (ending.length > 0) await ending.pop()?.();
  });

  test('a role opens the mailboxes that its rules allow, and no other', async () => {
    const { imap } = servers.dovecot.ports;
    expect((await signIn('IMAP', imap, asMaster(ALICE))).granted).toBe(true);
    const refused = await signIn('IMAP', imap, asMaster(BOB));
    expect(refused.reply).toContain('Denied: no impersonation rule allows it');
    const rows = await until(
      async () => {
        const found = await ask(
          'access-control',
          `fields user_id, scope, rule_id, access_granted, request_id
          | filter impersonator_id = "${MASTER.login}" | sort @timestamp asc, scope asc`,
        );
        return found.length >= 6 ? found : undefined;
      },
      WAIT_MS,
      () => 'not every evaluation is on record',
    );
    expect(rows).toMatchObject([
      { user_id: ALICE.login, scope: 'AccessControl', access_granted: '1' },
      {
        user_id: ALICE.login,
        scope: 'DeviceAccessControl',
        rule_id: 'default',
        access_granted: '1',
      },
      {
        user_id: ALICE.login,
        scope: 'ImpersonationAccessControl',
        rule_id: 'only-alice',
        access_granted: '1',
      },
      { user_id: BOB.login, scope: 'AccessControl', access_granted: '1' },
      { user_id: BOB.login, scope: 'DeviceAccessControl', access_granted: '1' },
      { user_id: BOB.login, scope: 'ImpersonationAccessControl', access_granted: '0' },
    ]);
    const signIns = await until(
      async () => {
        const found = await ask('authentication', 'fields request_id | filter auth_successful = 1');
        return found.length > 0 ? found : undefined;
      },
      WAIT_MS,
      () => 'the sign-in is not on record',
    );
    expect(signIns.map((row) => row['request_id'])).toContain(rows[1]?.['request_id']);
  });

  test('a role that may only read changes nothing by IMAP, and every try is told as refused', async () => {
    const { imap } = servers.dovecot.ports;
    await imapByHand(imap, ALICE, [append('INBOX'), append('INBOX'), 'CREATE Work']);
    const replies = await imapByHand(imap, asMaster(ALICE), [
      'SELECT INBOX',
      'UID FETCH 1 (BODY[])',
      'UID STORE 1 +FLAGS (\\Flagged)',
      'UID STORE 1 +FLAGS (\\Deleted)',
      'EXPUNGE',
      'UID COPY 1 Work',
      'UID MOVE 1 Work',
      append('INBOX'),
      'CREATE Mine',
      'RENAME Work Theirs',
      'DELETE Work',
    ]);
    const said = Object.fromEntries(replies.map(({ command, tagged }) => [command, tagged]));
    expect(said['SELECT INBOX']).toMatch(/^OK \[READ-ONLY\]/);
    expect(replies[1]?.untagged).toContain('One.');
    for (const command of ['UID COPY 1 Work', 'UID MOVE 1 Work', append('INBOX'), 'CREATE Mine']) {
      expect(said[command], command).toMatch(/^NO /);
    }
    for (const command of ['RENAME Work Theirs', 'DELETE Work']) {
      expect(said[command], command).toMatch(/^NO /);
    }
    const after = await imapByHand(imap, ALICE, [
      'SELECT INBOX',
      'UID FETCH 1:* (FLAGS)',
      'STATUS Work (MESSAGES)',
      'LIST "" Mine',
      'UID STORE 2 +FLAGS (\\Flagged)',
    ]);
    expect(after[0]?.tagged).toMatch(/^OK \[READ-WRITE\]/);
    expect(after[1]?.untagged.match(/\* \d FETCH/g)).toHaveLength(2);
    expect(after[1]?.untagged).not.toMatch(/Flagged|Deleted|Seen/);
    expect(after[2]?.untagged).toContain('MESSAGES 0');
    expect(after[3]?.untagged).not.toContain('Mine');
    // The owner of the mailbox has all rights.
    expect(after[4]?.untagged).toContain('\\Flagged');

    const wanted = ['CREATE', 'RENAME', 'DELETE', 'APPEND', 'EXPUNGE', 'UID COPY', 'UID MOVE'];
    const rows = await until(
      async () => {
        const found = await ask(
          'mailbox-access',
          `fields action, command, action_allowed, user_id | filter impersonator_id = "${MASTER.login}"`,
        );
        const commands = new Set(found.map((row) => row['command']));
        return [...wanted, 'UID STORE', 'UID FETCH'].every((each) => commands.has(each))
          ? found
          : undefined;
      },
      WAIT_MS,
      () => 'not every command is on record',
    );
    const denied = rows.filter((row) => row['action_allowed'] === '0');
    expect(denied.filter((row) => row['command'] === 'UID STORE')).toHaveLength(2);
    for (const command of wanted) {
      expect(
        denied.map((row) => row['command']),
        command,
      ).toContain(command);
    }
    const allowed = rows.filter((row) => row['action_allowed'] === '1');
    expect(new Set(allowed.map((row) => row['action']))).toEqual(new Set(['read_summary', 'read']));
    expect(new Set(rows.map((row) => row['user_id']))).toEqual(new Set([ALICE.login]));
  });

  test('nor by the other protocols', async () => {
    const { dovecot, certificateFile, postfix } = servers;
    const master = asMaster(ALICE);
    for (const [protocol, port] of [
      ['ManageSieve', dovecot.ports.sieve],
      ['submission', dovecot.ports.submission],
      ['SASL', postfix.ports.submission],
    ] as const) {
      const { granted, reply } = await signIn(protocol, port, master);
      expect(granted, protocol).toBe(false);
      expect(reply).toContain('Denied: the impersonation role may only read');
    }
    const pop3 = { port: dovecot.ports.pop3, certificateFile };
    expect(await fetchByPop3(pop3, master)).toBe(2);
    await deleteFirstByPop3(pop3.port, master);
    expect(await fetchByPop3(pop3, ALICE)).toBe(2);
  });

  test('a program is refused by what it says of itself before it signs in', async () => {
    const { imap } = servers.dovecot.ports;
    const bat = await signIn(
      'IMAP',
      imap,
      BOB,
      '"name" "The Bat!" "version" "11.4" "os" "Windows"',
    );
    expect(bat).toMatchObject({ granted: false });
    expect(bat.reply).toContain('Denied by mobile device access rule No bats');
    const other = await signIn('IMAP', imap, BOB, '"name" "Thunderbird" "version" "128.1"');
    expect(other.granted).toBe(true);
    const [row] = await until(
      async () => {
        const found = await ask(
          'access-control',
          'fields user_agent, rule_id, scope | filter rule_id = "no-bats" and access_granted = 0',
        );
        return found.length > 0 ? found : undefined;
      },
      WAIT_MS,
      () => 'the refusal is not on record',
    );
    expect(row).toMatchObject({ scope: 'DeviceAccessControl', user_agent: 'The Bat!/11.4' });
  });

  test('a front end is answered by the same rules, and may come with the token of a role', async () => {
    const withToken = { impersonationToken: token };
    expect(await decide({ userId: ALICE.login, ...withToken })).toMatchObject({
      effect: 'ALLOW',
      evaluations: [{}, { scope: 'ImpersonationAccessControl', ruleId: 'only-alice' }],
    });
    expect(await decide({ userId: BOB.login, ...withToken })).toMatchObject({ effect: 'DENY' });
    const phone = { userId: BOB.login, protocol: 'ActiveSync', device: { type: 'The Bat Phone' } };
    expect(await decide(phone)).toMatchObject({
      effect: 'DENY',
      message: 'Denied by mobile device access rule No bats',
    });
  });
});

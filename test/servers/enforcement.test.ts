// Every way in, with and without Mailtrail: what the rules say is what happens, and when Mailtrail does not
// answer what the mail server was told to do then.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import {
  startServer,
  temporaryDirectory,
  until,
  type RunningServer,
} from '../e2e/running-server.ts';
import type { WhenDown } from '../../src/config/mail-server-decisions.ts';
import { SignInRefused, type Account } from './clients/account.ts';
import { openImap } from './clients/imap.ts';
import { signIn, SIGN_IN_PROTOCOLS, type SignInProtocol } from './clients/sign-in.ts';
import { sendLetter } from './clients/smtp.ts';
import { freePorts } from './free-ports.ts';
import { startMailServers, type MailServers } from './mail-servers.ts';
import { NORDLYS, userNamed } from './organization.ts';
import { Relay, RELAY_MODES, type RelayMode } from './relay.ts';

const ALICE = userNamed(NORDLYS, 'alice');
const BOB = userNamed(NORDLYS, 'bob');
const CAROL = userNamed(NORDLYS, 'carol');
const DAVE = userNamed(NORDLYS, 'dave');
const BULK = `bulk@${NORDLYS.domain}`;
const SCANNER = `scanner@${NORDLYS.domain}`;
/** The limit for a question of an administrator who watches. */
const SHOWN_WITHIN_MS = 2_000;
/** The limit for a change of the rules. */
const IN_FORCE_WITHIN_MS = 1_000;
const WAIT_MS = 20_000;

const CONFIG = (policyPort: number): string => `
postfix: { logs: [], policyListen: "127.0.0.1:${policyPort}" }
dovecot: { logs: [] }
access:
  message: "Not from here ({rule}); ask helpdesk@${NORDLYS.domain}"
  rules:
    - { name: NoCarol, effect: DENY, userIds: ["${CAROL.login}"] }
    - { name: BlockImap, effect: DENY, actions: [IMAP], userIds: ["${BOB.login}"] }
    - { name: NoBulk, effect: DENY, senders: ["${BULK}"] }
    - { name: SmallScans, effect: DENY, senders: ["${SCANNER}"], notMessageSizes: ["1-64KiB"] }
`;

/** A set of mail servers with a relay of its own for each of their questions. */
interface ServerSet {
  readonly servers: MailServers;
  readonly signIns: Relay;
  readonly messages: Relay;
}

let mailtrail: RunningServer;
let configFile = '';
let policyPort = 0;
const sets = new Map<
  WhenDown | 'after-password' | 'messages-allow' | 'messages-refuse',
  ServerSet
>();
const ending: (() => Promise<unknown> | void)[] = [];

afterAll(async () => {
  while (ending.length > 0) await ending.pop()?.();
});

async function relayTo(port: number): Promise<Relay> {
  const relay = new Relay(port);
  await relay.start();
  ending.push(() => relay.stop());
  return relay;
}

/** @param asked whether Dovecot asks about sign-ins, or Postfix about messages */
async function startSet(
  policyPort: number,
  asked: 'sign-ins' | 'messages',
  whenDown: WhenDown,
  askRules: 'before-password' | 'after-password' = 'before-password',
): Promise<ServerSet> {
  const signIns = await relayTo(Number(new URL(mailtrail.url).port));
  const messages = await relayTo(policyPort);
  const policyUrl = `http://127.0.0.1:${signIns.port}/dovecot/policy`;
  const servers = await startMailServers({
    decisions: { whenDown, askRules },
    postfixWhenDown: whenDown,
    ...(asked === 'sign-ins' && { endpoint: { policyUrl, bearerToken: mailtrail.token } }),
    ...(asked === 'messages' && { policyService: `127.0.0.1:${messages.port}` }),
  });
  ending.push(() => servers.stop());
  return { servers, signIns, messages };
}

beforeAll(async () => {
  const data = temporaryDirectory();
  ending.push(() => data.remove());
  const { policy } = await freePorts(['policy'] as const);
  policyPort = policy;
  configFile = join(data.path, '..', `mailtrail-enforcement-${policy}.yaml`);
  writeFileSync(configFile, CONFIG(policy));
  ending.push(() => rmSync(configFile, { force: true }));
  mailtrail = await startServer(data.path, { arguments: ['--config', configFile] });
  ending.push(() => mailtrail.stop());
  sets.set('allow', await startSet(policy, 'sign-ins', 'allow'));
  sets.set('refuse', await startSet(policy, 'sign-ins', 'refuse'));
  sets.set('after-password', await startSet(policy, 'sign-ins', 'allow', 'after-password'));
  sets.set('messages-allow', await startSet(policy, 'messages', 'allow'));
  sets.set('messages-refuse', await startSet(policy, 'messages', 'refuse'));
});

function setOf(name: Parameters<typeof sets.get>[0]): ServerSet {
  const found = sets.get(name);
  if (found === undefined) throw new Error(`the servers ${name} did not start`);
  return found;
}

function portOf({ servers }: ServerSet, protocol: SignInProtocol): number {
  const { dovecot, postfix } = servers;
  return {
    IMAP: dovecot.ports.imap,
    POP3: dovecot.ports.pop3,
    ManageSieve: dovecot.ports.sieve,
    submission: dovecot.ports.submission,
    SASL: postfix.ports.submission,
  }[protocol];
}

function decisionsOn(user: string, more = ''): Promise<Record<string, string>[]> {
  const query = `fields protocol, rule_id, access_granted, source_ip, request_id, mail_from
    | filter user_id = "${user}" ${more} | sort @timestamp asc`;
  return mailtrail.query(query, { logGroups: ['/mailtrail/default/access-control'] });
}

/** Waits until so many decisions on the user are found, and says which. */
function untilDecided(user: string, count: number): Promise<Record<string, string>[]> {
  return until(
    async () => {
      const found = await decisionsOn(user);
      return found.length >= count ? found : undefined;
    },
    WAIT_MS,
    () => `fewer than ${count} decisions on ${user}`,
  );
}

const cases = RELAY_MODES.flatMap((mode) =>
  (['allow', 'refuse'] as const).flatMap((whenDown) =>
    SIGN_IN_PROTOCOLS.flatMap((protocol) => [
      { mode, whenDown, protocol, account: ALICE, rule: 'allows' },
      { mode, whenDown, protocol, account: CAROL, rule: 'denies' },
    ]),
  ),
);

function answers(mode: RelayMode): boolean {
  return mode === 'up' || mode === 'slow';
}

test('IMAP is blocked for a real client, the query shows it at once, and submission is open', async () => {
  const { servers } = setOf('refuse');
  const { certificateFile } = servers;
  const imap = { port: servers.dovecot.ports.imap, certificateFile };
  const refused = openImap(imap, BOB, { name: 'Thunderbird', version: '128.1' });
  await expect(refused).rejects.toThrow(SignInRefused);
  await expect(refused).rejects.toThrow(
    `Not from here (BlockImap); ask helpdesk@${NORDLYS.domain}`,
  );
  const shown = await until(
    async () => {
      const query =
        'fields user_id, source_ip, protocol, rule_id, access_granted | filter access_granted = 0';
      const rows = await mailtrail.query(query, {
        logGroups: ['/mailtrail/default/access-control'],
      });
      return rows.find((row) => row['user_id'] === BOB.login);
    },
    SHOWN_WITHIN_MS,
    () => 'the query does not show the refusal within 2 s',
  );
  expect(shown).toMatchObject({
    source_ip: '127.0.0.1',
    protocol: 'IMAP',
    rule_id: 'BlockImap',
    access_granted: '0',
  });
  const letter = { from: BOB.login, to: [ALICE.login], subject: 'In', text: 'In.\n' };
  const submission = { port: servers.postfix.ports.submission, certificateFile };
  expect((await sendLetter(submission, letter, BOB)).response).toMatch(/^250 /);
  const { granted } = await signIn('submission', servers.dovecot.ports.submission, BOB);
  expect(granted).toBe(true);
});

test('a rule that is added is in force within a second, and no session is dropped', async () => {
  const { servers } = setOf('refuse');
  const imap = { port: servers.dovecot.ports.imap, certificateFile: servers.certificateFile };
  const open = await openImap(imap, DAVE, { name: 'Thunderbird', version: '128.1' });
  // Closed here, and not at the end: a client that hears nothing for long closes by itself.
  onTestFinished(() => open.logout());
  writeFileSync(
    configFile,
    `${CONFIG(policyPort)}    - { name: NoDave, effect: DENY, userIds: ["${DAVE.login}"] }\n`,
  );
  mailtrail.process.kill('SIGHUP');
  const refused = await until(
    async () => {
      const { granted, reply } = await signIn('POP3', servers.dovecot.ports.pop3, DAVE);
      return granted ? undefined : reply;
    },
    IN_FORCE_WITHIN_MS,
    () => 'the rule is not in force after a second',
  );
  expect(refused).toContain('NoDave');
  await open.noop();
  expect(open.usable).toBe(true);
  const changes = await until(
    async () => {
      const query = 'fields event_name, resource | filter resource = "NoDave"';
      const rows = await mailtrail.query(query, {
        logGroups: ['/mailtrail/default/management'],
      });
      return rows.length > 0 ? rows : undefined;
    },
    WAIT_MS,
    () => 'the change is not on record',
  );
  expect(changes).toMatchObject([{ event_name: 'PutAccessControlRule' }]);
});

describe('signing in', () => {
  let mode: RelayMode = 'up';

  test.each(cases)(
    'Mailtrail $mode, servers that $whenDown then, $protocol, a rule that $rule',
    async ({ mode: wanted, whenDown, protocol, account, rule }) => {
      if (mode !== wanted) {
        mode = wanted;
        await setOf('allow').signIns.change(wanted);
        await setOf('refuse').signIns.change(wanted);
      }
      const set = setOf(whenDown);
      const { granted, reply } = await signIn(protocol, portOf(set, protocol), account);
      const allowed = answers(wanted) ? rule === 'allows' : whenDown === 'allow';
      expect(`${granted}: ${reply}`).toMatch(allowed ? /^true/ : /^false/);
      const told = reply.includes('Not from here (NoCarol); ask helpdesk@');
      expect(told, reply).toBe(answers(wanted) && rule === 'denies');
    },
  );

  test('each decision is on record once, and those that Mailtrail did not make are not', async () => {
    const decided = 2 * 2 * SIGN_IN_PROTOCOLS.length;
    const [allowed, denied] = [
      await untilDecided(ALICE.login, decided),
      await untilDecided(CAROL.login, decided),
    ];
    expect(allowed.map((row) => row['access_granted'])).toEqual(Array(decided).fill('1'));
    expect(denied.map((row) => row['rule_id'])).toEqual(Array(decided).fill('NoCarol'));
    const protocols = denied.map((row) => row['protocol']);
    expect(new Set(protocols)).toEqual(new Set(['IMAP', 'POP3', 'ManageSieve', 'SMTP']));
  });
});

test('asked after the password, a stranger learns nothing of the rule and leaves no decision', async () => {
  const set = setOf('after-password');
  const before = (await decisionsOn(CAROL.login)).length;
  const wrong: Account = { ...CAROL, password: 'wrong' };
  const port = portOf(set, 'IMAP');
  const stranger = await signIn('IMAP', port, wrong);
  expect(stranger).toMatchObject({ granted: false });
  expect(stranger.reply).not.toContain('NoCarol');
  const owner = await signIn('IMAP', port, CAROL);
  expect(owner.reply).toContain('Not from here (NoCarol)');
  const found = await untilDecided(CAROL.login, before + 1);
  expect(found).toHaveLength(before + 1);
});

describe('handing in a message', () => {
  const messageCases = RELAY_MODES.flatMap((mode) =>
    (['allow', 'refuse'] as const).flatMap((whenDown) => [
      { mode, whenDown, account: ALICE, rule: 'allows' },
      { mode, whenDown, account: CAROL, rule: 'denies' },
    ]),
  );

  test.each(messageCases)(
    'Mailtrail $mode, a Postfix that $whenDown then, a rule that $rule',
    async ({ mode, whenDown, account, rule }) => {
      const set = setOf(`messages-${whenDown}`);
      await set.messages.change(mode);
      const { servers } = set;
      const { certificateFile } = servers;
      const endpoint = { port: servers.postfix.ports.submission, certificateFile };
      const letter = { from: account.login, to: [BOB.login], subject: 'Hello', text: 'Hello.\n' };
      const sent = sendLetter(endpoint, letter, account).then(
        ({ response }) => response,
        (error: unknown) => (error as { response?: string }).response ?? String(error),
      );
      const expected = answers(mode)
        ? rule === 'allows'
          ? /^250 /
          : /^554 5\.7\.1 .*Not from here \(NoCarol\)/
        : whenDown === 'allow'
          ? /^250 /
          : /^451 4\.3\.5/;
      expect(await sent).toMatch(expected);
    },
  );

  test.each([
    { from: ALICE.login, announcedBytes: 100_000, expected: /^250 / },
    { from: BULK, announcedBytes: undefined, expected: /^554 5\.7\.1 .*Not from here \(NoBulk\)/ },
    { from: SCANNER, announcedBytes: 1000, expected: /^250 / },
    { from: SCANNER, announcedBytes: 100_000, expected: /^554 5\.7\.1 .*\(SmallScans\)/ },
    { from: SCANNER, announcedBytes: undefined, expected: /^554 5\.7\.1 .*\(SmallScans\)/ },
  ])('a message of $from, announced with $announcedBytes bytes', async (sent) => {
    const { from, announcedBytes, expected } = sent;
    const set = setOf('messages-refuse');
    await set.messages.change('up');
    const { certificateFile, postfix } = set.servers;
    const endpoint = { port: postfix.ports.submission, certificateFile };
    const letter = { from, to: [BOB.login], subject: 'Size', text: 'Size.\n' };
    const announced = announcedBytes === undefined ? {} : { announcedBytes };
    const answer = await sendLetter(endpoint, { ...letter, ...announced }, ALICE).then(
      ({ response }) => response,
      (error: unknown) => (error as { response?: string }).response ?? String(error),
    );
    expect(answer).toMatch(expected);
  });

  test('the record names the sender', async () => {
    const found = await until(
      async () => {
        const rows = await decisionsOn(CAROL.login, 'and ispresent(mail_from)');
        return rows.length > 0 ? rows : undefined;
      },
      WAIT_MS,
      () => 'no decision on a message',
    );
    expect(found[0]).toMatchObject({ mail_from: CAROL.login, rule_id: 'NoCarol' });
    expect(found[0]?.['request_id']).toMatch(/^\w+$/);
  });
});

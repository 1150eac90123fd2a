// Mailtrail killed again and again while the mail servers go on, its logs rotated meanwhile: each
// command still leaves exactly one event.
import { renameSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { commandsOn, startCountedWorld, uidsOf, type CountedWorld } from './counted-world.ts';
import { until } from '../e2e/running-server.ts';
import { difference, type EventRecord } from './normalise.ts';
import { letter } from './stage.ts';
import { seededRandom } from '../../src/platform/simulated-disk.ts';

const USERS = ['ann', 'ben', 'cid'] as const;
const MESSAGES = 900;
/** How often it is killed, and after how much running, in ms. */
const KILLS = 8;
const RUN_MIN_MS = 50;
const RUN_MAX_MS = 900;
/** The log is rotated before one kill, and after another, while nobody reads it. */
const ROTATED_AT = { before: 2, after: 5 };
/** Between two commands of a session, in ms: they go on as long as the killing does. */
const COMMAND_PAUSE_MS = 2;
/** How often each user signs in and sends. */
const ROUNDS = 40;
/** More than any join waits, in ms: what comes late, comes by then. */
const QUIET_MS = 3_000;
const QUIET_DEADLINE_MS = 60_000;

const seed = Number(process.env['MAILTRAIL_TEST_SEED'] ?? Date.now() % 2 ** 31);

let counted: CountedWorld;

beforeAll(async () => {
  counted = await startCountedWorld(USERS, MESSAGES);
});
afterAll(() => counted?.world.stop());

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Kills it and starts it again, so often; what goes on meanwhile is given as the steps between. */
async function killAgainAndAgain(
  random: () => number,
  between: (kill: number, moment: 'before' | 'after') => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const { mailtrail } = counted.world;
  for (let kill = 0; kill < KILLS; kill++) {
    await pause(RUN_MIN_MS + random() * (RUN_MAX_MS - RUN_MIN_MS));
    await between(kill, 'before');
    await mailtrail.group.kill();
    await between(kill, 'after');
    await mailtrail.startAgain();
  }
}

test('killed at random moments while messages are read', async () => {
  console.log(`seed ${seed}`);
  const { world, stage } = counted;
  const uids = uidsOf(1, MESSAGES);
  const commands = commandsOn(uids);
  const sessions = await Promise.all(USERS.map((user) => counted.session(user)));
  const rotate = async (): Promise<void> => {
    const { auditLog } = world.servers.dovecot;
    renameSync(auditLog, `${auditLog}.${Date.now()}`);
    await stage.doveadm('log', 'reopen');
  };
  const work = Promise.all(
    sessions.map(async (imap) => {
      for (const command of commands) {
        await imap.ok(command);
        await pause(COMMAND_PAUSE_MS);
      }
      await imap.logout();
    }),
  );
  await killAgainAndAgain(seededRandom(seed), async (kill, moment) => {
    if (kill === ROTATED_AT[moment]) await rotate();
  });
  await work;
  const found = await Promise.all(
    USERS.map((user) => counted.marks(user, 1, MESSAGES, commands.length)),
  );
  expect(difference(counted.expected(USERS, uids), found.flat()), `seed ${seed}`).toBe('');
});

/** What is told of a message, and of a sign-in. */
function markOf(event: EventRecord): string {
  const { log_type, user_id, protocol, auth_successful, queue_id, action, message_id } = event;
  const { eventName, recipient, messageId } = (event['event'] ?? {}) as EventRecord;
  if (log_type === 'AUTHENTICATION_LOGS') {
    return [user_id, protocol, auth_successful].map(String).join(' ');
  }
  return [queue_id, action, message_id, eventName, recipient, messageId].map(String).join(' ');
}

test('killed at random moments while people sign in and send', async () => {
  console.log(`seed ${seed}`);
  const { world, stage } = counted;
  const sends = async (user: string, id: string): Promise<string> => {
    const smtp = await stage.submissionOf(user);
    const from = stage.at(user);
    const to = [stage.at('cid')];
    const headers = { From: from, To: to[0] ?? '', Subject: id, 'Message-ID': `<${id}@x.test>` };
    const queueId = await stage.handIn(smtp, { from, to, message: letter(headers) });
    await smtp.quit();
    return queueId;
  };
  const told = async (): Promise<string[]> => {
    let found: EventRecord[] = [];
    let quietSince = Date.now();
    await until(
      async () => {
        const now = await world.events('| filter not (command like /UID/)');
        if (now.length !== found.length) quietSince = Date.now();
        found = now;
        return Date.now() - quietSince > QUIET_MS ? true : undefined;
      },
      QUIET_DEADLINE_MS,
      () => `events still come: ${found.length}`,
    );
    return found.filter(({ log_type }) => log_type !== 'ACCESS_CONTROL_LOGS').map(markOf);
  };
  const before = await told();
  const model = await sends('ann', 'model');
  await stage.untilRemoved(model);
  const ofModel = (await told()).toSorted();
  for (const mark of before) ofModel.splice(ofModel.indexOf(mark), 1);
  expect(ofModel.length).toBeGreaterThan(4);

  const queueIds = new Map<string, string>();
  const attempts: string[] = [];
  const works = USERS.map(async (user) => {
    for (let n = 0; n < ROUNDS; n++) {
      const imap = await stage.imapOf(user);
      await imap.logout();
      attempts.push(`${stage.at(user)} IMAP true`);
      const id = `${user}-${n}`;
      queueIds.set(id, await sends(user, id));
    }
  });
  await Promise.all([killAgainAndAgain(seededRandom(seed)), ...works]);
  for (const queueId of queueIds.values()) await stage.untilRemoved(queueId);
  const wanted = [...queueIds].flatMap(([id, queueId]) =>
    ofModel.map((mark) =>
      mark
        .replaceAll(model, queueId)
        .replaceAll('model@', `${id}@`)
        .replace(stage.at('ann'), stage.at(id.replace(/-.*/, ''))),
    ),
  );
  const found = await told();
  expect(difference([...before, ...ofModel, ...wanted, ...attempts], found), `seed ${seed}`).toBe(
    '',
  );
});

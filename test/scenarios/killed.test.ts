// Mailtrail killed again and again while the mail servers go on, its logs rotated meanwhile: each
// command still leaves exactly one event.
import { renameSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { commandsOn, startCountedWorld, uidsOf, type CountedWorld } from './counted-world.ts';
import { difference } from './normalise.ts';
import { seededRandom } from '../../src/platform/simulated-disk.ts';

const USERS = ['ann', 'ben', 'cid'] as const;
const MESSAGES = 900;
/** How often it is killed, and after how much running, in ms. */
const KILLS = 8;
const RUN_MIN_MS = 50;
const RUN_MAX_MS = 900;
/** At the first of these kills the log is rotated just before, at the other while nobody reads it. */
const ROTATED_AT = [2, 5];
/** Between two commands of a session, in ms: they go on as long as the killing does. */
const COMMAND_PAUSE_MS = 2;

const seed = Number(process.env['MAILTRAIL_TEST_SEED'] ?? Date.now() % 2 ** 31);

let counted: CountedWorld;

beforeAll(async () => {
  counted = await startCountedWorld(USERS, MESSAGES);
});
afterAll(() => counted?.world.stop());

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

test('killed at random moments while messages are read', async () => {
  console.log(`seed ${seed}`);
  const random = seededRandom(seed);
  const { world, stage } = counted;
  const { mailtrail, servers } = world;
  const uids = uidsOf(1, MESSAGES);
  const commands = commandsOn(uids);
  const sessions = await Promise.all(USERS.map((user) => counted.session(user)));
  let rotations = 0;
  const rotate = async (): Promise<void> => {
    const { auditLog } = servers.dovecot;
    renameSync(auditLog, `${auditLog}.${++rotations}`);
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
  for (let kill = 0; kill < KILLS; kill++) {
    await pause(RUN_MIN_MS + random() * (RUN_MAX_MS - RUN_MIN_MS));
    if (kill === ROTATED_AT[0]) await rotate();
    await mailtrail.group.kill();
    if (kill === ROTATED_AT[1]) await rotate();
    await mailtrail.startAgain();
  }
  await work;
  const found = await Promise.all(
    USERS.map((user) => counted.marks(user, 1, MESSAGES, commands.length)),
  );
  expect(difference(counted.expected(USERS, uids), found.flat()), `seed ${seed}`).toBe('');
});

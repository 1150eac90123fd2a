// So many commands in, exactly the right events out: at one command a second, and at as many as the
// server answers, several sessions at a time with their commands in packets.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  COMMANDS,
  commandsOn,
  expectedMark,
  startCountedWorld,
  uidsOf,
  type CountedWorld,
} from './counted-world.ts';
import { difference } from './normalise.ts';
import { inParallel } from './parallel.ts';

const FAST_USERS = ['ann', 'ben', 'cid', 'dot'] as const;
const PACED_USER = 'eve';
/** Messages in each mailbox. */
const MESSAGES = 1_250;
/** The fast runs: with which messages, and how many commands are sent together. */
const FAST_RUNS = [
  // Some thousand commands a second: each waits for the answer to the one before.
  { title: 'one after the other', from: 1, to: 250, packet: 1 },
  // Above ten thousand a second: a mail program's synchronisation sends some dozens in a packet.
  { title: 'in packets', from: 251, to: MESSAGES, packet: 48 },
] as const;
/** Between two commands of the paced run, in ms, and how many. */
const PACE_MS = 1_000;
const PACED_COMMANDS = 6;

describe('so many commands', () => {
  let counted: CountedWorld;

  beforeAll(async () => {
    counted = await startCountedWorld([...FAST_USERS, PACED_USER], MESSAGES);
  });
  afterAll(() => counted?.world.stop());

  test('one a second', async () => {
    const { stage, session, marks } = counted;
    const imap = await session(PACED_USER);
    const wanted: string[] = [];
    for (let uid = 1; uid <= PACED_COMMANDS; uid++) {
      const [command, action] = COMMANDS[uid % COMMANDS.length] ?? [];
      if (command === undefined || action === undefined) throw new Error('no command');
      await imap.ok(command(uid));
      wanted.push(expectedMark(stage.at(PACED_USER), action, uid));
      await new Promise((resolve) => setTimeout(resolve, PACE_MS));
    }
    await imap.logout();
    expect(difference(wanted, await marks(PACED_USER, 1, MESSAGES, wanted.length))).toBe('');
  });

  test.each(FAST_RUNS.map((run) => [run.title, run] as const))('%s', async (_title, run) => {
    const { from, to, packet } = run;
    const uids = uidsOf(from, to);
    const commands = commandsOn(uids);
    const sessions = await Promise.all(FAST_USERS.map((user) => counted.session(user)));
    const startMs = Date.now();
    const works = sessions.map((imap) => async () => {
      for (let first = 0; first < commands.length; first += packet) {
        const answers = await imap.pipeline(commands.slice(first, first + packet));
        const refused = answers.find((answer) => answer.status !== 'OK');
        if (refused !== undefined) throw new Error(refused.text);
      }
    });
    await inParallel(works, works.length);
    const count = commands.length * sessions.length;
    const rate = Math.round((count * 1_000) / (Date.now() - startMs));
    console.log(`${count} commands over ${sessions.length} sessions, ${rate} a second`);
    await Promise.all(sessions.map((imap) => imap.logout()));

    const found = await Promise.all(
      FAST_USERS.map((name) => counted.marks(name, from, to, commands.length)),
    );
    expect(difference(counted.expected(FAST_USERS, uids), found.flat())).toBe('');
  });
});

// So many commands in, exactly the right events out: at one command a second, and at as many as the
// server answers, several sessions at a time with their commands in packets. Every command has its own
// message, so that a lost event and a doubled one cannot make up for each other.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../e2e/running-server.ts';
import type { ImapConnection } from './clients/imap.ts';
import { startLiveWorld, type LiveWorld } from './live-world.ts';
import { difference, type EventRecord } from './normalise.ts';
import { inParallel } from './parallel.ts';
import type { Scenario } from './scenario.ts';
import { Stage } from './stage.ts';
import { plainLetter } from './stories/letters.ts';

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
const EVENTS_DEADLINE_MS = 60_000;
/** More than any join waits, in ms: what comes late, comes by then. */
const QUIET_MS = 3_000;

const COUNTED: Scenario = {
  name: 'counted',
  about: 'Played by the tests below.',
  host: 91,
  users: [...FAST_USERS, PACED_USER],
  play: () => Promise.resolve(),
};

/** What is done to a message, and the events of it. */
const COMMANDS: readonly (readonly [command: (uid: number) => string, action: string])[] = [
  [(uid) => `UID FETCH ${uid} (BODY.PEEK[])`, 'read'],
  [(uid) => `UID FETCH ${uid} (FLAGS)`, 'read_summary'],
  [(uid) => `UID STORE ${uid} +FLAGS.SILENT (\\Flagged)`, 'update'],
  [(uid) => `UID FETCH ${uid} (BODY.PEEK[TEXT])`, 'read'],
];

/** What tells an event from those of all other commands. */
function markOf(event: EventRecord): string {
  const { user_id, action, item_id, flags, action_allowed } = event;
  const flagged = typeof flags === 'string' && flags.includes('\\Flagged') ? ' \\Flagged' : '';
  return `${String(user_id)} ${String(action)} ${String(item_id)} ${String(action_allowed)}${flagged}`;
}

function expectedMark(login: string, action: string, uid: number): string {
  const flagged = action === 'update' ? ' \\Flagged' : '';
  return `${login} ${action} INBOX/;UID=${uid} true${flagged}`;
}

describe('so many commands', () => {
  let world: LiveWorld;
  let stage: Stage;

  beforeAll(async () => {
    world = await startLiveWorld([COUNTED]);
    stage = new Stage(COUNTED, world.servers);
    for (const name of [...FAST_USERS, PACED_USER]) {
      const letters = Array.from({ length: MESSAGES }, (_, index) =>
        plainLetter(stage, { id: `${name}${index + 1}`, to: name, subject: `Number ${index + 1}` }),
      );
      stage.place(name, 'INBOX', letters, 'S');
    }
  });
  afterAll(() => world?.stop());

  async function session(name: string): Promise<ImapConnection> {
    const imap = await stage.imapOf(name);
    await imap.ok('SELECT INBOX');
    return imap;
  }

  /** The marks of the user's events on these messages, once none more come. */
  async function marks(name: string, from: number, to: number, wanted: number): Promise<string[]> {
    const filter = `| filter user_id = "${stage.at(name)}" and object_type = "Message"`;
    const deadline = Date.now() + EVENTS_DEADLINE_MS;
    let found: EventRecord[] = [];
    let quietSince = Date.now();
    await until(
      async () => {
        const now = (await world.events(filter, 'mailbox-access')).filter((event) => {
          const uid = Number(/UID=(\d+)$/.exec(String(event['item_id']))?.[1]);
          return !(uid < from || uid > to);
        });
        if (now.length !== found.length) quietSince = Date.now();
        found = now;
        const complete = now.length >= wanted || Date.now() > deadline;
        return complete && Date.now() - quietSince > QUIET_MS ? true : undefined;
      },
      EVENTS_DEADLINE_MS + 2 * QUIET_MS,
      () => `${name}: events still come: ${found.length}`,
    );
    return found.map(markOf);
  }

  test('one a second', async () => {
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
    const uids = Array.from({ length: to - from + 1 }, (_, index) => from + index);
    const commands = uids.flatMap((uid) => COMMANDS.map(([command]) => command(uid)));
    const sessions = await Promise.all(FAST_USERS.map(session));
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
      FAST_USERS.map((name) => marks(name, from, to, commands.length)),
    );
    const wanted = FAST_USERS.flatMap((name) =>
      uids.flatMap((uid) =>
        COMMANDS.map(([, action]) => expectedMark(stage.at(name), action, uid)),
      ),
    );
    expect(difference(wanted, found.flat())).toBe('');
  });
});

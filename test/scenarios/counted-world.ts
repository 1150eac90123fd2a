// Mailboxes in which every command has a message of its own, so that a lost event and a doubled one
// cannot make up for each other, and what is expected of the commands.
import { until } from '../e2e/running-server.ts';
import type { ImapConnection } from './clients/imap.ts';
import { startLiveWorld, type LiveWorld } from './live-world.ts';
import type { EventRecord } from './normalise.ts';
import type { Scenario } from './scenario.ts';
import { Stage } from './stage.ts';
import { plainLetter } from './stories/letters.ts';

const EVENTS_DEADLINE_MS = 60_000;
/** More than any join waits, in ms: what comes late, comes by then. */
const QUIET_MS = 3_000;

/** What is done to a message, and the events of it. */
export const COMMANDS: readonly (readonly [command: (uid: number) => string, action: string])[] = [
  [(uid) => `UID FETCH ${uid} (BODY.PEEK[])`, 'read'],
  [(uid) => `UID FETCH ${uid} (FLAGS)`, 'read_summary'],
  [(uid) => `UID STORE ${uid} +FLAGS.SILENT (\\Flagged)`, 'update'],
  [(uid) => `UID FETCH ${uid} (BODY.PEEK[TEXT])`, 'read'],
];

/** The messages from the first to the last. */
export function uidsOf(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

/** All commands on the messages. */
export function commandsOn(uids: readonly number[]): string[] {
  return uids.flatMap((uid) => COMMANDS.map(([command]) => command(uid)));
}

/** What tells an event from those of all other commands. */
function markOf(event: EventRecord): string {
  const { user_id, action, item_id, flags, action_allowed } = event;
  const flagged = typeof flags === 'string' && flags.includes('\\Flagged') ? ' \\Flagged' : '';
  return `${String(user_id)} ${String(action)} ${String(item_id)} ${String(action_allowed)}${flagged}`;
}

/** The mark of the event that a command is expected to leave. */
export function expectedMark(login: string, action: string, uid: number): string {
  const flagged = action === 'update' ? ' \\Flagged' : '';
  return `${login} ${action} INBOX/;UID=${uid} true${flagged}`;
}

/** The servers and Mailtrail, with filled mailboxes. */
export interface CountedWorld {
  readonly world: LiveWorld;
  readonly stage: Stage;
  /** A signed-in session with its inbox open. */
  readonly session: (user: string) => Promise<ImapConnection>;
  /** The marks that all commands on the users' messages are expected to leave. */
  readonly expected: (users: readonly string[], uids: readonly number[]) => string[];
  /** The marks of the user's events on these messages, once none more come. */
  readonly marks: (user: string, from: number, to: number, wanted: number) => Promise<string[]>;
}

/** Starts everything, with so many messages for each user. */
export async function startCountedWorld(
  users: readonly string[],
  messages: number,
): Promise<CountedWorld> {
  const scenario: Scenario = {
    name: 'counted',
    about: 'Played by the tests themselves.',
    host: 91,
    users,
    play: () => Promise.resolve(),
  };
  const world = await startLiveWorld([scenario]);
  const stage = new Stage(scenario, world.servers);
  for (const name of users) {
    const letters = uidsOf(1, messages).map((uid) =>
      plainLetter(stage, { id: `${name}${uid}`, to: name, subject: `Number ${uid}` }),
    );
    stage.place(name, 'INBOX', letters, 'S');
  }
  return {
    world,
    stage,
    session: async (user) => {
      const imap = await stage.imapOf(user);
      await imap.ok('SELECT INBOX');
      return imap;
    },
    expected: (names, uids) =>
      names.flatMap((name) =>
        uids.flatMap((uid) =>
          COMMANDS.map(([, action]) => expectedMark(stage.at(name), action, uid)),
        ),
      ),
    marks: async (user, from, to, wanted) => {
      const filter = `| filter user_id = "${stage.at(user)}" and object_type = "Message"`;
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
        () => `${user}: events still come: ${found.length}`,
      );
      return found.map(markOf);
    },
  };
}

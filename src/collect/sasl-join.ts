// Where a sign-in by SMTP meets the messages that were handed in with it. Dovecot checks the password
// for Postfix and hears no session, no port and no process: only who, from where, and when. Postfix's
// log names the user of a connection with its first message. So the two are joined by user, address
// and time, and only where that leaves one answer: the number of sign-ins in a connection's time is
// the number of connections, and these followed one another. Of two parallel connections of one
// user from one address it cannot be told which sign-in is whose; they are not joined.
//
// What is joined gets the queue id of the connection's first message as its request id, which all
// messages of the connection carry as `sign_in_id`.
import type { Clock } from '../platform/clock.ts';

/** Most users, each from one address, whose sign-ins wait; who was not heard of longest goes first. */
export const SASL_USERS_MAX = 10_000;
/** Most sign-ins, and most connections, of one user from one address that wait; the oldest goes. */
export const SASL_WAITING_OF_USER_MAX = 100;
/** How long after a sign-in its first message may come, in ms: Postfix drops who is silent for 300 s. */
export const SASL_MESSAGE_WAIT_MS = 600_000;
/** How long both logs are given to tell of what happened at the same time before it is joined, in ms. */
export const SASL_DECIDE_MS = 500;
/** After this long without a message handed in, sign-ins do not wait for one, in ms. */
export const MESSAGES_EXPECTED_MS = 600_000;
/** How far the clocks of two logs' writers may be apart, in ms. */
const CLOCKS_APART_MS = 50;

/** A sign-in, as Dovecot told it. */
export interface SaslSignIn {
  readonly user: string;
  readonly ip: string;
  readonly timeMs: number;
  /** Called once, later, when it is known which connection it was. */
  readonly joined: (queueId: string) => void;
}

/** An SMTP connection in which an authenticated user handed in a message, as Postfix told it. */
export interface SaslConnection {
  readonly user: string;
  readonly ip: string;
  /** Of its first message. */
  readonly queueId: string;
  /** From the connection to its first message, in ms; `undefined` where its beginning was not read. */
  readonly connectedMs: number | undefined;
  readonly messageMs: number;
  /** Whether it had ended before the other one began; both are of one log. */
  readonly endedBefore: (other: SaslConnection) => boolean;
}

interface Waiting {
  readonly signIns: SaslSignIn[];
  readonly connections: SaslConnection[];
}

/** Sign-ins and connections that might belong together, apart from all others. */
interface Group {
  readonly signIns: readonly SaslSignIn[];
  readonly connections: readonly SaslConnection[];
}

/** A log without fractions of a second rounds down. */
function upTo(timeMs: number): number {
  return timeMs % 1000 === 0 ? timeMs + 999 : timeMs;
}

function fits(signIn: SaslSignIn, connection: SaslConnection): boolean {
  const { connectedMs, messageMs } = connection;
  const earliestMs = connectedMs ?? messageMs - SASL_MESSAGE_WAIT_MS;
  return (
    signIn.timeMs >= earliestMs - CLOCKS_APART_MS &&
    signIn.timeMs <= upTo(messageMs) + CLOCKS_APART_MS
  );
}

function groupOf(first: SaslConnection, { signIns, connections }: Waiting): Group {
  const group = { signIns: new Set<SaslSignIn>(), connections: new Set([first]) };
  for (let size = 0; size !== group.signIns.size + group.connections.size;) {
    size = group.signIns.size + group.connections.size;
    for (const signIn of signIns) {
      for (const connection of connections) {
        if (!fits(signIn, connection)) continue;
        if (group.connections.has(connection)) group.signIns.add(signIn);
        else if (group.signIns.has(signIn)) group.connections.add(connection);
      }
    }
  }
  return {
    signIns: [...group.signIns].sort((a, b) => a.timeMs - b.timeMs),
    connections: connections.filter((connection) => group.connections.has(connection)),
  };
}

/** The pairs, where there is only one way to make them. */
function pairsOf(group: Group): (readonly [SaslSignIn, SaslConnection])[] {
  const { signIns, connections } = group;
  if (signIns.length !== connections.length) return [];
  const pairs: (readonly [SaslSignIn, SaslConnection])[] = [];
  for (const [index, connection] of connections.entries()) {
    const signIn = signIns[index];
    const next = connections[index + 1];
    if (signIn === undefined || !fits(signIn, connection)) return [];
    if (next !== undefined && !connection.endedBefore(next)) return [];
    pairs.push([signIn, connection]);
  }
  return pairs;
}

/** One for all Dovecot and Postfix collectors. */
export class SaslJoin {
  readonly #clock: Clock;
  /** By user and address; who was heard of last comes last. */
  readonly #waiting = new Map<string, Waiting>();
  readonly #undecided = new Set<string>();
  #timer: { cancel(): void } | undefined;
  #heardMs = -Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Dovecot let somebody in; the answer is whether it is worth waiting for his first message. */
  signedIn(signIn: SaslSignIn): boolean {
    const { signIns } = this.#of(signIn);
    signIns.push(signIn);
    if (signIns.length > SASL_WAITING_OF_USER_MAX) signIns.shift();
    return this.#clock.now() - this.#heardMs <= MESSAGES_EXPECTED_MS;
  }

  /** Postfix told of a connection's first message. */
  connection(connection: SaslConnection): void {
    this.#heardMs = this.#clock.now();
    const { connections } = this.#of(connection);
    connections.push(connection);
    if (connections.length > SASL_WAITING_OF_USER_MAX) connections.shift();
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #of({ user, ip }: { readonly user: string; readonly ip: string }): Waiting {
    const who = JSON.stringify([user.toLowerCase(), ip]);
    const waiting = this.#waiting.get(who) ?? { signIns: [], connections: [] };
    this.#waiting.delete(who);
    this.#waiting.set(who, waiting);
    if (this.#waiting.size > SASL_USERS_MAX) {
      for (const oldest of this.#waiting.keys()) {
        this.#waiting.delete(oldest);
        break;
      }
    }
    this.#undecided.add(who);
    this.#timer ??= this.#clock.after(SASL_DECIDE_MS, () => {
      this.#timer = undefined;
      this.#decide();
    });
    return waiting;
  }

  #decide(): void {
    for (const who of this.#undecided) {
      const waiting = this.#waiting.get(who);
      if (waiting !== undefined) this.#decideOf(who, waiting);
    }
    this.#undecided.clear();
  }

  #decideOf(who: string, waiting: Waiting): void {
    const undecided = new Set(waiting.connections);
    for (const connection of undecided) {
      for (const [signIn, own] of pairsOf(groupOf(connection, waiting))) {
        waiting.signIns.splice(waiting.signIns.indexOf(signIn), 1);
        waiting.connections.splice(waiting.connections.indexOf(own), 1);
        undecided.delete(own);
        signIn.joined(own.queueId);
      }
    }
    const lastMs = Math.max(
      ...waiting.signIns.map(({ timeMs }) => timeMs),
      ...waiting.connections.map(({ messageMs }) => messageMs),
    );
    const young = (timeMs: number): boolean => timeMs >= lastMs - SASL_MESSAGE_WAIT_MS;
    const signIns = waiting.signIns.filter(({ timeMs }) => young(timeMs));
    const connections = waiting.connections.filter(({ messageMs }) => young(messageMs));
    if (signIns.length + connections.length === 0) this.#waiting.delete(who);
    else this.#waiting.set(who, { signIns, connections });
  }
}

/** The join that `createPostfixCollector` and `createDovecotCollector` are given. */
export function createSaslJoin(clock: Clock): SaslJoin {
  return new SaslJoin(clock);
}

// What is known of the sessions that are open: who is behind them and with which program, and what
// of the command in progress has been told so far. Bounded; at the limit the session that was
// silent longest is forgotten, and its later events go without what only its sign-in told.
import type { Held } from '../holdings.ts';
import type { SelectedFolder } from './selected-folder.ts';

/** Most sessions that are remembered. */
export const SESSIONS_MAX = 10_000;
/** Most saved messages of one delivery whose mail_log lines are remembered. */
export const SAVES_MAX = 1_000;
/** How long a session is remembered whose last line may have overtaken its last events, in ms. */
export const ENDING_MS = 10_000;
/**
 * How much of a checkpoint sessions may take, in bytes of JSON: some 150 of them. First the
 * impersonated ones: who acted as whom must survive a restart even when the log that told it is gone.
 */
export const CARRIED_BYTES_MAX = 16 * 1024;
/**
 * Sessions that began so far back, in bytes of log, are carried as well: sooner than the lines that told
 * of them are too far back for a restart to read again (REREAD_BYTES_MAX).
 */
export const LONG_BYTES = 32 * 1024 * 1024;

/** A message that was opened or expunged, while its command goes on. */
export interface PendingItem extends Held {
  readonly kind: 'opened' | 'expunged';
  readonly uid: number;
  readonly mailbox: string;
  /** When that was, see DovecotEvent. */
  readonly started: string | number | undefined;
  /** The command that did it, where the event says so. */
  readonly command: string | undefined;
  /** Replaced when the end of the command is known, which then tells of it. */
  tell: Held['tell'];
}

/** One open session. */
export interface Session {
  readonly id: string;
  /** The place of the first line that told something no later event repeats. */
  openFrom: number | undefined;
  /** The place of the first line of what is in progress: a command, a delivery. */
  commandFrom: number | undefined;
  protocol: string | undefined;
  sourceIp: string | undefined;
  sourcePort: number | undefined;
  impersonatorId: string | undefined;
  userAgent: string | undefined;
  user: string | undefined;
  /** The folder that the IMAP session has selected. */
  selected: SelectedFolder | undefined;
  readonly items: PendingItem[];
  /** The texts of mail_log's `save` lines of the delivery that goes on. */
  readonly saves: string[];
  /** Folders into which Sieve put the message that is being delivered. */
  storedIn: string[];
  /** What Sieve did with it besides. */
  sieveActions: number;
}

/** What a checkpoint carries of a session. */
interface CarriedSession {
  readonly id: string;
  readonly user?: string;
  readonly impersonator?: string;
  readonly agent?: string;
  readonly protocol?: string;
  readonly ip?: string;
  readonly port?: number;
}

function peerKey(ip: string, port: number): string {
  return `${ip} ${port}`;
}

function carriedSession(session: Session): CarriedSession {
  const { id, user, impersonatorId, userAgent, protocol, sourceIp, sourcePort } = session;
  return {
    id,
    ...(user !== undefined && { user }),
    ...(impersonatorId !== undefined && { impersonator: impersonatorId }),
    ...(userAgent !== undefined && { agent: userAgent }),
    ...(protocol !== undefined && { protocol }),
    ...(sourceIp !== undefined && { ip: sourceIp }),
    ...(sourcePort !== undefined && { port: sourcePort }),
  };
}

/** The open sessions of one log. */
export class Sessions {
  readonly #sessions = new Map<string, Session>();
  /** Submission transactions name no login session, only the client's address and port. */
  readonly #byPeer = new Map<string, Session>();
  readonly #impersonated = new Set<Session>();
  /** Those that began long ago, or in the log of an earlier run. */
  readonly #long = new Set<Session>();
  /** When the sessions whose end was told by a line are forgotten, ms; in the order of that. */
  readonly #ending = new Map<string, number>();

  get size(): number {
    return this.#sessions.size;
  }

  find(id: string): Session | undefined {
    return this.#sessions.get(id);
  }

  /** The session whose client has the address and port. */
  findByPeer(ip: string, port: number): Session | undefined {
    return this.#byPeer.get(peerKey(ip, port));
  }

  /** The session, made if it is new; it counts as just used. */
  use(id: string): Session {
    let session = this.#sessions.get(id);
    if (session === undefined) {
      session = {
        id,
        openFrom: undefined,
        commandFrom: undefined,
        protocol: undefined,
        sourceIp: undefined,
        sourcePort: undefined,
        impersonatorId: undefined,
        userAgent: undefined,
        user: undefined,
        selected: undefined,
        items: [],
        saves: [],
        storedIn: [],
        sieveActions: 0,
      };
      if (this.#sessions.size >= SESSIONS_MAX) this.#forgetOldest();
    } else {
      this.#sessions.delete(id);
    }
    this.#sessions.set(id, session);
    return session;
  }

  /** Somebody else acts as the session's user. */
  impersonate(session: Session, impersonatorId: string): void {
    session.impersonatorId = impersonatorId;
    this.#impersonated.add(session);
  }

  /** Lets the session be found by its client's address and port. */
  indexPeer(session: Session): void {
    if (session.sourceIp === undefined || session.sourcePort === undefined) return;
    this.#byPeer.set(peerKey(session.sourceIp, session.sourcePort), session);
  }

  /** The session's process wrote its last line; its last events may still come. */
  endSoon(id: string, nowMs: number): void {
    this.#forgetEnded(nowMs);
    if (this.#sessions.has(id) && !this.#ending.has(id)) this.#ending.set(id, nowMs + ENDING_MS);
  }

  #forgetEnded(nowMs: number): void {
    for (const [id, endsMs] of this.#ending) {
      if (endsMs > nowMs) return;
      this.end(id);
    }
  }

  /** The session has ended. */
  end(id: string): void {
    this.#ending.delete(id);
    const session = this.#sessions.get(id);
    if (session === undefined) return;
    this.#sessions.delete(id);
    this.#impersonated.delete(session);
    this.#long.delete(session);
    if (session.sourceIp === undefined || session.sourcePort === undefined) return;
    const key = peerKey(session.sourceIp, session.sourcePort);
    if (this.#byPeer.get(key) === session) this.#byPeer.delete(key);
  }

  /** The place of the oldest line that is needed to know the open sessions. */
  openFrom(nowMs: number): number | undefined {
    this.#forgetEnded(nowMs);
    let oldest = Infinity;
    for (const { openFrom, commandFrom } of this.#sessions.values()) {
      oldest = Math.min(oldest, openFrom ?? Infinity, commandFrom ?? Infinity);
    }
    return oldest === Infinity ? undefined : oldest;
  }

  /**
   * The impersonated sessions and those that go on for long, the newest ones that fit.
   *
   * @param at where the log was read to
   */
  carry(at: number): unknown {
    for (const session of this.#sessions.values()) {
      if ((session.openFrom ?? Infinity) < at - LONG_BYTES) this.#long.add(session);
    }
    const sessions = [...this.#long].filter(({ impersonatorId }) => impersonatorId === undefined);
    sessions.push(...this.#impersonated);
    if (sessions.length === 0) return undefined;
    const carried: CarriedSession[] = [];
    let bytes = 0;
    for (const session of sessions.reverse()) {
      const each = carriedSession(session);
      bytes += Buffer.byteLength(JSON.stringify(each)) + 1;
      if (bytes > CARRIED_BYTES_MAX) break;
      carried.unshift(each);
    }
    return carried;
  }

  /** Takes back what `carry` gave. */
  restore(carried: unknown): void {
    if (!Array.isArray(carried)) return;
    for (const each of carried as Partial<Record<keyof CarriedSession, unknown>>[]) {
      if (typeof each?.id !== 'string' || Object.keys(each).length === 1) continue;
      const { id, user, impersonator, agent, protocol, ip, port } = each;
      const session = this.use(id);
      if (typeof impersonator === 'string') this.impersonate(session, impersonator);
      else this.#long.add(session);
      if (typeof user === 'string') session.user = user;
      if (typeof agent === 'string') session.userAgent = agent;
      if (typeof protocol === 'string') session.protocol = protocol;
      if (typeof ip === 'string') session.sourceIp = ip;
      if (typeof port === 'number') session.sourcePort = port;
      if (session.protocol === 'submission') this.indexPeer(session);
    }
  }

  #forgetOldest(): void {
    for (const id of this.#sessions.keys()) {
      this.end(id);
      return;
    }
  }
}

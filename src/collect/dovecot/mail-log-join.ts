// Joins commands with the lines of mail_log that they caused. Dovecot writes mail_log lines itself
// and events through its stats process: each of the two keeps its order, but either may be ahead of
// the other. So a command waits for its lines (HOLD_MS, then it is told as far as it is known and
// amended later), and a line for its command; whatever is behind something that came has been missed
// or will not come.
import type { AuditEvent } from '../../event/audit-event.ts';
import type { Held, Holdings } from '../holdings.ts';
import type { CausedLines, LoggedLine } from './caused-lines.ts';

/** Most lines of a session that wait for a command; a later one is not used. */
export const SESSION_LINES_MAX = 1_000;
/** Most lines that wait in all: some 10 MB. At the limit the oldest session's are given up. */
export const WAITING_LINES_MAX = 20_000;
/** Most commands of a session that wait for lines; beyond it the oldest is told as it is. */
export const SESSION_COMMANDS_MAX = 200;
/** Most sessions in which something waits; beyond it the oldest's lines are given up. */
export const JOINED_SESSIONS_MAX = 10_000;
/** Most commands that are remembered in all: some 20 MB. Beyond it the oldest session's are told. */
export const JOINED_COMMANDS_MAX = 10_000;
/**
 * How long a line waits for its command and a command that was told for more lines, in ms: where
 * much is going on one of them may be far behind.
 */
export const LATE_MS = 10_000;
/**
 * Where mail_log has told nothing of so many commands of which it must have told, it is not on, and
 * nothing waits for it.
 */
export const UNTOLD_COMMANDS_MAX = 10;

/** A command that has ended and may have caused lines. */
export interface JoinedCommand extends Held {
  readonly caused: CausedLines;
  /** Whether an amendment is about to be told. */
  amending?: boolean;
}

interface WaitingLine extends LoggedLine {
  readonly sinceMs: number;
}

/** What waits in a session. */
interface Waiting {
  /** In the order of their ends; those of which lines may still come. */
  readonly commands: JoinedCommand[];
  lines: WaitingLine[];
}

/** The join of one log. */
export class MailLogJoin {
  readonly #holdings: Holdings;
  readonly #now: () => number;
  readonly #sessions = new Map<string, Waiting>();
  #lines = 0;
  #commands = 0;
  #heard = false;
  #untold = 0;

  constructor(holdings: Holdings, now: () => number) {
    this.#holdings = holdings;
    this.#now = now;
  }

  /** Whether the log has lines of mail_log: only then their absence tells something. */
  get isOn(): boolean {
    return this.#heard;
  }

  /** The log has lines of mail_log. */
  heard(): void {
    this.#heard = true;
  }

  /** Takes a command that has ended: it is told now, or when its lines have come or should have. */
  command(session: string, command: JoinedCommand, out: AuditEvent[]): void {
    const waiting = this.#sessions.get(session);
    if (waiting !== undefined && this.#takeWaiting(waiting, command)) {
      // Its lines have come, so all those of the commands before it have.
      this.#finish(waiting.commands, waiting.commands.length, out);
    }
    const isAhead = command.caused.lines.length > 0 && (waiting?.lines.length ?? 0) > 0;
    if (isAhead || this.#isAllThere(command)) {
      if (waiting !== undefined) this.#drop(session, waiting);
      // Told before what is older: it must not be told again when only that is read again.
      if (this.#holdings.size > 0) this.#holdings.toldAtOnce(command.at);
      command.tell(out);
      return;
    }
    this.#hold(session, waiting, command, out);
  }

  /** Takes a line: for the command that caused it, or to wait for that. */
  line(session: string, line: LoggedLine, out: AuditEvent[]): void {
    this.#heard = true;
    const waiting = this.#sessions.get(session) ?? this.#open(session);
    const index = ownerOf(waiting.commands, line);
    const owner = waiting.commands[index];
    if (owner === undefined) {
      if (waiting.lines.length >= SESSION_LINES_MAX) return;
      if (this.#lines >= WAITING_LINES_MAX) this.#giveUpOldestLines();
      waiting.lines.push({ ...line, sinceMs: this.#now() });
      this.#lines++;
      return;
    }
    this.#finish(waiting.commands, index, out);
    owner.caused.take(line);
    if (owner.told) this.#amendSoon(owner, line.at, out);
    // Read again, after its command was told with it, it has nothing to add.
    else this.#holdings.toldAtOnce(line.at);
    if (owner.caused.isWhole) this.#finish(waiting.commands, 1, out);
    this.#drop(session, waiting);
  }

  /** The session's process wrote its last line. */
  linesEnded(session: string, out: AuditEvent[]): void {
    const waiting = this.#sessions.get(session);
    if (waiting === undefined) return;
    this.#finish(waiting.commands, waiting.commands.length, out);
    this.#drop(session, waiting);
  }

  /** The session's last event came. */
  commandsEnded(session: string): void {
    const waiting = this.#sessions.get(session);
    if (waiting === undefined) return;
    this.#keepLines(waiting, []);
    this.#drop(session, waiting);
  }

  /** The place of the oldest line that waits. */
  openFrom(): number | undefined {
    const before = this.#now() - LATE_MS;
    let oldest = Infinity;
    for (const [session, waiting] of this.#sessions) {
      this.#forgetOld(waiting, before);
      this.#drop(session, waiting);
      oldest = Math.min(oldest, waiting.lines[0]?.at ?? Infinity);
    }
    return oldest === Infinity ? undefined : oldest;
  }

  #forgetOld(waiting: Waiting, before: number): void {
    const { commands, lines } = waiting;
    const young = commands.findIndex(({ told, sinceMs }) => !told || sinceMs >= before);
    this.#commands -= commands.splice(0, young < 0 ? commands.length : young).length;
    if ((lines[0]?.sinceMs ?? Infinity) >= before) return;
    this.#keepLines(
      waiting,
      lines.filter(({ sinceMs }) => sinceMs >= before),
    );
  }

  /** The waiting lines that the command caused; true when there are some. */
  #takeWaiting(waiting: Waiting, command: JoinedCommand): boolean {
    let last = -1;
    for (const [index, line] of waiting.lines.entries()) {
      if (command.caused.isWhole) break;
      if (command.caused.take(line)) last = index;
    }
    // Lines in front of them belong to what no event told of.
    this.#keepLines(waiting, waiting.lines.slice(last + 1));
    return last >= 0;
  }

  #isAllThere({ caused }: JoinedCommand): boolean {
    if (caused.isWhole) return true;
    if (this.#heard) return false;
    if (caused.isCertain) this.#untold++;
    return this.#untold > UNTOLD_COMMANDS_MAX;
  }

  #hold(
    session: string,
    waiting: Waiting | undefined,
    command: JoinedCommand,
    out: AuditEvent[],
  ): void {
    const { commands } = waiting ?? this.#open(session);
    if (commands.length >= SESSION_COMMANDS_MAX) this.#finish(commands, 1, out);
    if (this.#commands >= JOINED_COMMANDS_MAX) this.#finishOldest(out);
    commands.push(command);
    this.#commands++;
    this.#holdings.hold(command, out);
  }

  /** No more lines come for the first commands: they are told, unless they were. */
  #finish(commands: JoinedCommand[], count: number, out: AuditEvent[]): void {
    for (const command of commands.splice(0, count)) {
      this.#commands--;
      if (command.told) continue;
      this.#holdings.complete(command);
      if (this.#holdings.size > 0) this.#holdings.toldAtOnce(command.at);
      command.told = true;
      command.tell(out);
    }
  }

  /** A command that was told has become more complete: soon, as lines come in numbers. */
  #amendSoon(command: JoinedCommand, at: number, out: AuditEvent[]): void {
    if (command.amending === true) {
      // The amendment that waits tells of it, too.
      this.#holdings.toldAtOnce(at);
      return;
    }
    const amendment: Held = {
      at,
      from: Math.min(command.from, at),
      sinceMs: this.#now(),
      told: false,
      tell: (events) => {
        command.amending = false;
        this.#holdings.amend(command, events);
      },
    };
    this.#holdings.hold(amendment, out);
    command.amending = !amendment.told;
  }

  #finishOldest(out: AuditEvent[]): void {
    for (const { commands } of this.#sessions.values()) {
      if (commands.length === 0) continue;
      this.#finish(commands, commands.length, out);
      return;
    }
  }

  #open(session: string): Waiting {
    if (this.#sessions.size >= JOINED_SESSIONS_MAX) {
      for (const [oldest, waiting] of this.#sessions) {
        this.#keepLines(waiting, []);
        this.#commands -= waiting.commands.length;
        this.#sessions.delete(oldest);
        break;
      }
    }
    const waiting: Waiting = { commands: [], lines: [] };
    this.#sessions.set(session, waiting);
    return waiting;
  }

  #drop(session: string, { commands, lines }: Waiting): void {
    if (commands.length === 0 && lines.length === 0) this.#sessions.delete(session);
  }

  #keepLines(waiting: Waiting, lines: WaitingLine[]): void {
    this.#lines -= waiting.lines.length - lines.length;
    waiting.lines = lines;
  }

  #giveUpOldestLines(): void {
    for (const waiting of this.#sessions.values()) {
      if (waiting.lines.length === 0) continue;
      this.#keepLines(waiting, []);
      return;
    }
  }
}

/** Which command caused the line; -1 when none did. */
function ownerOf(commands: readonly JoinedCommand[], line: LoggedLine): number {
  const first = commands.findIndex(({ caused }) => caused.accepts(line));
  if (commands[first]?.caused.isByTheWay !== true) return first;
  // The flags of a message that had been seen before may be those after another command.
  const other = commands.findIndex(
    ({ caused }, index) => index > first && caused.isMoreThanSeen && caused.accepts(line),
  );
  return other < 0 ? first : other;
}

// Gives the lines of systemd's journal: follows it through journalctl from the entry where the last
// run stopped, or from an earlier one from where lines are wanted once more. When journalctl ends,
// it is started again after a pause, from the last entry on. Pulled, so that what is not asked for
// stays in the pipe.
//
// Places count the bytes of the lines that entries become. Beside them checkpoints have the cursors
// of some entries: of the last one, and of earlier ones from which the journal can be read again.
// Reading begins with such an entry, that one included: that it is there proves that none is missed.
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import { entryLine, entryOf, fieldsOfJson, type FieldOf } from '../framing/journal-entry.ts';
import { LINE_BYTES_MAX, LineCutter } from '../line-cutter.ts';
import type { LineBatch, LineSource } from '../line-source.ts';
import type { PlacedEntry, TailPlace } from '../tail-place.ts';
import type { JournalReader, OpenJournal } from './journal-reader.ts';

/** How far entries from which can be read again are apart, in bytes of lines. */
export const ENTRY_EVERY_BYTES = 1024 * 1024;
/** Most of them that are remembered: as far as a restart reads again, see REREAD_BYTES_MAX. */
export const ENTRIES_REMEMBERED_MAX = 66;
/** Before journalctl is started again, in ms, doubling up to the longest. */
export const RESTART_MIN_MS = 500;
export const RESTART_MAX_MS = 60_000;
/** When journalctl has said nothing for so long, in ms, everything is read. */
export const QUIET_MS = 250;
/** How much of what is no entry is quoted, in bytes. */
const QUOTED_BYTES = 200;

const NEWLINE = Buffer.of(0x0a);

export interface JournalSourceOptions {
  readonly open: OpenJournal;
  readonly clock: Clock;
  readonly log: Log;
  /** Where to go on; from the journal's beginning when undefined. */
  readonly from?: TailPlace;
  /** A place before it from where lines are wanted once more, as far as the journal still has them. */
  readonly again?: number;
}

/** One run of journalctl. */
interface Reading {
  readonly reader: JournalReader;
  readonly cutter: LineCutter;
  /** The entry it is to begin with; undefined once it did, or when it begins with the first. */
  expected: PlacedEntry | undefined;
}

/** Lines that are next to each other. */
interface Lines {
  readonly parts: Buffer[];
  at: number;
  /** The place after them. */
  to: number;
}

/** Follows the journal; see the head of this file. */
export class JournalSource implements LineSource {
  readonly #options: JournalSourceOptions;
  /** Lines that begin before it are not wanted. */
  #wantedFrom: number;
  /** The entry where the last run stopped, until it was read again. */
  #resumed: PlacedEntry | undefined;
  readonly #entries: PlacedEntry[];
  /** The place after the last line. */
  #at: number;
  #reading: Reading | undefined;
  #restartMs = RESTART_MIN_MS;
  #stopped = false;
  #endPause: (() => void) | undefined;
  #waitingFor: string | undefined;
  #lost: string | undefined;
  #waitingSinceMs: number | undefined;

  constructor(options: JournalSourceOptions) {
    this.#options = options;
    const { from, again = from?.at ?? 0 } = options;
    const entries = from?.entries ?? [];
    const first = Math.max(
      entries.findLastIndex(({ base }) => base <= again),
      0,
    );
    this.#wantedFrom = again;
    this.#entries = entries.slice(0, first + 1);
    this.#at = from?.at ?? 0;
    this.#resumed = first < entries.length - 1 ? entries.at(-1) : undefined;
  }

  get waitingFor(): string | undefined {
    return this.#waitingFor;
  }

  get lost(): string | undefined {
    return this.#lost;
  }

  /** journalctl does not say how much there is. */
  get behindBytes(): number {
    return 0;
  }

  get atEnd(): boolean {
    const sinceMs = this.#waitingSinceMs;
    return sinceMs !== undefined && this.#options.clock.now() - sinceMs >= QUIET_MS;
  }

  async next(): Promise<LineBatch | undefined> {
    while (!this.#stopped) {
      try {
        const reading = (this.#reading ??= this.#open());
        this.#waitingSinceMs = this.#options.clock.now();
        const chunk = await reading.reader.read();
        this.#waitingSinceMs = undefined;
        const batch = chunk === undefined ? undefined : this.#take(reading, chunk);
        if (batch !== undefined) return batch;
      } catch (error) {
        await this.#failed(error as Error);
      }
    }
    return undefined;
  }

  stop(): void {
    this.#stopped = true;
    this.#reading?.reader.stop();
    this.#endPause?.();
  }

  #open(): Reading {
    const expected = this.#entries.at(-1);
    const reader = this.#options.open(expected?.cursor);
    this.#at = expected?.base ?? this.#at;
    return { reader, cutter: new LineCutter(0), expected };
  }

  async #failed({ message }: Error): Promise<void> {
    this.#waitingSinceMs = undefined;
    this.#reading?.reader.stop();
    this.#reading = undefined;
    // What was given is not given again.
    this.#wantedFrom = Math.max(this.#wantedFrom, this.#at);
    this.#waitingFor = `the journal cannot be read: ${message}`;
    const delayMs = this.#restartMs;
    this.#restartMs = Math.min(delayMs * 2, RESTART_MAX_MS);
    if (this.#stopped) return;
    await new Promise<void>((resolve) => {
      const timer = this.#options.clock.after(delayMs, resolve);
      this.#endPause = () => {
        timer.cancel();
        resolve();
      };
    });
    this.#endPause = undefined;
  }

  #take(reading: Reading, chunk: Buffer): LineBatch | undefined {
    const cut = reading.cutter.take(chunk);
    if (cut === undefined) return undefined;
    const bad = [...cut.overlong];
    const lines: Lines = { parts: [], at: this.#at, to: this.#at };
    for (const json of cut.bytes.toString('utf8').split('\n')) {
      if (json === '') continue;
      const fields = fieldsOfJson(json);
      const cursor = fields?.('__CURSOR')?.toString('latin1');
      if (fields === undefined || cursor === undefined) {
        bad.push(Buffer.from(json.slice(0, QUOTED_BYTES)));
      } else {
        this.#begun(reading, cursor);
        this.#entry(cursor, fields, lines);
      }
    }
    for (const each of bad) this.#reject(each);
    if (lines.parts.length === 0 && bad.length === 0) return undefined;
    const place = { at: this.#at, files: [], entries: [...this.#entries] };
    return { bytes: Buffer.concat(lines.parts), at: lines.at, overlong: bad, place };
  }

  /** The first entry came: is it the one with which the reading was to begin? */
  #begun(reading: Reading, cursor: string): void {
    const { expected } = reading;
    this.#waitingFor = undefined;
    this.#restartMs = RESTART_MIN_MS;
    reading.expected = undefined;
    if (expected === undefined || cursor === expected.cursor) return;
    const { from } = this.#options;
    if (this.#resumed !== undefined) {
      // Lines are told apart from those that were told by their places, and those are not known.
      this.#resumed = undefined;
      this.#entries.splice(0, Infinity, ...(from?.entries ?? []));
      this.#at = from?.at ?? 0;
      throw new Error('what is open across a restart was deleted from it; it is read on without');
    }
    this.#at = Math.max(this.#wantedFrom, from?.at ?? 0);
    this.#lost = 'entries of the journal that were deleted before they were read';
    this.#options.log.warn('a part of the journal was deleted before it was read', {
      remedy: 'let journald keep more: SystemMaxUse= and MaxRetentionSec= in journald.conf(5)',
    });
  }

  /** Appends the entry's line, if it has one that is wanted. */
  #entry(cursor: string, fields: FieldOf, lines: Lines): void {
    // Without program or text it is no line, but a place to go on from.
    const entry = entryOf(fields);
    const line = entry === undefined ? undefined : entryLine(entry);
    const bytes = line === undefined ? 0 : line.length + NEWLINE.length;
    const resumed = this.#resumed;
    if (resumed?.cursor === cursor) {
      this.#resumed = undefined;
      this.#at = resumed.base;
    } else if (resumed !== undefined && this.#at + bytes > resumed.base) {
      // An earlier run read it as a shorter one. It is known, and has no place any more.
      return;
    }
    const at = this.#at;
    this.#remember({ base: at, cursor });
    this.#at += bytes;
    if (line === undefined || at < this.#wantedFrom) return;
    // Lines that were wanted once more have a gap behind them only where one of them changed.
    if (lines.parts.length === 0 || lines.to !== at) {
      lines.parts.length = 0;
      lines.at = at;
    }
    lines.parts.push(line, NEWLINE);
    lines.to = this.#at;
  }

  /** The last entry, and those from which can be read again. */
  #remember(last: PlacedEntry): void {
    const entries = this.#entries;
    const before = entries.at(-2)?.base ?? -Infinity;
    if ((entries.at(-1)?.base ?? Infinity) - before < ENTRY_EVERY_BYTES) entries.pop();
    entries.push(last);
    if (entries.length > ENTRIES_REMEMBERED_MAX) entries.shift();
  }

  #reject(line: Buffer): void {
    this.#options.log.warn(
      'an entry of the journal was skipped: it is too long, or not understood',
      {
        bytesMax: LINE_BYTES_MAX,
        line: line.toString('utf8'),
      },
    );
  }
}

// Events that are half known wait here: for the end of their command, for the other source that
// tells of the same thing. What left early, by time or by the other source, is noted in the
// checkpoint, so that reading the same lines again after a restart does not tell it twice.
import type { AuditEvent } from '../event/audit-event.ts';
import { amend, markProvisional } from './amendment.ts';

/** How long an event waits at most, in ms; an event is to be queryable within 2 s of its line. */
export const HOLD_MS = 1_000;
/** Most events that wait at a time in one log. At the limit the oldest is told as it is. */
export const HELD_MAX = 2_000;
/**
 * Most places that are noted as told while older ones wait, so that a checkpoint holds them: some
 * 12 KB at most. Beyond it the oldest that waits is told as it is.
 */
export const EARLY_MAX = 2_000;
/** A line's repetitions have places between it and the next: the fractions that are told apart. */
export const PLACES_OF_BYTE = 1_024;

/** Something half known. */
export interface Held {
  /** The place of the line that told of it: its identity across restarts. */
  readonly at: number;
  /** The place of the first line it is made of. */
  readonly from: number;
  /** When the line was read, ms. */
  readonly sinceMs: number;
  /** Whether its events have been told without waiting further; set by the holdings. */
  told: boolean;
  /** Whether its events may be amended when they are told early; what tells them must then tell as many. */
  readonly amendable?: true;
  /** How often its events have been amended; set by the holdings. */
  amendments?: number;
  /** Appends the events as far as they are known now. */
  tell(out: AuditEvent[]): void;
}

/** What is noted of the holdings in a checkpoint. */
export interface HoldingsMark {
  /** Everything from lines before this place has been told. */
  readonly told: number;
  /** Places at or after it whose events have been told all the same; see `packPlaces`. */
  readonly early: string;
}

/** Places as their distances, the first from a place before all of them: short, as they are near. */
function packPlaces(places: Iterable<number>, from: number): string {
  let before = from;
  const distances = [...places]
    .toSorted((a, b) => a - b)
    .map((place) => {
      const distance = Math.round((place - before) * PLACES_OF_BYTE);
      before = place;
      return distance.toString(36);
    });
  return distances.join(' ');
}

function unpackPlaces(packed: string, from: number): number[] {
  let before = from;
  return packed === ''
    ? []
    : packed.split(' ').map((distance) => (before += parseInt(distance, 36) / PLACES_OF_BYTE));
}

/** The events of one log that wait; in the order of their lines. */
export class Holdings {
  readonly #held = new Map<number, Held>();
  readonly #early = new Set<number>();
  #toldBefore: HoldingsMark | undefined;

  get size(): number {
    return this.#held.size;
  }

  /** Lines up to the end of the re-reading are told as far as the mark says. */
  resume(mark: HoldingsMark): void {
    this.#toldBefore = mark;
    for (const at of unpackPlaces(mark.early, mark.told)) this.#early.add(at);
  }

  /** Takes something to wait, unless an earlier run told it. Tells the oldest of too many. */
  hold(held: Held, out: AuditEvent[]): void {
    if (this.wasTold(held.at)) {
      held.told = true;
      return;
    }
    this.#held.set(held.at, held);
    if (this.#held.size > HELD_MAX) {
      for (const oldest of this.#held.values()) {
        this.#leaveEarly(oldest, out);
        break;
      }
    }
  }

  /** Something that might have waited was told at once, for a reason that is not in the log. */
  toldAtOnce(at: number): void {
    this.#early.add(at);
  }

  /** Whether an earlier run told what the line at the place tells. */
  wasTold(at: number): boolean {
    return at < (this.#toldBefore?.told ?? 0) || this.#early.has(at);
  }

  /** It was completed by a later line, which tells it unless it was told already. */
  complete(held: Held): void {
    this.#held.delete(held.at);
  }

  /** It is told now because of something that is not in the log. */
  tellEarly(held: Held, out: AuditEvent[]): void {
    if (this.#held.has(held.at)) this.#leaveEarly(held, out);
  }

  /** Tells everything that has waited since before the time. */
  release(beforeMs: number, out: AuditEvent[]): void {
    for (const held of this.#held.values()) {
      if (held.sinceMs > beforeMs) return;
      this.#leaveEarly(held, out);
    }
  }

  /** Tells the oldest of what waits while there is more to note than a checkpoint holds. */
  relieve(out: AuditEvent[]): void {
    if (this.#early.size <= EARLY_MAX) return;
    for (const [at, held] of this.#held) {
      this.#forgetBefore(at);
      if (this.#early.size <= EARLY_MAX) return;
      this.#leaveEarly(held, out);
    }
  }

  /** What was missing came after its events had been told: they are told again, whole. */
  amend(held: Held, out: AuditEvent[]): void {
    if (held.amendable !== true || !held.told) return;
    held.amendments = (held.amendments ?? 0) + 1;
    const from = out.length;
    held.tell(out);
    amend(out, from, held.at, held.amendments + 1);
  }

  /** The place of the oldest line that what waits is made of. */
  openFrom(): number | undefined {
    let oldest = Infinity;
    for (const { from } of this.#held.values()) oldest = Math.min(oldest, from);
    return oldest === Infinity ? undefined : oldest;
  }

  /** What to note when everything before the place has been read. */
  mark(at: number): HoldingsMark {
    let told = at;
    for (const oldest of this.#held.keys()) {
      told = oldest;
      break;
    }
    this.#forgetBefore(told);
    return { told, early: packPlaces(this.#early, told) };
  }

  #forgetBefore(told: number): void {
    for (const early of this.#early) if (early < told) this.#early.delete(early);
  }

  #leaveEarly(held: Held, out: AuditEvent[]): void {
    this.#held.delete(held.at);
    this.#early.add(held.at);
    held.told = true;
    const from = out.length;
    held.tell(out);
    if (held.amendable === true) markProvisional(out, from, held.at);
  }
}

// The mappings of one file at work: which of them is for a record, and what becomes of it.
import type { AuditEvent } from '../../event/audit-event.ts';
import type {
  ForeignFeed,
  ForeignOutcome,
  ForeignRecord,
  ForeignRefusal,
} from './foreign-record.ts';
import { EACH_MAX, EVENTS_PER_RECORD_MAX } from './limits.ts';
import { applyMapping, type Mapped, type Mapping } from './mapping.ts';
import { ReadRecord, valueAt } from './read-record.ts';

/** How the lines of a file are framed: not at all, or as syslog writes them. */
export const LINE_FRAMES = ['plain', 'syslog'] as const;
export type LineFrame = (typeof LINE_FRAMES)[number];

/** What a mapping file says. */
export interface MappingFile {
  readonly name: string;
  /** SHA-256 of its text, in hex: which version of it made an event. */
  readonly sha256: string;
  readonly lines: LineFrame;
  /** The path of a list of records in a record. */
  readonly each?: string;
  /** The programs whose records it is for, of sources that name the program. */
  readonly programs?: readonly string[];
  readonly mappings: readonly Mapping[];
}

/** See the head of this file. */
export class MappingSet implements ForeignFeed {
  #file: MappingFile;

  constructor(file: MappingFile) {
    this.#file = file;
  }

  /** The file whose mappings are in force. */
  get file(): MappingFile {
    return this.#file;
  }

  /** From now on the mappings are those of the file, which has the same name and frame. */
  replace(file: MappingFile): void {
    this.#file = file;
  }

  take(record: ForeignRecord): ForeignOutcome {
    const events: AuditEvent[] = [];
    const refusals: ForeignRefusal[] = [];
    let taken = false;
    for (const each of this.map(record)) {
      taken = true;
      if (each.event !== undefined) events.push(each.event);
      if (each.problems.length > 0) {
        const mapping = `${this.file.name}/${each.mapping}`;
        refusals.push({ mapping, reason: each.problems.join('; ') });
      }
    }
    return { taken, events, refusals };
  }

  /** What each mapping that the record is for makes of it, in order; only of one mapping when named. */
  map(record: ForeignRecord, only?: string): Mapped[] {
    const { programs, each } = this.file;
    if (record.program !== undefined && programs?.includes(record.program) === false) return [];
    const read = new ReadRecord(record);
    if (read.tooLong !== undefined) return [{ mapping: '*', problems: [read.tooLong] }];
    if (each === undefined) return this.#mapOne(read, only);
    const list = valueAt(read.json(), each);
    if (!Array.isArray(list)) return this.#mapOne(read, only);
    if (list.length > EACH_MAX) {
      const reason = `${list.length} records in ${each}; at most ${EACH_MAX} are taken`;
      return [{ mapping: '*', problems: [reason] }];
    }
    return list.flatMap((item: unknown, index) => {
      if (typeof item !== 'object' || item === null || Array.isArray(item)) {
        return [{ mapping: '*', problems: [`${each}.${index} is no object`] }];
      }
      const inner = { ...record, content: item as Readonly<Record<string, unknown>> };
      return this.#mapOne(new ReadRecord(inner), only);
    });
  }

  #mapOne(record: ReadRecord, only: string | undefined): Mapped[] {
    const out: Mapped[] = [];
    for (const mapping of this.file.mappings) {
      if (only !== undefined && mapping.name !== only) continue;
      const mapped = applyMapping(mapping, record);
      if (mapped === undefined) continue;
      out.push(mapped);
      if (!mapping.goesOn || out.length >= EVENTS_PER_RECORD_MAX) break;
    }
    return out;
  }
}

/** Several sets as one: the first that a record is for takes it. */
export class MappingFeed implements ForeignFeed {
  readonly #sets: readonly ForeignFeed[];

  constructor(sets: readonly ForeignFeed[]) {
    this.#sets = sets;
  }

  take(record: ForeignRecord): ForeignOutcome {
    for (const set of this.#sets) {
      const outcome = set.take(record);
      if (outcome.taken) return outcome;
    }
    return { taken: false, events: [], refusals: [] };
  }
}

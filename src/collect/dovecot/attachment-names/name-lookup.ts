// What attachments are called, asked of Dovecot beside the log: nothing waits for it. An event is told with the
// part's number at once, and told again with the name when that is known.
import type { Clock } from '../../../platform/clock.ts';
import type { Log } from '../../../platform/log.ts';
import { partNames } from './body-structure.ts';
import { type DoveadmApi, fetchStructure, type MessagePlace } from './doveadm-http.ts';
import {
  LOOKUPS_RUNNING_MAX,
  LOOKUPS_WAITING_MAX,
  REMEMBERED_MESSAGES_MAX,
  REMEMBERED_MS,
} from './limits.ts';

type Names = ReadonlyMap<string, string>;

export interface NameLookupOptions {
  /** Asks for a message's structure; undefined where there is no such message. */
  readonly fetchStructure: (place: MessagePlace) => Promise<string | undefined>;
  readonly clock: Clock;
  readonly log: Log;
}

export interface NameLookupStatus {
  readonly asked: number;
  readonly named: number;
  /** Parts without a name: the message was gone, or is not to be read. */
  readonly unnamed: number;
  /** Not asked for, as too many were waiting. */
  readonly skipped: number;
  readonly failed: number;
}

/** Asks Dovecot by doveadm's HTTP API. */
export function createNameLookup(api: DoveadmApi, clock: Clock, log: Log): NameLookup {
  return new NameLookup({ fetchStructure: (place) => fetchStructure(api, place), clock, log });
}

/** See the head of this file. */
export class NameLookup {
  readonly #options: NameLookupOptions;
  /** Messages that were asked for of late, the oldest first; their parts, when they are known. */
  readonly #messages = new Map<
    string,
    { readonly atMs: number; readonly names: Promise<Names | undefined> }
  >();
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #status = { asked: 0, named: 0, unnamed: 0, skipped: 0, failed: 0 };

  constructor(options: NameLookupOptions) {
    this.#options = options;
  }

  status(): NameLookupStatus {
    return { ...this.#status };
  }

  /** Calls back when the name is known, and never when it is not to be had. */
  find(place: MessagePlace, part: string, found: (name: string) => void): void {
    const names = this.#namesOf(place);
    if (names === undefined) {
      this.#status.skipped++;
      return;
    }
    void this.#tell(names, part, found);
  }

  async #tell(
    names: Promise<Names | undefined>,
    part: string,
    found: (name: string) => void,
  ): Promise<void> {
    const name = (await names)?.get(part);
    if (name === undefined) {
      this.#status.unnamed++;
      return;
    }
    this.#status.named++;
    found(name);
  }

  #namesOf(place: MessagePlace): Promise<Names | undefined> | undefined {
    const key = JSON.stringify([place.user, place.folder, place.uid]);
    const nowMs = this.#options.clock.now();
    const known = this.#messages.get(key);
    if (known !== undefined && nowMs - known.atMs < REMEMBERED_MS) return known.names;
    if (this.#waiting.length >= LOOKUPS_WAITING_MAX) return undefined;
    const names = this.#ask(place).catch((error: unknown) => {
      this.#failed(error);
      // Not remembered: the next may find Dovecot well again.
      this.#messages.delete(key);
      return undefined;
    });
    this.#messages.delete(key);
    this.#messages.set(key, { atMs: nowMs, names });
    if (this.#messages.size > REMEMBERED_MESSAGES_MAX) {
      for (const oldest of this.#messages.keys()) {
        this.#messages.delete(oldest);
        break;
      }
    }
    return names;
  }

  async #ask(place: MessagePlace): Promise<Names | undefined> {
    if (this.#running >= LOOKUPS_RUNNING_MAX) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#running++;
    this.#status.asked++;
    try {
      const structure = await this.#options.fetchStructure(place);
      return structure === undefined ? undefined : partNames(structure);
    } finally {
      this.#running--;
      this.#waiting.shift()?.();
    }
  }

  #failed(error: unknown): void {
    if (this.#status.failed++ > 0) return;
    const reason = error instanceof Error ? error.message : String(error);
    this.#options.log.warn('the names of attachments are not to be had; events have part numbers', {
      reason,
    });
  }
}

// What becomes of log events whose group or stream was deleted, or that a group does not keep any longer:
// they are deleted from the store, soon and in the background, and never more than was meant.
import type { Clock } from './platform/clock.ts';
import type { Log } from './platform/log.ts';
import type { LogGroupDocument } from './state/documents.ts';
import type { StateView } from './state/state.ts';
import type { Forgotten, LogEventStore } from './store/log-event-store.ts';

/** How often it is looked whether there is something to delete; AWS lets 72 hours go by. */
const LOOK_INTERVAL_MS = 5_000;
/** How often events beyond their retention are looked for. */
const RETENTION_INTERVAL_MS = 60 * 60 * 1000;
const DAY_MS = 24 * 60 * 60 * 1000;

export interface KeepingOptions {
  readonly state: StateView;
  readonly store: LogEventStore;
  readonly clock: Clock;
  readonly log: Log;
  /** The journal's end: what comes later has a position from there on. */
  readonly end: () => number;
  /** Everything below it is in the store. */
  readonly loadedTo: () => number;
  /** Whether the store can be asked. */
  readonly ready: () => boolean;
}

/** See the head of this file. What it had still to do at a crash is found again at the next start. */
export class LogEventKeeping {
  readonly #options: KeepingOptions;
  #wanted: Forgotten[] = [];
  #timer: { cancel(): void } | undefined;
  #looked = false;
  #retainedAtMs = Number.NEGATIVE_INFINITY;
  #stopped = false;
  #working: Promise<void> = Promise.resolve();

  constructor(options: KeepingOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = this.#options.clock.after(LOOK_INTERVAL_MS, () => {
      this.#working = this.#work().finally(() => {
        if (!this.#stopped) this.start();
      });
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#working;
  }

  /** Deletes what a group or stream holds now; what is put from now on stays. */
  forget(what: { readonly groupId: string; readonly stream?: string }): void {
    this.#wanted.push({ ...what, belowPosition: this.#options.end() });
  }

  async #work(): Promise<void> {
    const { ready, log, clock } = this.#options;
    if (!ready()) return;
    try {
      if (!this.#looked) await this.#findOrphans();
      await this.#forgetLoaded();
      if (clock.now() - this.#retainedAtMs >= RETENTION_INTERVAL_MS) await this.#retain();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      log.warn('log events were not deleted; trying again', { reason });
    }
  }

  /** What was deleted before a crash and is still stored: groups and streams that nobody knows. */
  async #findOrphans(): Promise<void> {
    const { state, store, end } = this.#options;
    const belowPosition = end();
    const names = new Map<string, string>();
    for (const [name, { groupId }] of state.list('log-group')) names.set(groupId, name);
    for (const { groupId } of await store.logGroups()) {
      const name = names.get(groupId);
      if (name === undefined) this.#wanted.push({ groupId, belowPosition });
      else {
        for (const { stream } of await store.logStreams(groupId)) {
          if (state.get('log-stream', `${name}:${stream}`) !== undefined) continue;
          this.#wanted.push({ groupId, stream, belowPosition });
        }
      }
    }
    this.#looked = true;
  }

  /** Only what the store has already: what is loaded later would come back. */
  async #forgetLoaded(): Promise<void> {
    const { store, loadedTo } = this.#options;
    const loaded = loadedTo();
    const due = this.#wanted.filter(({ belowPosition }) => belowPosition <= loaded);
    for (const what of due) {
      await store.forget(what);
      this.#wanted = this.#wanted.filter((each) => each !== what);
    }
  }

  async #retain(): Promise<void> {
    const { state, store, clock, end } = this.#options;
    const nowMs = clock.now();
    const kept: LogGroupDocument[] = [];
    for (const [, document] of state.list('log-group')) kept.push(document);
    for (const { groupId, retentionDays } of kept) {
      if (retentionDays === undefined) continue;
      const beforeMs = nowMs - retentionDays * DAY_MS;
      await store.forget({ groupId, beforeMs, belowPosition: end() });
    }
    this.#retainedAtMs = nowMs;
  }
}

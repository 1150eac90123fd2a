// The journal as those see it who bring events from outside: closed while a delivery's backlog is full and the
// administrator wants nothing to be lost. What the program says itself goes on into the journal.
import {
  type AppendBatch,
  type Journal,
  JournalError,
  type JournalStatus,
  type Position,
} from './journal/journal.ts';
import type { Log } from './platform/log.ts';

/** See the head of this file. */
export class IntakeGate {
  readonly #journal: Journal;
  readonly #log: Log;
  #refusal: JournalError | undefined;

  constructor(journal: Journal, log: Log) {
    this.#journal = journal;
    this.#log = log;
  }

  /** Takes nothing from outside from now on; `undefined` takes it again. */
  set closedBecause(reason: string | undefined) {
    if (reason === undefined && this.#refusal !== undefined) this.#log.info('taking events again');
    if (reason !== undefined && this.#refusal === undefined) {
      this.#log.error('taking no events', { reason });
    }
    // The code says what senders do: keep what they have, and try again.
    this.#refusal = reason === undefined ? undefined : new JournalError('disk-full', reason);
  }

  /** The journal's, and why it takes nothing from outside. */
  status(): JournalStatus {
    const status = this.#journal.status();
    const refusal = this.#refusal;
    if (status.refusing !== undefined || refusal === undefined) return status;
    return { ...status, refusing: { code: refusal.code, reason: refusal.message } };
  }

  /** The journal's `append`, while the gate is open; rejects with a JournalError otherwise. */
  append(batch: AppendBatch): Promise<Position> {
    return this.#refusal === undefined
      ? this.#journal.append(batch)
      : Promise.reject(this.#refusal);
  }
}

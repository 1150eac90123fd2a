// The contract of a collector: something that watches a source and turns what it tells into audit
// events. Collectors hand events to an intake, which is the journal seen from their side.
import type { AuditEvent } from '../event/audit-event.ts';
import type { Checkpoint, Position } from '../journal/journal.ts';

/** Where collectors hand in what they made. */
export interface Intake {
  /**
   * Resolves once the events and the checkpoint are durable, together. Rejects with a JournalError
   * when they could not be kept: nothing of them was, and the collector tries again or, where
   * somebody waits for the answer, says so.
   */
  accept(events: readonly AuditEvent[], checkpoint?: Checkpoint): Promise<Position>;
  /** The last durable checkpoint value of the source; undefined for a new one. */
  checkpoint(source: string): unknown;
}

export interface CollectorStatus {
  readonly name: string;
  readonly state: 'running' | 'waiting' | 'failed' | 'stopped';
  /** Why it waits or failed, in words an administrator can act on. */
  readonly reason?: string;
  /** Lines or requests seen, events made, and lines that could not be read. */
  readonly seen: number;
  readonly events: number;
  readonly rejected: number;
  /** How many bytes of its source are still unread, where that is known. */
  readonly behindBytes?: number;
  /** What of its source could not be read and never will be, the last such thing. */
  readonly lost?: string;
}

/** One source of events. `stop` resolves when what it had read is durable. */
export interface Collector {
  start(): Promise<void>;
  stop(): Promise<void>;
  status(): CollectorStatus;
}

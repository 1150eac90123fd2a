// The contract between the feeds of other programs (syslog, OTLP, HTTP, files) and the mappings that
// make events of what these feeds bring: one record in, its events or the reason why not out.
import type { AuditEvent } from '../../event/audit-event.ts';

/** How a record came. */
export const FOREIGN_SOURCES = ['file', 'syslog', 'otlp', 'http'] as const;
export type ForeignSource = (typeof FOREIGN_SOURCES)[number];

/** A line of text or a JSON object of another program, without its frame. */
export interface ForeignRecord {
  readonly source: ForeignSource;
  /** The program that wrote it, e.g. `exim`: syslog's APP-NAME or tag without the process id. */
  readonly program?: string;
  /** The host it came from, as the record says. */
  readonly host?: string;
  /** When it happened, as its frame says, in ms since the Unix epoch. */
  readonly timeMs?: number;
  /** When we got it, in ms since the Unix epoch. */
  readonly receivedMs: number;
  /** The text of the line, or the object. It may hold anything: strangers write into logs. */
  readonly content: string | Readonly<Record<string, unknown>>;
}

/** Something a mapping took that is no event. */
export interface ForeignRefusal {
  /** `set/mapping`, e.g. `exim/received`. */
  readonly mapping: string;
  /** Which field, what was expected and what was found. */
  readonly reason: string;
}

/** What became of a record. One record may hold several, and several mappings may take it. */
export interface ForeignOutcome {
  /** False when no mapping is for it. */
  readonly taken: boolean;
  /** In the order of the record; none where a mapping says that it is none. */
  readonly events: readonly AuditEvent[];
  readonly refusals: readonly ForeignRefusal[];
}

/** Makes events of foreign records. Never throws because of what a record holds. */
export interface ForeignFeed {
  take(record: ForeignRecord): ForeignOutcome;
}

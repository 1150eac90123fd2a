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

/** What became of a record. */
export type ForeignOutcome =
  /** Mappings took it; there are no events where they say that it is none. */
  | { readonly kind: 'taken'; readonly events: readonly AuditEvent[] }
  /** No mapping is for it. */
  | { readonly kind: 'passed' }
  /** A mapping took it, but what came out is no event: which field, and why. */
  | { readonly kind: 'rejected'; readonly mapping: string; readonly reason: string };

/** Makes events of foreign records. Never throws because of what a record holds. */
export interface ForeignFeed {
  take(record: ForeignRecord): ForeignOutcome;
}

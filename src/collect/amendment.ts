// Events that had to be told before all was known of them, and what is told when the rest is known:
// the whole event again, under the same key. Queries show the newest of a key (see
// insights/sql/event-source.ts), so that the two are one event to whoever asks.
//
// The key is made of the event and the place of its line, so that a restart that reads the line
// again makes the same one. An amendment keeps log type and time of the event: it must be found
// wherever the event is looked for.
import { createHash } from 'node:crypto';
import type { AuditEvent } from '../event/audit-event.ts';

/** Of the hash, in bytes: two of a million keys are the same once in 10^17 installations. */
const KEY_BYTES = 15;

/**
 * The key of an event told of the line at the place.
 *
 * @param part which of the line's events it is, from 0
 */
export function revisionKey(event: AuditEvent, at: number, part: number): string {
  const of = [event.log_type, event.event_timestamp, event.request_id ?? '', at, part];
  return createHash('sha256')
    .update(JSON.stringify(of))
    .digest()
    .toString('base64url', 0, KEY_BYTES);
}

/** Marks the events from `from` on as told before all is known of them. */
export function markProvisional(events: AuditEvent[], from: number, at: number): void {
  for (let i = from; i < events.length; i++) {
    const event = events[i];
    if (event !== undefined) {
      events[i] = { ...event, revision_key: revisionKey(event, at, i - from) };
    }
  }
}

/** Makes amendments of the events from `from` on, in the order in which they were first told. */
export function amend(events: AuditEvent[], from: number, at: number, revision: number): void {
  for (let i = from; i < events.length; i++) {
    const event = events[i];
    if (event !== undefined) {
      events[i] = { ...event, revision_key: revisionKey(event, at, i - from), revision };
    }
  }
}

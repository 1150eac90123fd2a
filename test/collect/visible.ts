// What a query shows of the events in a journal: of those with one revision key only the newest.
import type { AuditEvent } from '../../src/event/audit-event.ts';

/** The events that were not amended, in the order in which they were first told. */
export function visible(events: readonly AuditEvent[]): AuditEvent[] {
  const shown = new Map<string, AuditEvent>();
  for (const [index, event] of events.entries()) {
    const key = event.revision_key ?? String(index);
    const first = shown.get(key);
    if (first !== undefined && first.event_timestamp !== event.event_timestamp) {
      throw new Error(`an amendment has another time: ${JSON.stringify([first, event])}`);
    }
    shown.set(key, event);
  }
  return [...shown.values()];
}

/** The event without what says how often it was told, which is made of the place of its line. */
export function unrevised(event: AuditEvent): AuditEvent {
  const { revision_key: key, revision, ...record } = event;
  return key === undefined && revision === undefined ? event : record;
}

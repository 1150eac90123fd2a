// Events of which only number, time and size matter, for tests of the limits of destinations; and what must hold
// of those that a destination has taken.
import type { DeliveryBatch } from '../../src/deliver/destination.ts';
import { admitObject } from '../../src/event/admit.ts';
import type { AuditEvent } from '../../src/event/audit-event.ts';
import type { ServedCall } from './json-service.ts';
import { whole } from './sample-events.ts';

export const SIZED_LOG_TYPE = 'AUTHENTICATION_LOGS';

/** @param bytes of its JSON; the fewest that there can be when absent */
export function sizedEvent(number: number, atMs: number, bytes?: number): AuditEvent {
  const made = (user_agent: string): AuditEvent => {
    const record = {
      log_type: SIZED_LOG_TYPE,
      event_timestamp: atMs,
      request_id: `request-${number}`,
      auth_successful: true,
      user_agent,
    };
    const admission = admitObject(record, Date.now());
    if (!admission.ok) throw new Error(admission.reason);
    return admission.event;
  };
  const least = made('x');
  if (bytes === undefined) return least;
  const event = made('x'.repeat(bytes - whole(least).length + 1));
  if (whole(event).length !== bytes) throw new Error(`expected an event of ${bytes} bytes`);
  return event;
}

/** So many events, a millisecond apart, the last one now. */
export function sizedEvents(count: number, bytes?: number): readonly AuditEvent[] {
  const lastMs = Date.now();
  return Array.from({ length: count }, (_, number) =>
    sizedEvent(number, lastMs - count + 1 + number, bytes),
  );
}

/** The events as a delivery gives them to its destination. */
export function batchOf(events: readonly AuditEvent[]): DeliveryBatch {
  const records = events.map((event, position) => ({
    position,
    timestampMs: event.event_timestamp,
    logType: event.log_type,
    fields: JSON.parse(whole(event)) as Record<string, unknown>,
  }));
  return { deliveryId: 'D1', from: 0, to: events.length, sealedAtMs: Date.now(), records };
}

interface Taken {
  readonly data: string;
  readonly call: ServedCall;
}

/** What was taken, each text once, in the order in which it came first. */
export function firstArrivals(taken: readonly Taken[]): readonly string[] {
  return [...new Set(taken.map(({ data }) => data))];
}

/** The texts that were given again though the service had answered that it has them. */
export function givenAgain(taken: readonly Taken[]): readonly string[] {
  const answered = new Set<string>();
  return taken
    .filter(({ data, call }) => {
      const again = answered.has(data);
      if (call.answered) answered.add(data);
      return again;
    })
    .map(({ data }) => data);
}

// Makes events of two runs of the same scenario comparable: what a server invents anew each time is
// taken out or given a name that follows from what happened. Everything else must be the same.
//
// Taken out: times, sizes (they grow with the ids in trace headers), the machine's name, the revision
// of an amended event. Replaced inside texts: ports of the test's own servers, ids in Message-IDs that
// servers made and in LMTP replies. Named: ids that join events, by the events that they join.
import { createHash } from 'node:crypto';
import type { Scenario } from './scenario.ts';
import { addressOf, domainOf } from './scenario.ts';

/** An event as its JSON says it. */
export type EventRecord = Readonly<Record<string, unknown>>;

/** Differs from run to run and tells nothing of what happened. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  'event_timestamp',
  'messageTimestamp',
  'message_size',
  'server_name',
  'organization_arn',
  'event_id',
  'revision_key',
  'revision',
]);

/** Ids that join events. */
const JOINING: ReadonlySet<string> = new Set([
  'request_id',
  'traceId',
  'queue_id',
  'sign_in_id',
  'related_queue_id',
  'related_trace_id',
]);

/** Lists whose order is that of deliveries, which overtake each other. */
const UNORDERED: ReadonlySet<string> = new Set(['recipients']);

const LOOPBACK = '127.0.0.1';

/** How much of a hash names a group of events. */
const NAME_LENGTH = 8;

/** What servers invent inside a text, and what stands for it. */
const INVENTED: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  // Postfix's own Message-IDs: the queue id and the host.
  [/<[0-9A-Za-z]{10,20}@mail\.example\.test>/g, '<made-by-postfix>'],
  // Dovecot's own Message-IDs, of what Sieve sends.
  [/<dovecot-[^@<>]+@[^<>]+>/g, '<made-by-dovecot>'],
  [/\[127\.0\.0\.1\]:\d{5}/g, '[127.0.0.1]:port'],
  // The transaction in the reply of Dovecot's LMTP.
  [/(<[^<> ]+>) [\w+/]{20,24}(:\w+)? Saved/g, '$1 transaction Saved'],
  [/queued as [0-9A-Za-z]{10,20}/g, 'queued as id'],
];

function withoutInvented(text: string): string {
  return INVENTED.reduce((changed, [pattern, by]) => changed.replaceAll(pattern, by), text);
}

function comparable(value: unknown, key: string): unknown {
  if (typeof value === 'string') return withoutInvented(value);
  if (Array.isArray(value)) {
    const items = value.map((item) => comparable(item, ''));
    if (!UNORDERED.has(key)) return items;
    return items.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  }
  if (typeof value !== 'object' || value === null) return value;
  // Between the servers themselves: Postfix connects to Dovecot's LMTP from any port.
  const between = (value as { source_ip?: unknown }).source_ip === LOOPBACK;
  const entries = Object.entries(value)
    .filter(([name]) => !between || name !== 'source_port')
    .filter(([name]) => !LEFT_OUT.has(name) && !JOINING.has(name))
    .map(([name, inner]) => [name, comparable(inner, name)] as const);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries);
}

/** The ids of an event, by their fields. */
function idsOf(event: EventRecord): [field: string, id: string][] {
  return Object.entries(event).filter(
    (entry): entry is [string, string] => JOINING.has(entry[0]) && typeof entry[1] === 'string',
  );
}

/** What each event says, without the ids that join it to others. */
export function contents(events: readonly EventRecord[]): string[] {
  return events.map((event) => JSON.stringify(comparable(event, '')));
}

/**
 * The events as lines in an order of their own, which two runs of a scenario have in common: what each
 * says, and by names which of them belong together.
 */
export function normalised(events: readonly EventRecord[]): string[] {
  const lines = contents(events);
  const joined = new Map<string, string[]>();
  for (const [index, event] of events.entries()) {
    for (const [field, id] of idsOf(event)) {
      joined.set(id, [...(joined.get(id) ?? []), `${field} ${lines[index]}`]);
    }
  }
  const nameOf = (id: string): string =>
    createHash('sha256')
      .update((joined.get(id) ?? []).toSorted().join('\n'))
      .digest('hex')
      .slice(0, NAME_LENGTH);
  const named = events.map((event, index) => {
    const ids = idsOf(event)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([field, id]) => `${field}=${nameOf(id)}`);
    return [lines[index] ?? '', ...ids].join(' ');
  });
  return named.toSorted();
}

/** Which scenario an event belongs to, by the domain or the address in it; undefined for none. */
export function scenarioOf(
  event: EventRecord,
  scenarios: readonly Scenario[],
): Scenario | undefined {
  const text = JSON.stringify(event);
  const address = event['source_ip'];
  return (
    scenarios.find((scenario) =>
      (['home', 'office', 'abroad'] as const).some(
        (place) => addressOf(scenario, place) === address,
      ),
    ) ?? scenarios.find((scenario) => text.includes(`@${domainOf(scenario)}`))
  );
}

/**
 * What of two lists of lines is only in one of them, one to a line: `-` is missing, `+` is too much.
 * Empty when each line is as often in the one as in the other.
 */
export function difference(expected: readonly string[], found: readonly string[]): string {
  const surplus = new Map<string, number>();
  for (const line of found) surplus.set(line, (surplus.get(line) ?? 0) + 1);
  for (const line of expected) surplus.set(line, (surplus.get(line) ?? 0) - 1);
  const lines = [...surplus].flatMap(([line, count]) =>
    Array.from({ length: Math.abs(count) }, () => `${count < 0 ? '-' : '+'} ${line}`),
  );
  return lines.toSorted((a, b) => (a.slice(2) < b.slice(2) ? -1 : 1)).join('\n');
}

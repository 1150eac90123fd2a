// The expected events of a scenario, as a query would show them: one JSON line each, in the order of
// time, of an amended event only the last telling.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalJson } from '../../src/event/canonical-json.ts';
import type { AuditEvent } from '../../src/event/audit-event.ts';
import type { EventRecord } from './normalise.ts';

/** What depends on when a half came, and not on what happened. */
function withoutRevision(event: AuditEvent): AuditEvent {
  const {
    revision_key: _key,
    revision: _revision,
    ...rest
  } = event as AuditEvent & {
    revision_key?: string;
    revision?: number;
  };
  return rest;
}

/** The events that queries show: of those with one revision key the newest. */
export function newestOf(events: readonly AuditEvent[]): AuditEvent[] {
  const newest = new Map<string, AuditEvent>();
  for (const [index, event] of events.entries()) {
    const { revision_key: key, revision = 1 } = event as {
      revision_key?: string;
      revision?: number;
    };
    const known = newest.get(key ?? String(index)) as { revision?: number } | undefined;
    if (known === undefined || (known.revision ?? 1) <= revision)
      newest.set(key ?? String(index), event);
  }
  return [...newest.values()].map(withoutRevision);
}

/** One event to a line. */
export function goldenText(events: readonly AuditEvent[]): string {
  const lines = newestOf(events).map((event) => ({
    at: event.event_timestamp,
    line: `{"log_type":"${event.log_type}",${canonicalJson(event).slice(1)}`,
  }));
  lines.sort((a, b) => a.at - b.at || (a.line < b.line ? -1 : 1));
  return lines.map(({ line }) => `${line}\n`).join('');
}

/** The expected events of a recording. */
export function readGolden(folder: string): EventRecord[] {
  const text = readFileSync(join(folder, 'events.ndjson'), 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as EventRecord);
}

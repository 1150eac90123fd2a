// Bodies that other programs post, made into events by the mapping file they name. A body is handed in whole: all
// of its events are durable together, or none.
import { setImmediate } from 'node:timers/promises';
import type { AuditEvent } from '../../event/audit-event.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { Intake } from '../collector.ts';
import { recordsOf } from './body-records.ts';
import type { ForeignRefusal } from './foreign-record.ts';
import type { MappingSet } from './mapping-set.ts';

/** How often at most a refused record is told in our own log, in ms: its sender may not read the answer. */
const REFUSED_TOLD_EVERY_MS = 10_000;
/** Records that are looked at before other requests have their turn: at 5 ms for the slowest. */
const RECORDS_AT_A_TIME = 16;
/** Most refusals that are told apart in one answer; further ones are counted only. */
export const REFUSALS_TOLD_MAX = 1000;

/** A record that was refused. */
export interface RefusedRecord extends ForeignRefusal {
  /** The line it begins on, or its place in an array, from 1. */
  readonly line: number;
}

/** What became of a body. */
export interface MappedBody {
  readonly events: readonly AuditEvent[];
  /** Records that no mapping is for. */
  readonly passed: number;
  /** The first REFUSALS_TOLD_MAX refusals. */
  readonly rejected: readonly RefusedRecord[];
  readonly rejectedCount: number;
}

/** Makes events of a body's records: a JSON object, an array of them, NDJSON, or lines of text. */
export async function mapBody(set: MappingSet, text: string, nowMs: number): Promise<MappedBody> {
  const events: AuditEvent[] = [];
  const rejected: RefusedRecord[] = [];
  let [passed, rejectedCount, seen] = [0, 0, 0];
  for (const { line, content } of recordsOf(text)) {
    if (++seen % RECORDS_AT_A_TIME === 0) await setImmediate();
    const outcome = set.take({ source: 'http', receivedMs: nowMs, content });
    if (!outcome.taken) passed++;
    for (const event of outcome.events) events.push(event);
    for (const refusal of outcome.refusals) {
      rejectedCount++;
      if (rejected.length < REFUSALS_TOLD_MAX) rejected.push({ line, ...refusal });
    }
  }
  return { events, passed, rejected, rejectedCount };
}

/** The mapping files as the HTTP feed sees them. */
export interface MappedBodies {
  /** The names there are. */
  readonly names: readonly string[];
  /** The key by which bodies for the mapping are signed; undefined where none is configured. */
  signatureKey(mapping: string): string | undefined;
  /** Makes events of a body; undefined when there is no such mapping. */
  map(mapping: string, text: string): Promise<MappedBody | undefined>;
  /** Resolves to the position after the events when they are durable. */
  keep(events: readonly AuditEvent[]): Promise<number>;
}

/** Makes the feed's view of the mapping files. */
export function createMappedBodies(options: {
  readonly sets: ReadonlyMap<string, MappingSet>;
  readonly webhooks: readonly { readonly mapping: string; readonly signatureKey: string }[];
  readonly intake: Intake;
  readonly clock: Clock;
  readonly log: Log;
}): MappedBodies {
  const { sets, intake, clock, log } = options;
  let toldAtMs = -Infinity;
  const tell = ({ rejected, rejectedCount }: MappedBody): void => {
    const [first] = rejected;
    if (first === undefined || clock.now() - toldAtMs < REFUSED_TOLD_EVERY_MS) return;
    toldAtMs = clock.now();
    const { mapping, reason } = first;
    log.warn('posted records were refused', { mapping, reason, refused: rejectedCount });
  };
  const keys = new Map(options.webhooks.map((hook) => [hook.mapping, hook.signatureKey]));
  return {
    names: [...sets.keys()],
    signatureKey: (mapping) => keys.get(mapping),
    map: async (mapping, text) => {
      const set = sets.get(mapping);
      const mapped = set && (await mapBody(set, text, clock.now()));
      if (mapped !== undefined) tell(mapped);
      return mapped;
    },
    keep: (events) => intake.accept(events),
  };
}

// A delivery as GET /v1/deliveries tells of it, and how it is shown to people.
import type { Call } from './command.ts';
import { escapeForTerminal, safeJson } from './escape.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { resultWriter } from './result-writer.ts';

export interface ToldDelivery {
  readonly id: string;
  readonly name?: string;
  readonly logType?: string;
  /** Where it goes, in words. */
  readonly place?: string;
  readonly paused?: boolean;
  readonly declared?: boolean;
  readonly createdAtMs?: number;
  /** Why it does not run at all. */
  readonly unstarted?: string;
  readonly status?: {
    readonly behindEvents: number;
    readonly behindBytes?: number;
    /** How long the oldest event that did not arrive has waited. */
    readonly lagMs?: number;
    readonly lastDeliveredAtMs?: number;
    readonly delivered: number;
    readonly retried?: number;
    readonly failures?: number;
    readonly dropped?: number;
    readonly deadLetters: number;
    readonly down: boolean;
    readonly lastError?: string;
  };
}

/** The path of those that a key names: an id, or a destination's name. */
export function deliveriesPath(key: string): string {
  return `/v1/deliveries/${encodeURIComponent(key)}`;
}

/** Those that an answer tells of. */
export async function toldIn(response: Response): Promise<readonly ToldDelivery[]> {
  const { deliveries = [] } = (await response.json()) as {
    readonly deliveries?: readonly ToldDelivery[];
  };
  return deliveries;
}

/** How it is, in a word or two. */
export function stateOf({ paused, status }: ToldDelivery): string {
  if (status === undefined) return 'not running';
  if (paused === true) return 'paused';
  if (status.down) return 'down';
  return status.lastError === undefined ? 'running' : 'trying again';
}

/** What keeps it from going on. */
export function errorOf({ unstarted, status }: ToldDelivery): string | undefined {
  return unstarted ?? status?.lastError;
}

const UNITS = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1000, 's'],
] as const;

/** A time for people, in its largest unit. */
export function shortTime(ms: number | undefined): string {
  if (ms === undefined) return '';
  const [unitMs, unit] = UNITS.find(([each]) => ms >= each) ?? [1, 'ms'];
  return `${Math.floor(ms / unitMs)} ${unit}`;
}

function rowOf(delivery: ToldDelivery): Map<string, string> {
  const { id, name = '', logType = '', place = '', status } = delivery;
  return new Map([
    ['id', id],
    ['name', name],
    ['log', logType],
    ['to', place],
    ['state', stateOf(delivery)],
    ['behind', String(status?.behindEvents ?? '')],
    ['lag', shortTime(status?.lagMs)],
    ['delivered', String(status?.delivered ?? '')],
    ['dead letters', String(status?.deadLetters ?? '')],
    ['error', errorOf(delivery) ?? ''],
  ]);
}

/** Prints deliveries as the call wants them: a table, JSON, or a line of JSON each. */
export async function writeDeliveries(
  call: Call,
  deliveries: readonly ToldDelivery[],
): Promise<void> {
  const { stdout } = call.world;
  switch (call.options.text('output')) {
    case 'json':
      await stdout.write(`${safeJson(deliveries)}\n`);
      return;
    case 'ndjson':
      for (const delivery of deliveries) await stdout.write(`${safeJson(delivery)}\n`);
      return;
    default:
  }
  const rows = deliveries.map(rowOf);
  const writer = resultWriter(call);
  await writer.begin([...(rows[0]?.keys() ?? [])]);
  for (const row of rows) await writer.row(row);
  await writer.end();
}

/** Says of each what was done with it. */
export async function writeDone(
  call: Call,
  deliveries: readonly ToldDelivery[],
  did: string,
): Promise<ExitCode> {
  const { stdout } = call.world;
  if (call.options.text('output') === 'json') {
    await stdout.write(`${safeJson(deliveries)}\n`);
    return EXIT.ok;
  }
  for (const { id, name = '', logType = '', place = '' } of deliveries) {
    await stdout.write(`${escapeForTerminal(`${id} (${name}): ${logType} to ${place} ${did}`)}\n`);
  }
  return EXIT.ok;
}

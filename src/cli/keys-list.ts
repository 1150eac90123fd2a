// `mailtrail keys list`: who may open the API, and when each key was used last.
import { formatDuration } from '../config/quantity.ts';
import { ApiClient } from './api-client.ts';
import type { Call } from './command.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { fetchKeys, type ListedKey } from './keys.ts';
import { resultWriter } from './result-writer.ts';

const HOUR_MS = 60 * 60 * 1000;

function timeText(ms: number | undefined): string {
  return ms === undefined ? '' : new Date(ms).toISOString();
}

/** The server notes the hour. */
function usedText({ lastUsedTime, revocable }: ListedKey, nowMs: number): string {
  if (lastUsedTime === undefined) return revocable ? 'never' : '';
  const ageMs = nowMs - lastUsedTime;
  return ageMs < 2 * HOUR_MS ? 'within 2 hours' : `${formatDuration(ageMs)} ago`;
}

function forPeople(key: ListedKey, nowMs: number): Map<string, string> {
  return new Map([
    ['name', key.name],
    ['access key id', key.accessKeyId],
    ['access', key.access],
    ['made', timeText(key.createdTime).slice(0, 'YYYY-MM-DD'.length)],
    ['last used', usedText(key, nowMs)],
  ]);
}

/** For programs: the API's names. */
function forPrograms(key: ListedKey): Map<string, string> {
  return new Map([
    ['accessKeyId', key.accessKeyId],
    ['name', key.name],
    ['access', key.access],
    ['createdTime', timeText(key.createdTime)],
    ['lastUsedTime', timeText(key.lastUsedTime)],
    ['revocable', String(key.revocable)],
  ]);
}

/** Prints all keys, the administrator's first. */
export async function run(call: Call): Promise<ExitCode> {
  const keys = await fetchKeys(await ApiClient.find(call));
  const table = (call.options.text('output') ?? 'table') === 'table';
  const nowMs = call.world.clock.now();
  const rows = keys.map((key) => (table ? forPeople(key, nowMs) : forPrograms(key)));
  const writer = resultWriter(call);
  await writer.begin([...(rows[0]?.keys() ?? [])]);
  for (const row of rows) await writer.row(row);
  await writer.end();
  return EXIT.ok;
}

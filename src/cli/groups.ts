// `mailtrail groups`: the log groups, how much is in them and how long it is kept.
import { formatDuration, formatSize } from '../config/quantity.ts';
import { ApiClient } from './api-client.ts';
import type { Call } from './command.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { fetchGroups, shortName, type GroupDescription } from './log-groups.ts';
import { resultWriter } from './result-writer.ts';

function timeText(ms: number | undefined): string {
  return ms === undefined ? '' : new Date(ms).toISOString();
}

/** Events may be dated a little ahead. */
function ageText(ageMs: number): string {
  return ageMs < 0 ? `in ${formatDuration(-ageMs)}` : `${formatDuration(ageMs)} ago`;
}

/** For people: the names that `--log-group` takes, sizes and ages with units. */
function forPeople(group: GroupDescription, nowMs: number): Map<string, string> {
  const { events, storedBytes, firstEventTime, lastEventTime, retentionDays } = group;
  return new Map([
    ['log group', shortName(group.name)],
    ['events', String(events)],
    ['stored', events === 0 ? '' : formatSize(storedBytes)],
    ['first event', timeText(firstEventTime).slice(0, 'YYYY-MM-DD'.length)],
    ['last event', lastEventTime === undefined ? '' : ageText(nowMs - lastEventTime)],
    ['kept', retentionDays === undefined ? 'for ever' : `${retentionDays} days`],
  ]);
}

/** For programs: the API's names and plain numbers. */
function forPrograms(group: GroupDescription): Map<string, string> {
  return new Map([
    ['name', group.name],
    ['logType', group.logType],
    ['events', String(group.events)],
    ['storedBytes', String(group.storedBytes)],
    ['firstEventTime', timeText(group.firstEventTime)],
    ['lastEventTime', timeText(group.lastEventTime)],
    ['retentionDays', String(group.retentionDays ?? '')],
  ]);
}

/** Prints all groups, also those without events. */
export async function run(call: Call): Promise<ExitCode> {
  const groups = await fetchGroups(await ApiClient.find(call));
  const table = (call.options.text('output') ?? 'table') === 'table';
  const nowMs = call.world.clock.now();
  const rows = groups.map((group) => (table ? forPeople(group, nowMs) : forPrograms(group)));
  const writer = resultWriter(call);
  await writer.begin([...(rows[0]?.keys() ?? [])]);
  for (const row of rows) await writer.row(row);
  await writer.end();
  return EXIT.ok;
}

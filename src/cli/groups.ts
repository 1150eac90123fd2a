// `mailtrail groups`: the log groups, how much is in them and how long it is kept.
import { formatSize } from '../config/quantity.ts';
import { ApiClient } from './api-client.ts';
import type { Call } from './command.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { fetchGroups, type GroupDescription } from './log-groups.ts';
import { resultWriter } from './result-writer.ts';

function timeText(ms: number | undefined): string {
  return ms === undefined ? '' : new Date(ms).toISOString();
}

/** For people: sizes with units, what is not limited as a word. */
function forPeople(group: GroupDescription): Map<string, string> {
  return new Map([
    ['log group', group.name],
    ['events', String(group.events)],
    ['stored', formatSize(group.storedBytes)],
    ['first event', timeText(group.firstEventTime)],
    ['last event', timeText(group.lastEventTime)],
    ['kept', group.retentionDays === undefined ? 'for ever' : `${group.retentionDays} days`],
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
  const rows = groups.map(table ? forPeople : forPrograms);
  const writer = resultWriter(call);
  await writer.begin([...(rows[0]?.keys() ?? [])]);
  for (const row of rows) await writer.row(row);
  await writer.end();
  return EXIT.ok;
}

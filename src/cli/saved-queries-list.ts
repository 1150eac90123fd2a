// `mailtrail saved-queries list`: the queries that the server keeps.
import { ApiClient } from './api-client.ts';
import type { Call } from './command.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { resultWriter } from './result-writer.ts';
import { fetchSavedQueries, type SavedQuery } from './saved-queries.ts';

function forPeople({ name, queryString, lastModified }: SavedQuery): Map<string, string> {
  return new Map([
    ['name', name],
    ['changed', new Date(lastModified).toISOString().slice(0, 'YYYY-MM-DD'.length)],
    ['query', queryString.replace(/\s+/g, ' ')],
  ]);
}

/** For programs: the API's names. */
function forPrograms(query: SavedQuery): Map<string, string> {
  return new Map([
    ['queryDefinitionId', query.queryDefinitionId],
    ['name', query.name],
    ['queryString', query.queryString],
    ['logGroupNames', (query.logGroupNames ?? []).join(' ')],
    ['lastModified', new Date(query.lastModified).toISOString()],
  ]);
}

/** Prints the saved queries whose names begin so, or all. */
export async function run(call: Call): Promise<ExitCode> {
  const client = await ApiClient.find(call);
  const queries = await fetchSavedQueries(client, call.options.text('prefix'));
  const table = (call.options.text('output') ?? 'table') === 'table';
  if (queries.length === 0 && table) {
    const hint = 'save one with "mailtrail saved-queries save NAME QUERY"';
    await call.world.stderr.write(`There is no saved query; ${hint}.\n`);
    return EXIT.ok;
  }
  const rows = queries.map(table ? forPeople : forPrograms);
  const writer = resultWriter(call);
  await writer.begin([...(rows[0]?.keys() ?? [])]);
  for (const row of rows) await writer.row(row);
  await writer.end();
  return EXIT.ok;
}

// `mailtrail saved-queries save`: keeps a query on the server under a name, in place of the one that has it.
import { parseQuery } from '../insights/index.ts';
import { ApiClient } from './api-client.ts';
import { CliError } from './cli-error.ts';
import type { Call } from './command.ts';
import { safeJson } from './escape.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { fetchSavedQueries } from './saved-queries.ts';

/** Saves the query; one that has a mistake is refused here. */
export async function run(call: Call): Promise<ExitCode> {
  const [name = '', queryString = ''] = call.arguments;
  const parsed = parseQuery(queryString);
  if (!parsed.ok) {
    const { message, start } = parsed.error;
    throw new CliError(EXIT.usage, `the query is wrong at character ${start + 1}: ${message}`);
  }
  const client = await ApiClient.find(call);
  const known = (await fetchSavedQueries(client, name)).find((query) => query.name === name);
  const logGroupNames = call.options.texts('log-group');
  const { queryDefinitionId } = await client.operation('PutQueryDefinition', {
    name,
    queryString,
    ...(logGroupNames.length > 0 && { logGroupNames }),
    ...(known && { queryDefinitionId: known.queryDefinitionId }),
  });
  const json = call.options.text('output') === 'json';
  const said = `${known ? 'Changed' : 'Saved'} the query ${JSON.stringify(name)}.\n`;
  const { stdout } = call.world;
  await stdout.write(json ? `${safeJson({ queryDefinitionId, name, queryString })}\n` : said);
  return EXIT.ok;
}

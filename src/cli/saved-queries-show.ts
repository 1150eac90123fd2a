// `mailtrail saved-queries show`: the text of a saved query, as `mailtrail query` takes it.
import { ApiClient } from './api-client.ts';
import type { Call } from './command.ts';
import { safeJson } from './escape.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { findSavedQuery } from './saved-queries.ts';

/** Prints the query of the name or id. */
export async function run(call: Call): Promise<ExitCode> {
  const [named = ''] = call.arguments;
  const query = await findSavedQuery(await ApiClient.find(call), named);
  const json = call.options.text('output') === 'json';
  await call.world.stdout.write(`${json ? safeJson(query) : query.queryString}\n`);
  return EXIT.ok;
}

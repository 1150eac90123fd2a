// `mailtrail saved-queries delete`: the server keeps the query no longer.
import { ApiClient } from './api-client.ts';
import type { Call } from './command.ts';
import { safeJson } from './escape.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { findSavedQuery } from './saved-queries.ts';

/** Deletes the query of the name or id; with `--dry-run` only says which one it would be. */
export async function run(call: Call): Promise<ExitCode> {
  const [named = ''] = call.arguments;
  const client = await ApiClient.find(call);
  const query = await findSavedQuery(client, named);
  const dryRun = call.options.on('dry-run');
  const { queryDefinitionId, name } = query;
  if (!dryRun) await client.operation('DeleteQueryDefinition', { queryDefinitionId });
  const said = `${dryRun ? 'Would delete' : 'Deleted'} the saved query ${JSON.stringify(name)}.\n`;
  const json = call.options.text('output') === 'json';
  const { stdout } = call.world;
  await stdout.write(json ? `${safeJson({ ...query, deleted: !dryRun })}\n` : said);
  return EXIT.ok;
}

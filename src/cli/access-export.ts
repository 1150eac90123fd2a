// `mailtrail access export`: what `mailtrail apply` would make again.
import { stringify } from 'yaml';
import { fetchDocuments, saidBy } from './access-documents.ts';
import { ACCESS_SECTIONS } from './access-file.ts';
import { ApiClient } from './api-client.ts';
import type { Call } from './command.ts';
import { escapeLines, safeJson } from './escape.ts';
import { EXIT, type ExitCode } from './exit-code.ts';

/** Prints all that is not declared in the configuration file. */
export async function run(call: Call): Promise<ExitCode> {
  const client = await ApiClient.find(call);
  const sections: Record<string, readonly object[]> = {};
  for (const [section, kind] of ACCESS_SECTIONS) {
    const documents = await fetchDocuments(client, kind);
    sections[section] = documents.filter(({ declared }) => declared !== true).map(saidBy);
  }
  const json = call.options.text('output') === 'json';
  const text = json ? `${safeJson(sections)}\n` : escapeLines(stringify(sections));
  await call.world.stdout.write(text);
  return EXIT.ok;
}

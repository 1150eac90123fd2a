// `mailtrail deliveries show`: what deliveries are, as a description that could be given back.
import { stringify } from 'yaml';
import { ApiClient } from './api-client.ts';
import type { Call } from './command.ts';
import { escapeLines, safeJson } from './escape.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { deliveriesPath, toldIn } from './told-delivery.ts';

/** Prints those that the id or name is of, as YAML or JSON. */
export async function run(call: Call): Promise<ExitCode> {
  const [key = ''] = call.arguments;
  const client = await ApiClient.find(call);
  const deliveries = await toldIn(await client.get(deliveriesPath(key)));
  const shown = deliveries.map((each) => ({ ...each, status: undefined }));
  const json = call.options.text('output') === 'json';
  const text = json
    ? `${safeJson(shown)}\n`
    : escapeLines(stringify(shown, { lineWidth: 0, keepUndefined: false }));
  await call.world.stdout.write(text);
  return EXIT.ok;
}

// `mailtrail deliveries show`: all that deliveries are, as descriptions that can be given back.
import { stringify } from 'yaml';
import { ApiClient } from './api-client.ts';
import type { Call } from './command.ts';
import { descriptionsOf, type ShownDescription } from './delivery-descriptions.ts';
import { escapeLines, safeJson } from './escape.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { deliveriesPath, toldIn } from './told-delivery.ts';

/** What a description does not say: which deliveries it is of, and who may change them. */
function remarksOf({ of }: ShownDescription): readonly string[] {
  return of.map(({ id, logType = '', place = '', createdAtMs, declared }) => {
    const since = createdAtMs === undefined ? '' : `, since ${new Date(createdAtMs).toISOString()}`;
    const where = declared === true ? ', declared in the configuration file' : '';
    return `  # ${id}: ${logType} to ${place}${since}${where}`.replaceAll(/[\r\n]/g, ' ');
  });
}

function yamlOf(shown: readonly ShownDescription[]): string {
  const items = shown.map((each) => {
    const lines = stringify([each.description], { lineWidth: 0 }).trimEnd().split('\n');
    return [...remarksOf(each), ...lines.map((line) => `  ${line}`)].join('\n');
  });
  return `deliveries:\n${items.join('\n')}\n`;
}

/** Prints those that the id or name is of, or all, as YAML or JSON. */
export async function run(call: Call): Promise<ExitCode> {
  const [key] = call.arguments;
  const client = await ApiClient.find(call);
  const path = key === undefined ? '/v1/deliveries' : deliveriesPath(key);
  const shown = descriptionsOf(await toldIn(await client.get(path)));
  const deliveries = shown.map(({ description }) => description);
  const json = call.options.text('output') === 'json';
  const text =
    deliveries.length === 0 && !json
      ? 'deliveries: []\n'
      : json
        ? `${safeJson({ deliveries })}\n`
        : escapeLines(yamlOf(shown));
  await call.world.stdout.write(text);
  return EXIT.ok;
}

// `mailtrail rules delete`: deletes a rule.
import { ApiClient } from './api-client.ts';
import type { Call } from './command.ts';
import { safeJson } from './escape.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { conditionsText, rulePath, type ListedRule } from './rules.ts';

/** Deletes the rule of the name, or says which one it would be. */
export async function run(call: Call): Promise<ExitCode> {
  const [name = ''] = call.arguments;
  const dryRun = call.options.on('dry-run');
  const client = await ApiClient.find(call);
  const path = rulePath(name);
  const response = dryRun ? await client.get(path) : await client.delete(path);
  const rule = (await response.json()) as ListedRule;
  const did = dryRun ? 'would be deleted' : 'deleted';
  const text = `${rule.name}: ${did} (${rule.effect}, ${conditionsText(rule)})`;
  const json = call.options.text('output') === 'json';
  await call.world.stdout.write(`${json ? safeJson(rule) : text}\n`);
  return EXIT.ok;
}

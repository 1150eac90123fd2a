// `mailtrail rules put`: makes a rule, or puts another in the place of the one that has the name.
import { ApiClient } from './api-client.ts';
import { CliError } from './cli-error.ts';
import type { Call } from './command.ts';
import { safeJson } from './escape.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { CONDITION_OPTIONS } from './rule-commands.ts';
import { conditionsText, rulePath, type ListedRule } from './rules.ts';

function ruleOf({ arguments: [name = ''], options }: Call): object {
  const effect = options.text('effect');
  if (effect === undefined) {
    throw new CliError(EXIT.usage, '--effect is missing: expected ALLOW or DENY');
  }
  const description = options.text('description');
  const conditions = CONDITION_OPTIONS.flatMap(([field, flag]) => {
    const values = options.texts(flag);
    return values.length === 0 ? [] : [[field, values]];
  });
  return {
    name,
    effect,
    ...(description !== undefined && { description }),
    ...(options.on('only-record') && { dryRun: true }),
    ...Object.fromEntries(conditions),
  };
}

/** Makes the rule. */
export async function run(call: Call): Promise<ExitCode> {
  const { stdout } = call.world;
  const rule = ruleOf(call);
  const [name = ''] = call.arguments;
  const json = call.options.text('output') === 'json';
  if (call.options.on('dry-run')) {
    await stdout.write(`${safeJson(rule)}\n`);
    return EXIT.ok;
  }
  const revision = call.options.text('revision');
  const client = await ApiClient.find(call);
  const response = await client.put(rulePath(name), rule, revision);
  const made = (await response.json()) as ListedRule;
  const text = `${made.name} (revision ${made.revision}): ${made.effect}, ${conditionsText(made)}`;
  await stdout.write(`${json ? safeJson(made) : text}\n`);
  return EXIT.ok;
}

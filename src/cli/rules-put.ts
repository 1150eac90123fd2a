// `mailtrail rules put`: makes a rule, or puts another in the place of the one that has the name.
import { ACCESS_RULES } from './access-documents.ts';
import type { Call } from './command.ts';
import { conditionsOf, putDocument, requiredOption } from './documents-put.ts';
import type { ExitCode } from './exit-code.ts';
import { CONDITION_OPTIONS } from './rule-commands.ts';

/** Makes the rule. */
export function run(call: Call): Promise<ExitCode> {
  const {
    arguments: [name = ''],
    options,
  } = call;
  const description = options.text('description');
  return putDocument(call, ACCESS_RULES, {
    name,
    effect: requiredOption(call, 'effect', 'ALLOW or DENY'),
    ...(description !== undefined && { description }),
    ...(options.on('only-record') && { dryRun: true }),
    ...conditionsOf(call, CONDITION_OPTIONS),
  });
}

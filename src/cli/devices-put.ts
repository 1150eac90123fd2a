// `mailtrail devices put`: makes a mobile device rule, or puts another in its place.
import { DEVICE_RULES } from './access-documents.ts';
import type { Call } from './command.ts';
import { DEVICE_CONDITIONS } from './device-commands.ts';
import { conditionsOf, putDocument, requiredOption } from './documents-put.ts';
import type { ExitCode } from './exit-code.ts';

/** Makes the rule. */
export function run(call: Call): Promise<ExitCode> {
  const {
    arguments: [id = ''],
    options,
  } = call;
  const description = options.text('description');
  return putDocument(call, DEVICE_RULES, {
    id,
    name: options.text('name') ?? id,
    effect: requiredOption(call, 'effect', 'ALLOW or DENY'),
    ...(description !== undefined && { description }),
    ...conditionsOf(call, DEVICE_CONDITIONS),
  });
}

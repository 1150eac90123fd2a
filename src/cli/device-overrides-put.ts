// `mailtrail device-overrides put`: decides about one user's one device.
import { DEVICE_OVERRIDES } from './access-documents.ts';
import { CliError } from './cli-error.ts';
import type { Call } from './command.ts';
import { putDocument, requiredOption } from './documents-put.ts';
import { EXIT, type ExitCode } from './exit-code.ts';

/** Makes the override. */
export function run(call: Call): Promise<ExitCode> {
  const {
    arguments: [id = ''],
    options,
  } = call;
  const colon = id.lastIndexOf(':');
  if (colon < 1) {
    throw new CliError(
      EXIT.usage,
      `${id}: expected a login and a device, such as ann@example.org:AB12CD`,
    );
  }
  const description = options.text('description');
  return putDocument(call, DEVICE_OVERRIDES, {
    userId: id.slice(0, colon),
    deviceId: id.slice(colon + 1),
    effect: requiredOption(call, 'effect', 'ALLOW or DENY'),
    ...(description !== undefined && { description }),
  });
}

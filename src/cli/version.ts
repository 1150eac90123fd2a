// `mailtrail version`.
import type { Call } from './command.ts';
import { EXIT, type ExitCode } from './exit-code.ts';

/** Prints the versions of the program and of Node. */
export async function run({ world }: Call): Promise<ExitCode> {
  await world.stdout.write(`mailtrail ${world.version()} (Node ${process.version})\n`);
  return EXIT.ok;
}

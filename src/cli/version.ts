// `mailtrail version` and `mailtrail --version`.
import type { Call } from './command.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import type { World } from './world.ts';

/** The versions of the program and of Node, as one line. */
export function versionText(world: World): string {
  return `mailtrail ${world.version()} (Node ${process.version})`;
}

/** Prints the versions. */
export async function run({ world }: Call): Promise<ExitCode> {
  await world.stdout.write(`${versionText(world)}\n`);
  return EXIT.ok;
}

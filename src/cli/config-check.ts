// `mailtrail config check`: everything that is wrong with the configuration and the mapping files it names, before a server is
// started or told to read it again.
import type { Call } from './command.ts';
import { requireConfiguration, requireMappings } from './configuration.ts';
import { EXIT, type ExitCode } from './exit-code.ts';

/** Prints what was read, or ends with 3 and all mistakes. */
export async function run(call: Call): Promise<ExitCode> {
  const { file, config } = requireConfiguration(call);
  requireMappings(call, config);
  const read = file === undefined ? 'no configuration file; the defaults are' : `${file} is`;
  await call.world.stderr.write(`${read} valid\n`);
  return EXIT.ok;
}

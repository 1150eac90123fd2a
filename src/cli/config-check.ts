// `mailtrail config check`: everything that is wrong with the configuration and the mapping files it names, before a server is
// started or told to read it again.
import { readMappingFiles } from '../collect/mapping/mapping-files.ts';
import { CliError } from './cli-error.ts';
import type { Call } from './command.ts';
import { requireConfiguration } from './configuration.ts';
import { escapeForTerminal } from './escape.ts';
import { EXIT, type ExitCode } from './exit-code.ts';

/** Prints what was read, or ends with 3 and all mistakes. */
export async function run(call: Call): Promise<ExitCode> {
  const { file, config } = requireConfiguration(call);
  const mappings = readMappingFiles(config.collectors, call.world.readFile);
  if (!mappings.ok) {
    throw new CliError(EXIT.config, mappings.problems.map(escapeForTerminal).join('\n'));
  }
  const read = file === undefined ? 'no configuration file; the defaults are' : `${file} is`;
  await call.world.stderr.write(`${read} valid\n`);
  return EXIT.ok;
}

// `mailtrail config show`: the configuration in force, on request with where each value is from.
import { showJson, showYaml } from '../config/show.ts';
import type { Call } from './command.ts';
import { requireConfiguration } from './configuration.ts';
import { escapeLines } from './escape.ts';
import { EXIT, type ExitCode } from './exit-code.ts';

/** Prints YAML or JSON; secrets as ***. */
export async function run(call: Call): Promise<ExitCode> {
  const { settings } = requireConfiguration(call);
  const origin = call.options.on('origin');
  const show = call.options.text('output') === 'json' ? showJson : showYaml;
  await call.world.stdout.write(escapeLines(show(settings, { origin })));
  return EXIT.ok;
}

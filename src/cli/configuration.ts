// The configuration as a command sees it: its own options first.
import { readMappingFiles } from '../collect/mapping/mapping-files.ts';
import {
  loadConfig,
  type ConfigResult,
  type FlagValue,
  type LoadedConfig,
} from '../config/load.ts';
import { formatProblem, type ConfigProblem } from '../config/raw-tree.ts';
import type { Config } from '../config/schema.ts';
import { CliError } from './cli-error.ts';
import type { Call } from './command.ts';
import { escapeForTerminal } from './escape.ts';
import { EXIT } from './exit-code.ts';

/** Options that set a setting, by their long name. */
const SETTING_OPTIONS: Readonly<Record<string, string>> = {
  listen: 'server.listen',
  data: 'data',
  organization: 'organization.name',
  'dovecot-log': 'dovecot.logs',
  'postfix-log': 'postfix.logs',
  'postfix-policy-listen': 'postfix.policyListen',
  'postfix-milter-listen': 'postfix.milterListen',
  'log-level': 'log.level',
};

function flagValues({ options }: Call): FlagValue[] {
  const flags: FlagValue[] = [];
  for (const [name, path] of Object.entries(SETTING_OPTIONS)) {
    const texts = options.texts(name);
    const value = options.text(name) ?? (texts.length > 0 ? [...texts] : undefined);
    if (value !== undefined) flags.push({ flag: `--${name}`, path, value });
  }
  if (options.on('allow-public-without-tls')) {
    const path = 'server.allowPublicWithoutTls';
    flags.push({ flag: '--allow-public-without-tls', path, value: 'true' });
  }
  return flags;
}

/** Loads the configuration for a call; nothing is thrown. */
export function readConfiguration(call: Call): ConfigResult {
  const { env, readFile, cwd, home, uid } = call.world;
  const file = call.options.text('config');
  return loadConfig({
    env,
    readFile,
    cwd,
    home,
    uid,
    flags: flagValues(call),
    ...(file !== undefined && { file }),
  });
}

/** All problems, one a line. */
export function problemLines(problems: readonly ConfigProblem[]): string {
  return problems.map((problem) => escapeForTerminal(formatProblem(problem))).join('\n');
}

/** Loads the configuration or throws a CliError with everything that is wrong in it. */
export function requireConfiguration(call: Call): LoadedConfig {
  const result = readConfiguration(call);
  if (result.ok) return result;
  throw new CliError(EXIT.config, problemLines(result.problems));
}

/** Throws a CliError with everything that is wrong in the mapping files that the configuration names. */
export function requireMappings(call: Call, { collectors }: Config): void {
  const mappings = readMappingFiles(collectors, call.world.readFile);
  if (mappings.ok) return;
  throw new CliError(EXIT.config, mappings.problems.map(escapeForTerminal).join('\n'));
}

// Settings from environment variables: `MAILTRAIL__SERVER__LISTEN`, or `…_FILE` with the path of
// a file that holds the value, as container secrets and systemd credentials come.
import { DECLARED_SETTINGS, ENV_PREFIX, type DeclaredSetting } from './declared-settings.ts';
import type { ConfigProblem, RawValue } from './raw-tree.ts';
import { nearest } from './suggest.ts';
import { readYaml } from './yaml-source.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface EnvValue {
  readonly path: string;
  readonly variable: string;
  readonly value: RawValue;
}

const FILE_SUFFIX = '_FILE';

/** Lists are separated by commas; `[…]` and `{…}` are read as YAML. */
function parseValue(text: string, variable: string, { meta }: DeclaredSetting): RawValue {
  if (/^\s*[[{]/.test(text)) {
    const source = readYaml(`value: ${text}`, variable, {});
    const [problem] = source.problems;
    if (problem !== undefined) throw new Error(problem.message);
    return source.tree['value'] ?? null;
  }
  if (meta.list !== true) return text;
  const entries = text.split(',').map((entry) => entry.trim());
  return entries.filter((entry) => entry !== '');
}

function unknownVariable(variable: string): string {
  const known = DECLARED_SETTINGS.map((declared) => declared.variable);
  const near = nearest(variable, known);
  return near === undefined
    ? `unknown variable; the settings are listed in docs/reference/configuration.md`
    : `unknown variable; did you mean ${near}?`;
}

/** Reads all settings in the environment; each problem names its variable. */
export function readEnvironment(
  env: Environment,
  readFile: (path: string) => string,
): { readonly values: readonly EnvValue[]; readonly problems: readonly ConfigProblem[] } {
  const values: EnvValue[] = [];
  const problems: ConfigProblem[] = [];
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith(ENV_PREFIX) || text === undefined) continue;
    const problem = (message: string, path = ''): void => {
      problems.push({ origin: { kind: 'env', variable }, path, message });
    };
    const direct = DECLARED_SETTINGS.find((declared) => declared.variable === variable);
    const base = variable.slice(0, -FILE_SUFFIX.length);
    const fromFile = variable.endsWith(FILE_SUFFIX)
      ? DECLARED_SETTINGS.find((declared) => declared.variable === base)
      : undefined;
    const declared = direct ?? fromFile;
    if (declared === undefined) {
      problem(unknownVariable(variable));
      continue;
    }
    const { path } = declared;
    if (direct === undefined && env[base] !== undefined) {
      problem(`expected one of ${base} and ${variable}, found both; unset one of them`, path);
      continue;
    }
    try {
      const content = direct === undefined ? readFile(text).replace(/\r?\n$/, '') : text;
      values.push({ path, variable, value: parseValue(content, variable, declared) });
    } catch (error) {
      problem(error instanceof Error ? error.message : String(error), path);
    }
  }
  return { values, problems };
}

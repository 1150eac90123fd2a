// Loading the configuration: flags over environment over file over defaults, setting by setting
// (a list is replaced as a whole), then validation of the whole. All problems are found at once.
import { dirname, resolve } from 'node:path';
import type { z } from 'zod';
import { checkWhole } from './check-whole.ts';
import { defaultDataDirectory } from './data-directory.ts';
import { DECLARED_SETTINGS, keysOfSection } from './declared-settings.ts';
import { readEnvironment } from './env-source.ts';
import {
  emptySection,
  formatPath,
  isSection,
  putAt,
  valueAt,
  type ConfigProblem,
  type Origin,
  type RawSection,
  type RawValue,
} from './raw-tree.ts';
import { CONFIG_SCHEMA, type Config } from './schema.ts';
import { nearest } from './suggest.ts';
import { readYaml } from './yaml-source.ts';

/** The configuration file when none is named. `./mailtrail.yaml` is not looked for. */
export const SYSTEM_CONFIG_FILE = '/etc/mailtrail/config.yaml';

/** A setting given on the command line. */
export interface FlagValue {
  /** `--listen` */
  readonly flag: string;
  /** `server.listen` */
  readonly path: string;
  readonly value: string | string[];
}

/** What the configuration is made from; the world comes in from here. */
export interface ConfigSources {
  readonly flags?: readonly FlagValue[];
  /** The file named on the command line. */
  readonly file?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Throws the operating system's error. */
  readonly readFile: (path: string) => string;
  readonly cwd: string;
  readonly home: string;
  /** The user's number; undefined where there is none. */
  readonly uid?: number | undefined;
}

/** A setting as it stands, for `config show`. */
export interface EffectiveSetting {
  readonly path: string;
  /** Undefined when it is absent. */
  readonly value?: RawValue;
  readonly origin: Origin;
  readonly secret: boolean;
}

export interface LoadedConfig {
  readonly ok: true;
  readonly config: Config;
  /** The file that was read, if any. */
  readonly file?: string;
  readonly settings: readonly EffectiveSetting[];
}

export type ConfigResult =
  | LoadedConfig
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/** Everything that was said, before it is understood. */
class Layers {
  readonly tree: RawSection = emptySection();
  readonly values = new Map<string, Origin>();
  readonly keys = new Map<string, Origin>();
  readonly problems: ConfigProblem[] = [];
  file: string | undefined;
  readonly #sources: ConfigSources;

  constructor(sources: ConfigSources) {
    this.#sources = sources;
  }

  collect(): void {
    this.#readFile();
    const { env, readFile, cwd, flags = [] } = this.#sources;
    this.#resolvePaths(this.file === undefined ? cwd : dirname(resolve(cwd, this.file)));
    const { values, problems } = readEnvironment(env, readFile);
    this.problems.push(...problems);
    for (const { path, variable, value } of values) {
      this.#put(path, value, { kind: 'env', variable });
    }
    for (const { path, flag, value } of flags) this.#put(path, value, { kind: 'flag', flag });
    this.#resolvePaths(cwd);
    if (valueAt(this.tree, 'data') === undefined) {
      this.#put('data', defaultDataDirectory(this.#sources), { kind: 'default' });
    }
  }

  #readFile(): void {
    const { env, readFile, cwd } = this.#sources;
    const fromEnv = env['MAILTRAIL_CONFIG'] === '' ? undefined : env['MAILTRAIL_CONFIG'];
    const named = this.#sources.file ?? fromEnv;
    const file = named ?? SYSTEM_CONFIG_FILE;
    let text: string;
    try {
      text = readFile(resolve(cwd, file));
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (named === undefined && (code === 'ENOENT' || code === 'ENOTDIR')) return;
      const said = error instanceof Error ? error.message : String(error);
      const message = `expected a file that can be read, found ${said}; correct the path or its permissions`;
      this.problems.push({ origin: this.#namedBy(file), path: '', message });
      return;
    }
    const source = readYaml(text, file, env);
    this.file = file;
    Object.assign(this.tree, source.tree);
    for (const [path, origin] of source.values) this.values.set(path, origin);
    for (const [path, origin] of source.keys) this.keys.set(path, origin);
    this.problems.push(...source.problems);
  }

  #namedBy(file: string): Origin {
    if (this.#sources.file !== undefined) return { kind: 'flag', flag: `--config ${file}` };
    if (this.#sources.env['MAILTRAIL_CONFIG'] !== undefined) {
      return { kind: 'env', variable: 'MAILTRAIL_CONFIG' };
    }
    return { kind: 'file', file, line: 1, column: 1 };
  }

  #put(path: string, value: RawValue, origin: Origin): void {
    putAt(this.tree, path, value);
    for (const known of this.values.keys()) {
      if (known.startsWith(`${path}[`) || known.startsWith(`${path}.`)) this.values.delete(known);
    }
    this.values.set(path, origin);
    this.keys.delete(path);
  }

  /** Relative paths are resolved where they were written: beside the file, else in `cwd`. */
  #resolvePaths(base: string): void {
    const absolute = (value: RawValue): RawValue => {
      if (isSection(value)) return { ...value, path: absolute(value['path'] ?? null) };
      return typeof value === 'string' && value !== '' ? resolve(base, value) : value;
    };
    for (const { path, meta } of DECLARED_SETTINGS) {
      const value = meta.path === true ? valueAt(this.tree, path) : undefined;
      if (value === undefined) continue;
      putAt(this.tree, path, Array.isArray(value) ? value.map(absolute) : absolute(value));
    }
  }

  /** The nearest place that is known for a path: the value's own, else its parent's. */
  originOf(parts: readonly PropertyKey[], at?: 'key'): Origin {
    for (let length = parts.length; length > 0; length--) {
      const path = formatPath(parts.slice(0, length));
      const key = at === 'key' ? this.keys.get(path) : undefined;
      const found = key ?? this.values.get(path);
      if (found !== undefined) return found;
    }
    return { kind: 'default' };
  }
}

function problemsOf(issue: z.core.$ZodIssue, layers: Layers): ConfigProblem[] {
  if (issue.code !== 'unrecognized_keys') {
    const at = issue.code === 'custom' && issue.params?.['at'] === 'key' ? 'key' : undefined;
    const origin = layers.originOf(issue.path, at);
    return [{ origin, path: formatPath(issue.path), message: issue.message }];
  }
  const known = keysOfSection(formatPath(issue.path));
  return issue.keys.map((key) => {
    const near = nearest(key, known);
    const where = issue.path.length === 0 ? 'the file' : formatPath(issue.path);
    const message =
      near === undefined
        ? `unknown key; ${where} may have ${known.join(', ')}`
        : `unknown key; did you mean "${near}"?`;
    const path = [...issue.path, key];
    return { origin: layers.originOf(path, 'key'), path: formatPath(path), message };
  });
}

/** A section that was begun and left empty counts as absent; a setting without a value does not. */
function dropEmptySections(tree: RawSection, prefix: string): void {
  for (const [key, value] of Object.entries(tree)) {
    const path = prefix === '' ? key : `${prefix}.${key}`;
    const isSetting = DECLARED_SETTINGS.some((declared) => declared.path === path);
    if (isSetting) continue;
    if (value === null && keysOfSection(path).length > 0) delete tree[key];
    else if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      dropEmptySections(value, path);
    }
  }
}

function effectiveSettings(layers: Layers): EffectiveSetting[] {
  return DECLARED_SETTINGS.map(({ path, meta, fallback }) => {
    const said = valueAt(layers.tree, path);
    const value = said ?? (typeof fallback === 'object' ? [...fallback] : fallback);
    const origin = said === undefined ? ({ kind: 'default' } as const) : layers.values.get(path);
    return {
      path,
      origin: origin ?? layers.originOf(path.split('.')),
      secret: meta.secret === true,
      ...(value !== undefined && { value }),
    };
  });
}

/** Problems outside of the file come before it. */
function lineOf({ origin }: ConfigProblem): number {
  return origin.kind === 'file' ? origin.line : 0;
}

/**
 * Loads the configuration. Problems are in the result, all of them, in the order of the file;
 * nothing is thrown.
 */
export function loadConfig(sources: ConfigSources): ConfigResult {
  const layers = new Layers(sources);
  layers.collect();
  dropEmptySections(layers.tree, '');
  const parsed = CONFIG_SCHEMA.safeParse(layers.tree);
  const problems = [...layers.problems];
  const reported = new Set(problems.map(({ path }) => path).filter((path) => path !== ''));
  if (!parsed.success) {
    const more = parsed.error.issues.flatMap((issue) => problemsOf(issue, layers));
    problems.push(...more.filter(({ path }) => !reported.has(path)));
  } else {
    const origin = (path: string): Origin => layers.originOf(path.split('.'));
    const { config, problems: more } = checkWhole(parsed.data, origin);
    problems.push(...more);
    if (problems.length === 0 && config !== undefined) {
      const settings = effectiveSettings(layers);
      return {
        ok: true,
        config,
        settings,
        ...(layers.file !== undefined && { file: layers.file }),
      };
    }
  }
  return { ok: false, problems: problems.sort((a, b) => lineOf(a) - lineOf(b)) };
}

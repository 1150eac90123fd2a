// The configuration file: YAML into a raw tree, with the place of every key and value, and
// `${VARIABLE}` replaced in the values (never in the YAML itself, so a variable's value cannot
// add keys). Mapping files are read the same way, without variables.
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Document,
  type Node,
  type Scalar,
} from 'yaml';
import {
  emptySection,
  formatPath,
  type ConfigProblem,
  type Origin,
  type RawSection,
  type RawValue,
  type SettingPath,
} from './raw-tree.ts';

/** A configuration is some kilobytes; far beyond it is another file given by mistake. */
export const CONFIG_BYTES_MAX = 1024 * 1024;
/** Aliases can multiply: the values of the file, counted as often as they are used. */
export const CONFIG_VALUES_MAX = 100_000;

export interface YamlSource {
  readonly tree: RawSection;
  /** Where each value stands, by its path. */
  readonly values: ReadonlyMap<SettingPath, Origin>;
  /** Where each key stands, by the path of its value. */
  readonly keys: ReadonlyMap<SettingPath, Origin>;
  readonly problems: readonly ConfigProblem[];
}

type Environment = Readonly<Record<string, string | undefined>>;

/** What a file of this kind looks like, for messages. */
export interface FileKind {
  /** e.g. `configuration` */
  readonly name: string;
  /** What it begins with, e.g. `sections such as "server:"`. */
  readonly begins: string;
  readonly guide: string;
  /** Whether the key `<<` takes over the keys of another section, as in YAML 1.1. */
  readonly merges?: boolean;
}

const CONFIGURATION: FileKind = {
  name: 'configuration',
  begins: 'sections such as "server:"',
  guide: 'docs/reference/configuration.md',
};

type Parts = readonly (string | number)[];

class Reader {
  readonly values = new Map<SettingPath, Origin>();
  readonly keys = new Map<SettingPath, Origin>();
  readonly problems: ConfigProblem[] = [];
  readonly #file: string;
  readonly #lines = new LineCounter();
  readonly #env: Environment | undefined;
  readonly #kind: FileKind;
  #document: Document.Parsed | undefined;
  #count = 0;

  constructor(file: string, env: Environment | undefined, kind: FileKind) {
    this.#file = file;
    this.#env = env;
    this.#kind = kind;
  }

  read(text: string): RawSection {
    const options = { lineCounter: this.#lines, prettyErrors: false } as const;
    const document = parseDocument(text, options);
    this.#document = document;
    for (const { pos, message } of [...document.errors, ...document.warnings]) {
      const said = message.replace(/\.?$/, '');
      this.#problem(pos[0], [], `expected valid YAML, found an error: ${said}; correct the syntax`);
    }
    if (this.problems.length > 0) return emptySection();
    const root = document.contents;
    if (root === null || (isScalar(root) && root.value === null)) return emptySection();
    if (isMap(root)) return this.#section(root.items, []);
    const found = isSeq(root) ? 'a list' : 'a single value';
    const message = `expected ${this.#kind.begins}, found ${found}; see ${this.#kind.guide}`;
    this.#problem(root.range[0], [], message);
    return emptySection();
  }

  #place(offset: number): Origin {
    const { line, col } = this.#lines.linePos(offset);
    return { kind: 'file', file: this.#file, line: Math.max(line, 1), column: Math.max(col, 1) };
  }

  #problem(offset: number, path: Parts, message: string): void {
    this.problems.push({ origin: this.#place(offset), path: formatPath(path), message });
  }

  #section(items: readonly { key: unknown; value: unknown }[], path: Parts): RawSection {
    const section = emptySection();
    // First, so that the section's own keys stand above those it takes over.
    for (const { key, value } of items) {
      if (!this.#isMerge(key)) continue;
      const node = value as Node | null;
      const base = isAlias(node) && this.#document ? node.resolve(this.#document) : node;
      if (isMap(base)) Object.assign(section, this.#section(base.items, path));
      else this.#problem(node?.range?.[0] ?? 0, path, 'expected a section behind <<, found none');
    }
    for (const { key, value } of items) {
      if (this.#isMerge(key)) continue;
      const keyNode = key as Node | null;
      const offset = keyNode?.range?.[0] ?? 0;
      if (!isScalar(keyNode) || keyNode.value === null) {
        this.#problem(offset, path, 'expected a word as the key, found another value; rename it');
        continue;
      }
      const name = scalarText(keyNode);
      const at = [...path, name];
      this.keys.set(formatPath(at), this.#place(offset));
      section[name] = this.#value(value as Node | null, at, keyNode.range?.[1] ?? offset);
    }
    return section;
  }

  #isMerge(key: unknown): boolean {
    return this.#kind.merges === true && isScalar(key) && key.value === '<<';
  }

  #value(node: Node | null, path: Parts, fallbackOffset: number): RawValue {
    const resolved = isAlias(node) && this.#document ? node.resolve(this.#document) : node;
    const offset = node?.range?.[0] ?? fallbackOffset;
    this.values.set(formatPath(path), this.#place(offset));
    if (++this.#count >= CONFIG_VALUES_MAX) {
      if (this.#count === CONFIG_VALUES_MAX) {
        const message = `expected at most ${CONFIG_VALUES_MAX} values, found more; look for aliases (*name) that repeat each other`;
        this.#problem(offset, path, message);
      }
      return null;
    }
    if (isMap(resolved)) return this.#section(resolved.items, path);
    if (isSeq(resolved)) {
      return resolved.items.map((item, index) =>
        this.#value(item as Node | null, [...path, index], offset),
      );
    }
    if (!isScalar(resolved) || isNothing(resolved)) return null;
    return this.#substitute(scalarText(resolved), path, offset);
  }

  #substitute(text: string, path: Parts, offset: number): string {
    const env = this.#env;
    if (env === undefined) return text;
    const variable = /\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g;
    return text.replaceAll(variable, (whole, name?: string, fallback?: string) => {
      if (name === undefined) return '${';
      const value = env[name];
      if (value !== undefined && (value !== '' || fallback === undefined)) return value;
      if (fallback !== undefined) return fallback;
      const message =
        `expected the environment variable ${name} to be set, found nothing; ` +
        `set it, or write \${${name}:-default}, or $${whole} for the text itself`;
      this.#problem(offset, path, message);
      return '';
    });
  }
}

/** A plain empty value, `~` or `null`; a quoted empty text is a text. */
function isNothing(node: Scalar): boolean {
  return node.value === null;
}

/** The text as it was written: `012` and `1e3` stay themselves instead of becoming numbers. */
function scalarText(node: Scalar): string {
  if (typeof node.value === 'string') return node.value;
  return node.source ?? String(node.value);
}

/**
 * Reads the text of a configuration file, or of another kind of file made in the same way. Every problem is
 * in the result; the rest is still read.
 *
 * @param env the variables that `${NAME}` means; it is nothing special when undefined
 */
export function readYaml(
  text: string,
  file: string,
  env: Environment | undefined,
  kind = CONFIGURATION,
): YamlSource {
  const reader = new Reader(file, env, kind);
  if (Buffer.byteLength(text) > CONFIG_BYTES_MAX) {
    const origin: Origin = { kind: 'file', file, line: 1, column: 1 };
    const message = `expected at most ${CONFIG_BYTES_MAX} bytes, found ${Buffer.byteLength(text)}; is this the ${kind.name} file?`;
    const problems = [{ origin, path: '', message }];
    return { tree: emptySection(), values: reader.values, keys: reader.keys, problems };
  }
  const tree = reader.read(text);
  return { tree, values: reader.values, keys: reader.keys, problems: reader.problems };
}

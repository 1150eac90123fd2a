// The configuration before it is understood: texts in sections and lists, and for each of them
// where it was written, so that an error found later can name the place.

/** Every scalar is the text that was written; null is a key without a value. */
export type RawValue = string | null | RawValue[] | RawSection;
export interface RawSection {
  [key: string]: RawValue;
}

/** Where a value comes from. */
export type Origin =
  | { readonly kind: 'flag'; readonly flag: string }
  | { readonly kind: 'env'; readonly variable: string }
  | {
      readonly kind: 'file';
      readonly file: string;
      readonly line: number;
      readonly column: number;
    }
  | { readonly kind: 'default' };

/** `server.listen`, `access.rules[0].ipRanges[2]`. */
export type SettingPath = string;

/** What is wrong, where, and what to do. */
export interface ConfigProblem {
  readonly origin: Origin;
  /** Empty when it is about the file as a whole. */
  readonly path: SettingPath;
  readonly message: string;
}

/** A section without inherited keys: a key `__proto__` in a file is a key like others. */
export function emptySection(): RawSection {
  return Object.create(null) as RawSection;
}

export function isSection(value: RawValue | undefined): value is RawSection {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Joins path parts as people write them. */
export function formatPath(parts: readonly PropertyKey[]): SettingPath {
  let text = '';
  for (const part of parts) {
    if (typeof part === 'number') text += `[${part}]`;
    else text += text === '' ? String(part) : `.${String(part)}`;
  }
  return text;
}

/** The place as an error begins: `file:line:column`, the variable, the flag. */
export function formatOrigin(origin: Origin): string {
  switch (origin.kind) {
    case 'flag':
      return origin.flag;
    case 'env':
      return `$${origin.variable}`;
    case 'file':
      return `${origin.file}:${origin.line}:${origin.column}`;
    case 'default':
      return 'default';
  }
}

/** The problem as one line: `file:line:column: path: expected …, found …; do …`. */
export function formatProblem({ origin, path, message }: ConfigProblem): string {
  return [formatOrigin(origin), path, message].filter((part) => part !== '').join(': ');
}

/** The value at a dotted path of sections; undefined when there is none. */
export function valueAt(tree: RawSection, path: SettingPath): RawValue | undefined {
  let value: RawValue | undefined = tree;
  for (const key of path.split('.')) {
    value = isSection(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  }
  return value;
}

/** Puts a value at a dotted path; what stood in its way is replaced. */
export function putAt(tree: RawSection, path: SettingPath, value: RawValue): void {
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  let into = tree;
  for (const key of keys) {
    const next = into[key];
    into = isSection(next) ? next : (into[key] = emptySection());
  }
  into[last] = value;
}

// How rules, roles and overrides are checked: field by field, all problems at once, each with the path of
// its field. They come from files and from the API; both ask here, so that both refuse the same things
// in the same words.

/** What is wrong with one field; `path` is empty when it is the whole. */
export interface Problem {
  /** e.g. `name`, `ipRanges[2]` */
  readonly path: string;
  readonly message: string;
}

export type Validation<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Gives what is wrong with a value; problems of what is inside it are noted besides. */
export type Check = (
  value: unknown,
  path: string,
  note: (problem: Problem) => void,
) => string | undefined;

/** A value for messages. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/** Text that has the form. */
export function formed(form: RegExp, expected: string): Check {
  return (value) =>
    typeof value === 'string' && form.test(value)
      ? undefined
      : `must be ${expected}, but is ${shown(value)}`;
}

export function oneOf(words: readonly string[]): Check {
  return (value) =>
    typeof value === 'string' && words.includes(value)
      ? undefined
      : `must be ${words.join(' or ')}, but is ${shown(value)}`;
}

/** Each entry is checked; a list may have so many. */
export function listOf(entry: Check, entriesMax: number): Check {
  return (value, path, note) => {
    if (!Array.isArray(value)) return `must be a list, but is ${shown(value)}`;
    if (value.length > entriesMax) {
      return `may have at most ${entriesMax} entries, but has ${value.length}`;
    }
    value.forEach((each: unknown, index) => {
      const at = `${path}[${index}]`;
      const message = entry(each, at, note);
      if (message !== undefined) note({ path: at, message });
    });
    return undefined;
  };
}

/** What something with fields may have. */
export interface Fields {
  /** What it is called in messages, e.g. `rule`. */
  readonly noun: string;
  readonly required: readonly string[];
  readonly checks: Readonly<Record<string, Check>>;
}

/** The fields of an object, of which no other may be there. */
export function objectOf({ noun, required, checks }: Fields): Check {
  return (value, path, note) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return `a ${noun} must be an object, but is ${shown(value)}`;
    }
    const at = (name: string): string => (path === '' ? name : `${path}.${name}`);
    for (const name of required) {
      if (!Object.hasOwn(value, name)) note({ path: at(name), message: 'is missing' });
    }
    for (const [name, member] of Object.entries(value)) {
      const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
      const known = `a ${noun} has ${Object.keys(checks).join(', ')}`;
      const message =
        check === undefined
          ? `is not known; ${known}`
          : member === undefined
            ? undefined
            : check(member, at(name), note);
      if (message !== undefined) note({ path: at(name), message });
    }
    return undefined;
  };
}

/** Checks a whole value; `T` is what passes. */
export function validate<T>(check: Check, input: unknown): Validation<T> {
  const problems: Problem[] = [];
  const message = check(input, '', (problem) => problems.push(problem));
  if (message !== undefined) problems.unshift({ path: '', message });
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: input as T };
}

// Files of rules, devices, overrides and roles for `mailtrail apply`: YAML or JSON. All mistakes of all files
// are told at once, each with its place, before anything is asked of the server.
import { validateRole } from '../access/impersonation-role.ts';
import { validateDeviceRule, validateOverride } from '../access/mobile-device-rule.ts';
import { validateRule } from '../access/rule.ts';
import type { Problem } from '../access/validation.ts';
import {
  type ConfigProblem,
  formatProblem,
  isSection,
  type Origin,
  type RawSection,
  type RawValue,
} from '../config/raw-tree.ts';
import { nearest } from '../config/suggest.ts';
import { type FileKind, readYaml, type YamlSource } from '../config/yaml-source.ts';
import {
  ACCESS_RULES,
  type AccessDocumentKind,
  DEVICE_OVERRIDES,
  DEVICE_RULES,
  ROLES,
} from './access-documents.ts';

/** What is written of one document. */
export type Written = Readonly<Record<string, unknown>>;

/** The sections of a file in the order in which they are applied: roles before rules that name them. */
export const ACCESS_SECTIONS: readonly (readonly [section: string, kind: AccessDocumentKind])[] = [
  ['impersonationRoles', ROLES],
  ['accessRules', ACCESS_RULES],
  ['mobileDeviceRules', DEVICE_RULES],
  ['mobileDeviceOverrides', DEVICE_OVERRIDES],
];

/** What files say: of each kind that they have a section for, the documents by their ids. */
export type AccessFiles = ReadonlyMap<AccessDocumentKind, ReadonlyMap<string, Written>>;

const FILE_KIND: FileKind = {
  name: 'access',
  begins: ACCESS_SECTIONS.map(([section]) => `"${section}:"`).join(' or '),
  guide: 'docs/guides/access-control.md',
};

/** The id under which documents of a kind are the same, however it is written. */
export function comparableId(kind: AccessDocumentKind, id: string): string {
  return kind.resourceOf?.(id) ?? id;
}

function problemsOf(kind: AccessDocumentKind, written: Written): readonly Problem[] {
  const checked =
    kind === ROLES
      ? validateRole(written)
      : kind === DEVICE_RULES
        ? validateDeviceRule(written)
        : kind === DEVICE_OVERRIDES
          ? validateOverride(written)
          : validateRule(written);
  return checked.ok ? [] : checked.problems;
}

/** All scalars of a file are texts; one member is a boolean. */
function typed(section: RawSection): Written {
  const { dryRun } = section;
  const isBoolean = dryRun === 'true' || dryRun === 'false';
  return { ...section, ...(isBoolean && { dryRun: dryRun === 'true' }) };
}

/** Reads one file into what was read before. */
class FileReader {
  readonly problems: ConfigProblem[];
  readonly #source: YamlSource;
  readonly #start: Origin;
  readonly #into: Map<AccessDocumentKind, Map<string, Written>>;

  constructor(text: string, file: string, into: Map<AccessDocumentKind, Map<string, Written>>) {
    this.#source = readYaml(text, file, undefined, FILE_KIND);
    this.#start = { kind: 'file', file, line: 1, column: 1 };
    this.#into = into;
    this.problems = [...this.#source.problems];
  }

  read(): void {
    const { tree } = this.#source;
    const sections = ACCESS_SECTIONS.map(([section]) => section);
    for (const key of Object.keys(tree)) {
      if (sections.includes(key)) continue;
      const near = nearest(key, sections);
      const expected =
        near === undefined ? `expected ${sections.join(', ')}` : `did you mean "${near}"?`;
      this.#problem(key, `unknown key; ${expected}`);
    }
    for (const [section, kind] of ACCESS_SECTIONS) {
      if (Object.hasOwn(tree, section)) this.#section(section, kind, tree[section] ?? null);
    }
  }

  #section(section: string, kind: AccessDocumentKind, value: RawValue): void {
    const known = this.#into.get(kind) ?? new Map<string, Written>();
    this.#into.set(kind, known);
    if (value === null) return;
    if (!Array.isArray(value)) return this.#problem(section, `expected a list of ${kind.plural}`);
    value.forEach((each, index) => {
      const path = `${section}[${index}]`;
      if (!isSection(each)) return this.#problem(path, `expected the fields of a ${kind.noun}`);
      const written = typed(each);
      const problems = problemsOf(kind, written);
      for (const { path: inside, message } of problems) {
        const dot = inside === '' || inside.startsWith('[') ? '' : '.';
        this.#problem(`${path}${dot}${inside}`, message);
      }
      if (problems.length > 0) return;
      const id = comparableId(kind, kind.idOf(written as Parameters<typeof kind.idOf>[0]));
      if (known.has(id))
        this.#problem(path, `the ${kind.noun} ${JSON.stringify(id)} is there twice; keep one`);
      known.set(id, written);
    });
  }

  #problem(path: string, message: string): void {
    const { keys, values } = this.#source;
    let at = path;
    while (at !== '' && !keys.has(at) && !values.has(at)) at = at.replace(/\.?[^.[]*\]?$|\[$/, '');
    const origin = keys.get(at) ?? values.get(at) ?? this.#start;
    this.problems.push({ origin, path, message });
  }
}

/** Reads files by their names and texts: what they say together, or all that is wrong with them. */
export function readAccessFiles(
  files: readonly { readonly name: string; readonly text: string }[],
): { readonly wanted: AccessFiles; readonly problems: readonly string[] } {
  const wanted = new Map<AccessDocumentKind, Map<string, Written>>();
  const problems = files.flatMap(({ name, text }) => {
    const reader = new FileReader(text, name, wanted);
    reader.read();
    return reader.problems.map(formatProblem);
  });
  return { wanted, problems };
}

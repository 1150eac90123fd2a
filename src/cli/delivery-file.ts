// Files of deliveries: one description, or a list of them under `deliveries:` as in the configuration file.
// All mistakes are told at once, each with its place, before anything is asked of the server.
import {
  type ConfigProblem,
  formatPath,
  formatProblem,
  isSection,
  type RawSection,
  type RawValue,
} from '../config/raw-tree.ts';
import { readYaml, type YamlSource } from '../config/yaml-source.ts';
import { checkDescription } from '../deliver/description.ts';

/** What is written of a delivery, with its name. */
export type WrittenDescription = Readonly<Record<string, unknown>>;

const SECTION = 'deliveries';
const FILE_KIND = {
  name: 'delivery',
  begins: '"name:" or "deliveries:"',
  guide: 'docs/guides/delivery.md',
} as const;

/** The problem at its place, or at that of what it is in. */
function placed(
  { keys, values }: YamlSource,
  file: string,
  parts: readonly PropertyKey[],
  message: string,
  isKey: boolean,
): ConfigProblem {
  const path = formatPath(parts);
  const start = { kind: 'file', file, line: 1, column: 1 } as const;
  for (let length = parts.length; length > 0; length--) {
    const at = formatPath(parts.slice(0, length));
    const origin = isKey ? (keys.get(at) ?? values.get(at)) : (values.get(at) ?? keys.get(at));
    if (origin !== undefined) return { origin, path, message };
  }
  return { origin: start, path, message };
}

/** The descriptions of a file, with where each stands. */
function entriesIn(
  tree: RawSection,
  name: string | undefined,
): readonly { readonly at: readonly PropertyKey[]; readonly said: RawValue }[] {
  const listed = tree[SECTION];
  if (Object.keys(tree).length === 1 && Array.isArray(listed)) {
    return listed.map((said, index) => ({ at: [SECTION, index], said }));
  }
  return [{ at: [], said: name === undefined ? tree : { name, ...tree } }];
}

/**
 * Reads the text of a file: what it says, or all that is wrong with it.
 *
 * @param file what it is called, for messages
 * @param name of a single description that has none; of a list, the only one that is wanted
 */
export function readDeliveries(
  text: string,
  file: string,
  name: string | undefined,
): { readonly descriptions: readonly WrittenDescription[]; readonly problems: readonly string[] } {
  const source = readYaml(text, file, undefined, FILE_KIND);
  const problems: ConfigProblem[] = [...source.problems];
  const found = new Map<string, WrittenDescription>();
  const entries = problems.length > 0 ? [] : entriesIn(source.tree, name);
  const tell = (parts: readonly PropertyKey[], message: string, isKey = false): void =>
    void problems.push(placed(source, file, parts, message, isKey));
  for (const { at, said } of entries) {
    const checked = checkDescription(said);
    if (!checked.ok) {
      for (const { path, message, isKey } of checked.problems)
        tell([...at, ...path], message, isKey);
      continue;
    }
    const { name: called } = checked.description;
    if (found.has(called)) tell([...at, 'name'], `${called} is there twice; rename one of them`);
    if (isSection(said)) found.set(called, said);
  }
  const descriptions = [...found]
    .filter(([called]) => name === undefined || called === name)
    .map(([, said]) => said);
  if (problems.length === 0 && descriptions.length === 0) {
    tell([], name === undefined ? 'there is no delivery in it' : `there is no delivery ${name}`);
  }
  return { descriptions, problems: problems.map(formatProblem) };
}

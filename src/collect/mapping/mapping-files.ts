// The mapping files that the configuration names, by the names in them.
import { formatProblem } from '../../config/raw-tree.ts';
import { nearest } from '../../config/suggest.ts';
import { readMappingFile } from './mapping-file.ts';
import { MappingSet } from './mapping-set.ts';

/** What the configuration says of mappings. */
export interface MappingSettings {
  /** The paths of the files. */
  readonly mappings: readonly string[];
  readonly mapped: readonly { readonly path: string; readonly mapping: string }[];
  readonly webhooks: readonly { readonly mapping: string }[];
  readonly syslog: readonly { readonly mappings: readonly string[] }[];
}

export type MappingFiles =
  | { readonly ok: true; readonly sets: ReadonlyMap<string, MappingSet> }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Reads all files; each problem is one line and says where it is. */
export function readMappingFiles(
  settings: MappingSettings,
  readFile: (path: string) => string,
): MappingFiles {
  const sets = new Map<string, MappingSet>();
  const files = new Map<string, string>();
  const problems: string[] = [];
  for (const path of settings.mappings) {
    let text: string;
    try {
      text = readFile(path);
    } catch (error) {
      problems.push(`${path}: cannot be read: ${(error as Error).message}`);
      continue;
    }
    const result = readMappingFile(text, path);
    if (!result.ok) {
      problems.push(...result.problems.map(formatProblem));
      continue;
    }
    const { name } = result.file;
    const earlier = files.get(name);
    if (earlier !== undefined) {
      problems.push(
        `${path}: name: expected a name of its own, found "${name}", which ${earlier} has`,
      );
    }
    files.set(name, path);
    sets.set(name, new MappingSet(result.file));
  }
  if (problems.length === 0) problems.push(...unknownNames(settings, [...sets.keys()]));
  return problems.length > 0 ? { ok: false, problems } : { ok: true, sets };
}

function unknownNames(
  { mapped, webhooks, syslog }: MappingSettings,
  names: readonly string[],
): string[] {
  const advice = (name: string): string => {
    const near = nearest(name, names);
    if (near !== undefined) return `did you mean "${near}"?`;
    return names.length === 0 ? 'there is none' : `there are ${names.join(', ')}`;
  };
  const check = (setting: string, used: readonly { readonly mapping: string }[]): string[] =>
    used.flatMap(({ mapping }, index) =>
      names.includes(mapping)
        ? []
        : [
            `${setting}[${index}].mapping: expected the name of a file of collectors.mappings, found "${mapping}"; ${advice(mapping)}`,
          ],
    );
  const spooled = syslog.flatMap(({ mappings }, index) =>
    check(
      `collectors.syslog[${index}].mappings`,
      mappings.map((mapping) => ({ mapping })),
    ),
  );
  return [
    ...check('collectors.mapped', mapped),
    ...check('collectors.webhooks', webhooks),
    ...spooled,
  ];
}

/**
 * Why mappings that were read anew cannot be taken over: a name that comes or goes, and lines that are framed
 * otherwise, need a restart. Undefined when they can.
 */
export function obstacleToReplace(
  sets: ReadonlyMap<string, MappingSet>,
  next: ReadonlyMap<string, MappingSet>,
): string | undefined {
  const names = [...sets.keys()].sort().join(', ');
  const found = [...next.keys()].sort().join(', ');
  if (names !== found) {
    return `the names of the mapping files cannot change while the server runs (${names} to ${found}); restart it`;
  }
  for (const [name, set] of sets) {
    if (next.get(name)?.file.lines === set.file.lines) continue;
    return `"lines" of the mapping file ${name} cannot change while the server runs; restart it`;
  }
  return undefined;
}

/** Takes over mappings that were read anew; whoever holds a set has the new ones from the next record on. */
export function replaceMappings(
  sets: ReadonlyMap<string, MappingSet>,
  next: ReadonlyMap<string, MappingSet>,
): void {
  for (const [name, { file }] of next) sets.get(name)?.replace(file);
}

/** Which version of each mapping file is in force: its SHA-256, by its name. */
export function mappingDigests(
  sets: ReadonlyMap<string, MappingSet>,
): Readonly<Record<string, string>> {
  return Object.fromEntries([...sets].map(([name, { file }]) => [name, file.sha256]));
}

// Which groups and times the `SOURCE` of a query chooses, out of those there are.
import type { Name, SelectionSource, Source, TagFilter, TimeBound } from './ast.ts';
import { MalformedQuery } from './error.ts';
import { longestMs } from './functions/datetime.ts';
import type { KnownGroup, QueryScope } from './scope.ts';

/** From this number on a time is in milliseconds: in seconds it would be the year 5138. */
const MILLISECONDS_FROM = 1e11;

/** The name in an ARN of a log group; any other text as it is. */
function groupNameOf(identifier: string): string {
  const [, name] = /^arn:[\w-]+:logs:[\w-]*:\d*:log-group:([^:*]+)(?::\*)?$/.exec(identifier) ?? [];
  return name ?? identifier;
}

function named(name: Name, known: readonly KnownGroup[]): KnownGroup {
  const wanted = groupNameOf(name.name);
  const group = known.find((each) => each.name === wanted);
  if (group !== undefined) return group;
  const shown = JSON.stringify(wanted.slice(0, 512));
  throw new MalformedQuery(`log group ${shown} does not exist`, name, wanted);
}

/** Whether a pattern with `*` for anything is the whole of a text. */
function matches(pattern: string, text: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  if (!text.startsWith(first)) return false;
  let at = first.length;
  const last = rest.pop();
  if (last === undefined) return at === text.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}

function hasTag({ key, values }: TagFilter, { tags = {} }: KnownGroup): boolean {
  const value = Object.hasOwn(tags, key.name) ? tags[key.name] : undefined;
  if (value === undefined) return false;
  if (values.length === 0) return true;
  return values.some(({ name }) =>
    name.startsWith('!') ? !matches(name.slice(1), value) : matches(name, value),
  );
}

function isSelected(source: SelectionSource, group: KnownGroup, account: string): boolean {
  const { namePrefix, accountIdentifiers, class: classes } = source.logGroups ?? {};
  const groupClass = group.class ?? 'STANDARD';
  // Unless it is said, only the groups of the standard class are queried.
  const wanted = classes?.map(({ name }) => name.toUpperCase().replace(/[ -]/g, '_'));
  if (!(wanted ?? ['STANDARD']).includes(groupClass)) return false;
  if (accountIdentifiers?.every(({ name }) => name !== account) === true) return false;
  if (namePrefix?.every(({ name }) => !group.name.startsWith(name)) === true) return false;
  // Groups tell no data source of AWS: who asks for one finds none.
  if (source.dataSources !== undefined) return false;
  return (source.tags ?? []).every((filter) => hasTag(filter, group));
}

function boundMs({ terms }: TimeBound, nowMs: number): number {
  let total = 0;
  for (const { sign, value, start, end } of terms) {
    if (value.kind === 'field' && value.name.toLowerCase() !== 'now') {
      throw new MalformedQuery(`${value.name} is no time: expecting now, -1d or a number`, {
        start,
        end,
      });
    }
    if (value.kind === 'period') {
      // A time that begins with a sign is told from now.
      if (value === terms[0]?.value) total = nowMs;
      total += sign * longestMs(value);
    } else if (value.kind === 'field') total += sign * nowMs;
    else total += sign * value.value * (value.value < MILLISECONDS_FROM ? 1000 : 1);
  }
  return total;
}

/**
 * The scope with the groups and times that the text chooses; as it is when the text chooses none or
 * the groups there are are not known. Throws MalformedQuery, with `missingGroup` when a group that
 * is named does not exist.
 *
 * @see CloudWatch Logs user guide, "SOURCE"
 */
export function withSources(sources: readonly Source[] | undefined, scope: QueryScope): QueryScope {
  const { known, account, nowMs } = scope;
  if (sources === undefined || known === undefined) return scope;
  const chosen = new Map<string, KnownGroup>();
  let { startMs, endMs } = scope;
  for (const source of sources) {
    const groups =
      source.kind === 'named'
        ? source.names.map((name) => named(name, known))
        : known.filter((group) => isSelected(source, group, account));
    for (const group of groups) chosen.set(group.name, group);
    if (source.from !== undefined) startMs = boundMs(source.from, nowMs);
    if (source.to !== undefined) endMs = boundMs(source.to, nowMs);
  }
  return { ...scope, groups: [...chosen.values()], startMs, endMs };
}

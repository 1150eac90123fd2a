// `SOURCE` in front of a query: by name as dashboards write it, or by what the groups have in common.
import type {
  GroupFilter,
  GroupSource,
  Name,
  SelectionSource,
  Source,
  TagFilter,
  TimeBound,
  TimeTerm,
} from '../ast.ts';
import { MalformedQuery, type Span } from '../error.ts';
import {
  SOURCE_ACCOUNTS_MAX,
  SOURCE_DATA_SOURCES_MAX,
  SOURCE_PREFIXES_MAX,
  SOURCE_TAG_FILTERS_MAX,
  SOURCE_TAG_VALUES_MAX,
  SOURCES_MAX,
} from '../limits.ts';
import { parsePeriod } from './periods.ts';
import type { TokenCursor } from './token-cursor.ts';

/** What a group can be chosen by, under the names AWS's pages give it. */
const FILTERS: ReadonlyMap<string, GroupFilter> = new Map([
  ['nameprefix', 'namePrefix'],
  ['accountidentifier', 'accountIdentifiers'],
  ['accountidentifiers', 'accountIdentifiers'],
  ['class', 'class'],
  ['loggroupclass', 'class'],
]);

const FILTER_MAX: Readonly<Record<GroupFilter, number>> = {
  namePrefix: SOURCE_PREFIXES_MAX,
  accountIdentifiers: SOURCE_ACCOUNTS_MAX,
  class: 2,
};

function parseString(cursor: TokenCursor): Name {
  if (cursor.token.kind !== 'string') throw cursor.mismatched(['STRING']);
  const { value, start, end } = cursor.take();
  return { name: value, start, end };
}

/** Items with commas between them; one too many may stand at the end, as in no other list. */
function parseList<Item>(cursor: TokenCursor, close: string, item: () => Item): Item[] {
  const items: Item[] = [];
  while (!cursor.isSymbol(close)) {
    items.push(item());
    if (!cursor.takeSymbol(',')) break;
  }
  cursor.expectSymbol(close);
  return items;
}

function refuseMore(items: readonly Span[], most: number, what: string): void {
  const extra = items[most];
  if (extra === undefined) return;
  throw new MalformedQuery(`more than ${most} ${what} in SOURCE`, extra);
}

/** `['a', 'b']`, or one string; AWS's own page also writes `'accountId' = '111122223333'`. */
function parseStrings(cursor: TokenCursor): Name[] {
  if (!cursor.takeSymbol('[')) return [parseString(cursor)];
  return parseList(cursor, ']', () => {
    const first = parseString(cursor);
    return cursor.takeSymbol('=') ? parseString(cursor) : first;
  });
}

function parseLogGroups(cursor: TokenCursor): SelectionSource['logGroups'] {
  cursor.expectSymbol('(');
  const filters: Partial<Record<GroupFilter, readonly Name[]>> = {};
  parseList(cursor, ')', () => {
    const { token } = cursor;
    const filter = FILTERS.get(token.value.toLowerCase());
    if (token.kind !== 'word' || filter === undefined) {
      throw cursor.mismatched(['namePrefix', 'accountIdentifiers', 'class']);
    }
    cursor.take();
    if (!cursor.takeSymbol('=')) cursor.expectSymbol(':');
    const values = parseStrings(cursor);
    refuseMore(values, FILTER_MAX[filter], filter);
    filters[filter] = values;
  });
  return filters;
}

function parseDataSources(cursor: TokenCursor): readonly Name[] {
  cursor.expectSymbol('(');
  const values = parseStrings(cursor);
  cursor.expectSymbol(')');
  refuseMore(values, SOURCE_DATA_SOURCES_MAX, 'data sources');
  return values;
}

function parseTagFilter(cursor: TokenCursor): TagFilter {
  const { start } = cursor.token;
  cursor.expectSymbol('{');
  let key: Name | undefined;
  let values: readonly Name[] = [];
  parseList(cursor, '}', () => {
    const member = cursor.token;
    const name = member.value.toLowerCase();
    if (name !== 'key' && name !== 'values') throw cursor.mismatched(['"key"', '"values"']);
    cursor.take();
    cursor.expectSymbol(':');
    if (name === 'key') key = parseString(cursor);
    else values = parseStrings(cursor);
  });
  const at = { start, end: cursor.previousEnd };
  if (key === undefined) throw new MalformedQuery('a tag filter expects a "key"', at);
  refuseMore(values, SOURCE_TAG_VALUES_MAX, 'values of a tag');
  return { key, values, ...at };
}

function parseTagFilters(cursor: TokenCursor): readonly TagFilter[] {
  cursor.expectSymbol('(');
  cursor.expectSymbol('[');
  const filters = parseList(cursor, ']', () => parseTagFilter(cursor));
  cursor.expectSymbol(')');
  refuseMore(filters, SOURCE_TAG_FILTERS_MAX, 'tag filters');
  return filters;
}

function parseTerm(cursor: TokenCursor, sign: 1 | -1, start: number): TimeTerm {
  const { token } = cursor;
  const period = parsePeriod(cursor);
  if (period !== undefined) return { sign, value: period, start, end: cursor.previousEnd };
  if (token.kind !== 'word' && token.kind !== 'number') {
    throw cursor.mismatched(['PERIOD', 'NUMBER', 'now']);
  }
  cursor.take();
  const { value: text, end } = token;
  if (token.kind === 'number') {
    return {
      sign,
      value: { kind: 'number', value: Number(text), start: token.start, end },
      start,
      end,
    };
  }
  // now and now() are the same.
  if (cursor.takeSymbol('(')) cursor.expectSymbol(')');
  return {
    sign,
    value: { kind: 'field', name: text, start: token.start, end },
    start,
    end: cursor.previousEnd,
  };
}

/** A time: `-1d`, `now`, `now - 2h`, seconds or milliseconds since 1970. */
function parseBound(cursor: TokenCursor): TimeBound {
  cursor.expectSymbol('=');
  const { start } = cursor.token;
  const terms: TimeTerm[] = [];
  do {
    const at = cursor.token.start;
    const negative = cursor.takeSymbol('-');
    if (!negative) cursor.takeSymbol('+');
    terms.push(parseTerm(cursor, negative ? -1 : 1, at));
  } while (cursor.isSymbol('-') || cursor.isSymbol('+'));
  return { terms, start, end: cursor.previousEnd };
}

function parseBounds(cursor: TokenCursor): { from?: TimeBound; to?: TimeBound } {
  const bounds: { from?: TimeBound; to?: TimeBound } = {};
  for (;;) {
    if (cursor.takeKeyword('start')) bounds.from = parseBound(cursor);
    else if (cursor.takeKeyword('end')) bounds.to = parseBound(cursor);
    else return bounds;
  }
}

function parseSelection(cursor: TokenCursor, start: number): SelectionSource | undefined {
  const parts: Pick<SelectionSource, 'logGroups' | 'dataSources' | 'tags'> = {};
  const known = ['loggroups', 'datasource', 'datasources', 'loggrouptags'];
  let selection = parts;
  while (known.includes(cursor.token.value.toLowerCase()) && cursor.peek().text === '(') {
    const word = cursor.take().value.toLowerCase();
    if (word === 'loggroups') selection = { ...selection, logGroups: parseLogGroups(cursor) ?? {} };
    else if (word === 'loggrouptags') selection = { ...selection, tags: parseTagFilters(cursor) };
    else selection = { ...selection, dataSources: parseDataSources(cursor) };
    cursor.takeSymbol(',');
  }
  if (Object.keys(selection).length === 0) return undefined;
  return {
    kind: 'selection',
    ...selection,
    ...parseBounds(cursor),
    start,
    end: cursor.previousEnd,
  };
}

function parseNamed(cursor: TokenCursor, start: number): GroupSource {
  const names: Name[] = [];
  do {
    // AWS's own examples also write a name without quotes.
    const { kind } = cursor.token;
    if (kind !== 'string' && (kind !== 'word' || cursor.peek().text === '(')) {
      throw cursor.mismatched(['STRING', 'logGroups', 'dataSource', 'logGroupTags']);
    }
    const { value, start: from, end } = cursor.take();
    names.push({ name: value, start: from, end });
  } while (cursor.takeSymbol(','));
  return { kind: 'named', names, ...parseBounds(cursor), start, end: cursor.previousEnd };
}

/** One `SOURCE`; its keyword stands ahead. */
export function parseSource(cursor: TokenCursor): Source {
  const { start } = cursor.token;
  cursor.expectKeyword('source');
  return parseSelection(cursor, start) ?? parseNamed(cursor, start);
}

/** All `SOURCE … |` that a query begins with; undefined when it begins with something else. */
export function parseSources(cursor: TokenCursor): readonly Source[] | undefined {
  const sources: Source[] = [];
  while (cursor.isKeyword('source')) {
    const source = parseSource(cursor);
    if (sources.length >= SOURCES_MAX) {
      throw new MalformedQuery(`more than ${SOURCES_MAX} SOURCE commands`, source);
    }
    sources.push(source);
    if (!cursor.takeSymbol('|')) break;
  }
  return sources.length > 0 ? sources : undefined;
}

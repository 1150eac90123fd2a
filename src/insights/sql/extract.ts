// What `parse` takes out of a text, as SQL: one value for each name.
import type { Extraction, PatternExtraction } from '../plan/extraction.ts';
import type { XmlPath } from '../plan/xml-path.ts';
import type { Parameters } from './parameters.ts';
import { named, type Share, type SqlValue } from './value.ts';

interface Tools {
  readonly parameters: Parameters;
  readonly share: Share;
}

/** A field of a line by RFC 4180, with the comma in front of it; in quotes, or up to the next comma. */
const CSV_FIELD = ',("(?:[^"]|"")*"|[^,]*)';

/** The regular expression as a parameter; in the engine a point matches line breaks unless told otherwise. */
export function boundPattern(extraction: PatternExtraction, parameters: Parameters): string {
  const { pattern, emptyIsAbsent } = extraction;
  return parameters.bind(emptyIsAbsent ? `(?-s)${pattern}` : pattern, 'String');
}

/** The values of the groups of one match, an Array(String) that is empty where nothing matched. */
export function groupValues(
  { names, emptyIsAbsent }: PatternExtraction,
  groups: string,
  parameters: Parameters,
): readonly SqlValue[] {
  return names.map(({ part }) => {
    const item = `${groups}[${parameters.bind(part, 'Int64')}]`;
    const sql = emptyIsAbsent ? `nullIf(${item}, '')` : `if(empty(${groups}), NULL, ${item})`;
    return { sql, type: 'text' };
  });
}

function csvValues(text: string, parts: readonly number[], tools: Tools): readonly SqlValue[] {
  const { parameters, share } = tools;
  const pattern = parameters.bind(CSV_FIELD, 'String');
  // With a comma in front of each field none of the matches is empty.
  const columns = share(`extractAll(concat(',', ifNull(${text}, '')), ${pattern})`);
  return parts.map((part) => {
    const index = parameters.bind(part, 'Int64');
    const inside = `replaceAll(substring(_column, 2, length(_column) - 2), '""', '"')`;
    const decoded = `if(startsWith(_column, '"'), ${inside}, _column)`;
    const column = named('_column', `${columns}[${index}]`, decoded);
    return {
      sql: `if(isNull(${text}) OR length(${columns}) < ${index}, NULL, ${column})`,
      type: 'text',
    };
  });
}

/** A map of the pairs as its JSON. */
function logfmtValue(text: string, { share }: Tools): SqlValue {
  const pairs = `extractKeyValuePairsWithEscaping(ifNull(${text}, ''), '=', ' ', '"')`;
  return {
    sql: share(named('_pairs', pairs, `if(empty(_pairs), NULL, toJSONString(_pairs))`)),
    type: 'json',
  };
}

/** An element's name as a regular expression; its other characters stand for themselves. */
function escaped(name: string): string {
  return name.replaceAll('.', '\\.');
}

/**
 * The first element of each name inside of the one before, as far as regular expressions can tell:
 * an element that holds another of its own name ends where that one ends.
 */
function xmlValue(
  text: string,
  { elements, attribute }: XmlPath,
  { parameters, share }: Tools,
): SqlValue {
  let inside = `ifNull(${text}, '')`;
  const last = elements.length - 1;
  for (const [index, element] of elements.entries()) {
    const name = escaped(element);
    const pattern =
      index === last && attribute !== undefined
        ? `(?s)<${name}\\s(?:[^>]*\\s)?${escaped(attribute)}\\s*=\\s*("[^"]*"|'[^']*')`
        : `(?s)<${name}(?:\\s[^>]*)?>(.*?)</${name}\\s*>`;
    inside = `extract(${inside}, ${parameters.bind(pattern, 'String')})`;
  }
  const cdata = parameters.bind('(?s)^\\s*<!\\[CDATA\\[(.*)\\]\\]>\\s*$', 'String');
  const content =
    attribute === undefined
      ? `decodeXMLComponent(trimBoth(replaceRegexpOne(_xml, ${cdata}, ${parameters.bind('\\1', 'String')})))`
      : `decodeXMLComponent(substring(_xml, 2, length(_xml) - 2))`;
  return { sql: share(named('_xml', inside, `if(_xml = '', NULL, ${content})`)), type: 'text' };
}

/**
 * The values of an extraction that makes no further rows, in the order of its names.
 *
 * @param text SQL of a Nullable(String)
 */
export function extractedValues(
  extraction: Extraction,
  text: string,
  tools: Tools,
): readonly SqlValue[] {
  switch (extraction.kind) {
    case 'pattern': {
      const bound = boundPattern(extraction, tools.parameters);
      // A pattern that matches nothing at all does not match what is missing.
      const found = `extractGroups(ifNull(${text}, ''), ${bound})`;
      const groups = tools.share(`if(isNull(${text}), CAST([] AS Array(String)), ${found})`);
      return groupValues(extraction, groups, tools.parameters);
    }
    case 'csv':
      return csvValues(
        tools.share(text),
        extraction.names.map(({ part }) => part),
        tools,
      );
    case 'logfmt':
      return [logfmtValue(text, tools)];
    case 'xml':
      return [xmlValue(text, extraction.path, tools)];
  }
}

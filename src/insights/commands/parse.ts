// `parse`: gives names to parts of a text, by a glob or a regular expression.
import type { Expression, Name, ParseCommand, StringLiteral } from '../ast.ts';
import { extractionOf } from '../plan/extraction.ts';
import { MalformedQuery } from '../error.ts';
import { parseExpression, parseRegex } from '../parse/expressions.ts';
import type { TokenCursor } from '../parse/token-cursor.ts';
import { printExpression, printName, printPattern } from '../print-expression.ts';
import type { CommandDefinition } from './command.ts';

/** Ways of parsing that Logs Insights has since 2026. */
const MODES = ['logfmt', 'csv', 'xml'];

/** What is parsed: a word that the pattern follows; `/` after it begins a regular expression. */
function parseSource(cursor: TokenCursor): Expression | undefined {
  const { token } = cursor;
  if (token.kind === 'string' || cursor.isSymbol('/')) return undefined;
  const next = token.kind === 'word' ? cursor.peek() : undefined;
  if (next?.kind === 'symbol' && next.text === '/') {
    cursor.take();
    return { kind: 'field', name: token.value, start: token.start, end: token.end };
  }
  return parseExpression(cursor);
}

function parsePattern(cursor: TokenCursor): ParseCommand['pattern'] {
  const { token } = cursor;
  if (cursor.isSymbol('/')) return parseRegex(cursor);
  if (token.kind === 'word' && MODES.includes(token.value.toLowerCase())) {
    throw new MalformedQuery(`parse … ${token.value} is not supported yet`, token);
  }
  if (token.kind !== 'string') throw cursor.mismatched(['STRING', 'REGEX']);
  const { value, start, end } = cursor.take();
  return { kind: 'string', value, start, end } satisfies StringLiteral;
}

function parseAliases(cursor: TokenCursor): Name[] {
  const aliases: Name[] = [];
  do {
    aliases.push(cursor.expectName());
  } while (cursor.takeSymbol(','));
  return aliases;
}

/** @see CloudWatch Logs user guide, "parse" */
export const PARSE: CommandDefinition<ParseCommand> = {
  kind: 'parse',
  keywords: ['parse'],
  about: 'Takes fields out of a text.',
  parse: (cursor, start) => {
    const source = parseSource(cursor);
    const pattern = parsePattern(cursor);
    if (pattern.kind === 'string') cursor.expectKeyword('as');
    const named = pattern.kind === 'string' || cursor.takeKeyword('as');
    const aliases = named ? parseAliases(cursor) : [];
    if (cursor.isKeyword('multi')) {
      throw new MalformedQuery('parse … multi is not supported yet', cursor.token);
    }
    const end = cursor.previousEnd;
    return { kind: 'parse', ...(source && { source }), pattern, aliases, start, end };
  },
  print: ({ source, pattern, aliases }) => {
    const from = source === undefined ? '' : `${printExpression(source)} `;
    const names = aliases.map(({ name }) => printName(name)).join(', ');
    return `parse ${from}${printPattern(pattern)}${names === '' ? '' : ` as ${names}`}`;
  },
  places: ({ source }) => (source ? [{ expression: source, aggregates: false }] : []),
  check: ({ pattern, aliases }) => void extractionOf(pattern, aliases),
  plan: ({ source, pattern, aliases, start, end }, planner) => {
    const text = source ?? { kind: 'field', name: '@message', start, end };
    planner.extract(text, extractionOf(pattern, aliases));
  },
};

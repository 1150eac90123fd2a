// `parse`: gives names to parts of a text, by a glob, a regular expression or the text's own format.
import type { Expression, Name, ParseCommand, StringLiteral, TextFormat } from '../ast.ts';
import { extractionOf } from '../plan/extraction.ts';
import type { Token } from '../lex.ts';
import { parseExpression, parseRegex } from '../parse/expressions.ts';
import type { TokenCursor } from '../parse/token-cursor.ts';
import { printExpression, printName, printPattern } from '../print-expression.ts';
import type { CommandDefinition } from './command.ts';

const FORMATS: ReadonlySet<string> = new Set(['logfmt', 'csv', 'xml']);

/** Whether the word ahead is a format: what follows it is not a pattern of its own. */
function isFormat(token: Token, next: Token): boolean {
  const word = token.value.toLowerCase();
  if (token.kind !== 'word' || token.quoted || !FORMATS.has(word)) return false;
  if (word === 'xml') return next.kind === 'string' && !next.value.includes('*');
  return next.kind === 'word' && next.text.toLowerCase() === 'as';
}

/** What is parsed: a word that the pattern follows; `/` after it begins a regular expression. */
function parseSource(cursor: TokenCursor): Expression | undefined {
  const { token } = cursor;
  if (token.kind === 'string' || cursor.isSymbol('/')) return undefined;
  const next = token.kind === 'word' ? cursor.peek() : undefined;
  if (next !== undefined && isFormat(token, next)) return undefined;
  if (next?.kind === 'symbol' && next.text === '/') {
    cursor.take();
    return { kind: 'field', name: token.value, start: token.start, end: token.end };
  }
  return parseExpression(cursor);
}

function parseText(cursor: TokenCursor, expected: readonly string[]): StringLiteral {
  if (cursor.token.kind !== 'string') throw cursor.mismatched(expected);
  const { value, start, end } = cursor.take();
  return { kind: 'string', value, start, end };
}

function parseFormat(cursor: TokenCursor): TextFormat {
  const { value, start, end } = cursor.take();
  const word = value.toLowerCase();
  if (word !== 'xml') return { kind: word === 'csv' ? 'csv' : 'logfmt', start, end };
  const path = parseText(cursor, ['STRING']);
  return { kind: 'xml', path, start, end: path.end };
}

function parsePattern(cursor: TokenCursor): ParseCommand['pattern'] {
  if (cursor.isSymbol('/')) return parseRegex(cursor);
  const { token } = cursor;
  if (token.kind === 'word' && !token.quoted && FORMATS.has(token.value.toLowerCase())) {
    return parseFormat(cursor);
  }
  return parseText(cursor, ['STRING', 'REGEX']);
}

function parseAliases(cursor: TokenCursor): Name[] {
  const aliases: Name[] = [];
  do {
    aliases.push(cursor.expectName());
  } while (cursor.takeSymbol(','));
  return aliases;
}

function printed(pattern: ParseCommand['pattern']): string {
  switch (pattern.kind) {
    case 'string':
    case 'regex':
      return printPattern(pattern);
    case 'xml':
      return `XML ${printPattern(pattern.path)}`;
    default:
      return pattern.kind;
  }
}

/** Real queries leave out `as` behind a glob, where nothing else than a name can stand. */
function isName({ token }: TokenCursor): boolean {
  return token.kind === 'word';
}

/** @see CloudWatch Logs user guide, "parse" */
export const PARSE: CommandDefinition<ParseCommand> = {
  kind: 'parse',
  keywords: ['parse'],
  about: 'Takes fields out of a text.',
  parse: (cursor, start) => {
    const source = parseSource(cursor);
    const pattern = parsePattern(cursor);
    const regex = pattern.kind === 'regex';
    const named = cursor.takeKeyword('as') || (pattern.kind === 'string' && isName(cursor));
    if (!regex && !named) throw cursor.mismatched(['K_AS']);
    const aliases = named ? parseAliases(cursor) : [];
    const multi = regex && cursor.takeKeyword('multi');
    const end = cursor.previousEnd;
    return {
      kind: 'parse',
      ...(source && { source }),
      pattern,
      aliases,
      ...(multi && { multi }),
      start,
      end,
    };
  },
  print: ({ source, pattern, aliases, multi }) => {
    const from = source === undefined ? '' : `${printExpression(source)} `;
    const names = aliases.map(({ name }) => printName(name)).join(', ');
    const as = names === '' ? '' : ` as ${names}`;
    return `parse ${from}${printed(pattern)}${as}${multi === true ? ' multi' : ''}`;
  },
  places: ({ source }) => (source ? [{ expression: source, aggregates: false }] : []),
  check: (node) => void extractionOf(node),
  plan: (node, planner) => {
    const { start, end } = node;
    const text = node.source ?? { kind: 'field', name: '@message', start, end };
    planner.extract(text, extractionOf(node));
  },
};

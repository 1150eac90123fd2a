// The pipeline: commands with pipes between them.
import { type Command, type Expression, frozen, operandsOf, type Query } from '../ast.ts';
import {
  COMMANDS,
  findCommand,
  definitionOf,
  UNDOCUMENTED_COMMANDS,
} from '../commands/registry.ts';
import { MalformedQuery } from '../error.ts';
import { NESTING_MAX, QUERY_CHARS_MAX } from '../limits.ts';
import { printSubqueriesWith } from '../print-expression.ts';
import { printSource } from '../print-source.ts';
import { parseSources } from './sources.ts';
import { TokenCursor } from './token-cursor.ts';

const KEYWORDS = COMMANDS.flatMap(({ keywords }) =>
  keywords.map((keyword) => `K_${keyword.toUpperCase()}`),
);

function parseCommand(cursor: TokenCursor, close: 'end' | ')'): Command {
  const { token } = cursor;
  if (token.kind !== 'word' || token.quoted) throw cursor.mismatched(KEYWORDS);
  const definition = findCommand(token.value);
  if (definition === undefined) {
    const instead = UNDOCUMENTED_COMMANDS.get(token.value.toLowerCase());
    if (instead !== undefined) {
      throw new MalformedQuery(
        `${token.value} is no command of the documented language: use ${instead}`,
        token,
      );
    }
    throw cursor.mismatched(KEYWORDS);
  }
  cursor.take();
  const command = definition.parse(cursor, token.start);
  cursor.skipSlashComment();
  // Inside of parentheses the next pipe may be beyond them.
  if (cursor.lenient && close === 'end' && !cursor.isSymbol('|')) cursor.skipToPipe();
  for (const { expression } of definition.places(command)) refuseDeep(expression);
  return command;
}

/** Chains such as `a + b + c` make deep trees without deep text. */
function refuseDeep(expression: Expression): void {
  let level: readonly Expression[] = [expression];
  for (let depth = 1; level.length > 0; depth++) {
    const [first] = level;
    if (depth > NESTING_MAX && first !== undefined) {
      throw new MalformedQuery(`nested deeper than ${NESTING_MAX} levels`, expression);
    }
    level = level.flatMap(operandsOf);
  }
}

/**
 * Parses a query's text; a lenient one may have anything between a command and the next pipe. Throws
 * MalformedQuery.
 *
 * @see CloudWatch Logs user guide, "Logs Insights QL syntax"
 */
export function parsePipeline(text: string, lenient = false): Query {
  if (text.length > QUERY_CHARS_MAX) {
    throw new MalformedQuery(
      `the query has ${text.length} characters: at most ${QUERY_CHARS_MAX} are allowed`,
      { start: QUERY_CHARS_MAX, end: text.length },
    );
  }
  const cursor = new TokenCursor(text, lenient, parseSubquery);
  const query = parseCommands(cursor, 'end');
  if (cursor.token.kind !== 'end') throw cursor.mismatched(["'|'", '<EOF>']);
  return frozen(query);
}

/** The query inside of parentheses, which are not its own. */
function parseSubquery(cursor: TokenCursor): Query {
  return parseCommands(cursor, ')');
}

function parseCommands(cursor: TokenCursor, close: 'end' | ')'): Query {
  const { start } = cursor.token;
  const sources = parseSources(cursor);
  const commands: Command[] = [];
  // With SOURCE alone every event is shown.
  const ended = close === 'end' ? cursor.token.kind === 'end' : cursor.isSymbol(close);
  if (sources === undefined || !ended) {
    do {
      commands.push(parseCommand(cursor, close));
    } while (cursor.takeSymbol('|'));
  }
  return { kind: 'query', ...(sources && { sources }), commands, start, end: cursor.previousEnd };
}

printSubqueriesWith(printPipeline);

/** Writes a query so that it parses to the same tree. */
export function printPipeline(query: Query): string {
  const commands = query.commands.map((command) => definitionOf(command).print(command));
  return [...(query.sources ?? []).map(printSource), ...commands].join('\n| ');
}

// A mistake in a query, shown where it is: the line with a caret under the characters.
import { ApiRefusal } from './api-client.ts';
import { CliError } from './cli-error.ts';
import { escapeForTerminal } from './escape.ts';
import { textWidth } from './text-width.ts';

/** Two lines: the line of the query that has the mistake, and carets under `start` to `end`. */
export function caretLines(query: string, start: number, end: number): string {
  const from = Math.min(Math.max(start, 0), query.length);
  const lineBegin = query.lastIndexOf('\n', from - 1) + 1;
  const nextEnd = query.indexOf('\n', from);
  const lineEnd = nextEnd === -1 ? query.length : nextEnd;
  const shown = (a: number, b: number): string =>
    escapeForTerminal(query.slice(a, b).replaceAll('\t', ' '));
  const to = Math.min(Math.max(end, from), lineEnd);
  const carets = '^'.repeat(Math.max(1, textWidth(shown(from, to))));
  const indent = ' '.repeat(textWidth(shown(lineBegin, from)));
  return `  ${shown(lineBegin, lineEnd)}\n  ${indent}${carets}`;
}

/**
 * The refusal with the place in the query, if it tells one; any other error as it is.
 *
 * @param before characters that were put in front of what the user wrote
 */
export function locateMistake(error: unknown, query: string, before = 0): unknown {
  if (!(error instanceof ApiRefusal)) return error;
  const { message } = error.body;
  if (error.body.start === undefined) return error;
  const start = Math.max(0, error.body.start - before);
  const end = error.body.end === undefined ? start + 1 : error.body.end - before;
  const line = query.slice(0, start).split('\n').length;
  const where = query.includes('\n') ? `line ${line} of the query` : 'the query';
  const carets = caretLines(query, start, end);
  return new CliError(error.exitCode, `${where}: ${message}\n${carets}`, { cause: error });
}

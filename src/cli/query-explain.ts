// `mailtrail query explain`: what becomes of a query, from its tree to the SQL with its parameters.
import { explainQuery } from '../insights/index.ts';
import { CliError } from './cli-error.ts';
import type { Call } from './command.ts';
import { escapeLines } from './escape.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { offlineScope } from './query-check.ts';
import { caretLines } from './query-mistake.ts';

/** Prints the query in its usual form, its tree, its plan, the SQL and what is bound to it. */
export async function run(call: Call): Promise<ExitCode> {
  const [query = ''] = call.arguments;
  const explained = explainQuery(query, offlineScope(call));
  if (!explained.ok) {
    const { message, start, end } = explained.error;
    throw new CliError(EXIT.usage, `the query: ${message}\n${caretLines(query, start, end)}`);
  }
  const { printed, ast, plan, query: bound, columns, limit } = explained;
  if (call.options.text('output') === 'json') {
    const whole = { query: printed, ast, plan, ...bound, columns, limit };
    await call.world.stdout.write(`${JSON.stringify(whole)}\n`);
    return EXIT.ok;
  }
  const parts: readonly (readonly [string, string])[] = [
    ['query', printed],
    ['tree', JSON.stringify(ast, withoutPlaces, 2)],
    ['plan', JSON.stringify(plan, withoutPlaces, 2)],
    ['sql', bound.sql],
    ['parameters', JSON.stringify(bound.parameters, undefined, 2)],
  ];
  const text = parts.map(([name, part]) => `--- ${name}\n${part}\n`).join('');
  await call.world.stdout.write(escapeLines(text));
  return EXIT.ok;
}

/** Where each node stands in the text is of no use to the eye. */
function withoutPlaces(key: string, value: unknown): unknown {
  return key === 'start' || key === 'end' ? undefined : value;
}

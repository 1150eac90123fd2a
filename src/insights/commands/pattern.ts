// `pattern`: which texts are alike but for their numbers, addresses, times and ids, and how many there are.
import type { PatternCommand } from '../ast.ts';
import { parseExpression } from '../parse/expressions.ts';
import { printExpression } from '../print-expression.ts';
import { PATTERN_COLUMNS, SAMPLE_COUNT } from '../sql/pattern.ts';
import type { CommandDefinition } from './command.ts';

/** @see CloudWatch Logs user guide, "pattern" */
export const PATTERN: CommandDefinition<PatternCommand> = {
  kind: 'pattern',
  keywords: ['pattern'],
  about: 'Counts texts that are alike but for what varies in them.',
  parse: (cursor, start) => {
    const source = parseExpression(cursor);
    return { kind: 'pattern', source, start, end: cursor.previousEnd };
  },
  print: ({ source }) => `pattern ${printExpression(source)}`,
  places: ({ source }) => [{ expression: source, aggregates: false }],
  plan: ({ source, start, end }, planner) => {
    const at = { start, end };
    planner.pattern(source, PATTERN_COLUMNS);
    const expression = { kind: 'field' as const, name: SAMPLE_COUNT, ...at };
    planner.sort([{ expression, direction: 'desc', ...at }]);
  },
};

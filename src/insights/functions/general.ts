// Functions of any value.
import { MalformedQuery } from '../error.ts';
import { CASE_BRANCHES_MAX } from '../limits.ts';
import { asNumber, asType, commonType, isIntegral, type SqlValue } from '../sql/value.ts';
import type { FunctionDefinition } from './function.ts';

/** The values as one type, and a value made of them. */
function unified(
  values: readonly SqlValue[],
  sql: (values: readonly string[]) => string,
): SqlValue {
  const type = commonType(values);
  const integral = type === 'number' && values.every(isIntegral);
  return { sql: sql(values.map((value) => asType(value, type))), type, integral };
}

/** @see CloudWatch Logs user guide, "General functions", "Conditional functions" */
export const GENERAL_FUNCTIONS: readonly FunctionDefinition[] = [
  {
    name: 'unmask',
    parameters: ['any'],
    about: 'The value as it is: nothing is masked here.',
    sql: (_, { values: [value = { sql: 'NULL', type: 'text' }] }) => value,
  },
  {
    name: 'ispresent',
    parameters: ['any'],
    result: 'boolean',
    about: '1 when the event has the field.',
    sql: ([value = '']) => `isNotNull(${value})`,
  },
  {
    name: 'coalesce',
    parameters: ['any'],
    repeats: 1,
    about: 'The first value that is there.',
    sql: (_, site) => unified(site.values, (values) => `coalesce(${values.join(', ')})`),
  },
  {
    name: 'isNumeric',
    parameters: ['any'],
    result: 'boolean',
    about: '1 when the value is a number.',
    sql: (_, { values: [value] }) => (value === undefined ? '0' : `isNotNull(${asNumber(value)})`),
  },
  {
    name: 'if',
    parameters: ['condition', 'any', 'any'],
    about: 'The second value when the condition holds, else the third.',
    sql: ([condition = ''], site) =>
      unified(site.values.slice(1), (values) => `if(${condition}, ${values.join(', ')})`),
  },
  {
    name: 'case',
    parameters: ['condition', 'any'],
    repeats: 2,
    maximum: 2 * CASE_BRANCHES_MAX + 1,
    about: 'The value after the first condition that holds, else the last value.',
    check: (call) => {
      if (call.args.length < 2)
        throw new MalformedQuery('case expects a condition and a value', call);
    },
    sql: (args, site) => {
      const pairs = Math.floor(args.length / 2);
      const conditions = args.filter((_, index) => index % 2 === 0).slice(0, pairs);
      const results = site.values.filter((_, index) => index % 2 === 1 || index === 2 * pairs);
      return unified(results, (values) => {
        const branches = conditions.map((condition, index) => `${condition}, ${values[index]}`);
        return `multiIf(${branches.join(', ')}, ${values[pairs] ?? 'NULL'})`;
      });
    },
  },
];

// Functions of numbers.
import type { FunctionDefinition } from './function.ts';

/** Text that is a number becomes one; a whole one where `whole` says so. */
function conversion(name: string, whole: boolean): FunctionDefinition {
  return {
    name,
    parameters: ['number'],
    result: whole ? 'integer' : 'number',
    about: `The value as a number${whole ? ' without its fraction' : ''}; missing where it is none.`,
    sql: ([number = '']) => (whole ? `trunc(${number})` : `toFloat64(${number})`),
  };
}

/** @see CloudWatch Logs user guide, "Numeric functions" */
export const NUMERIC_FUNCTIONS: readonly FunctionDefinition[] = [
  {
    name: 'abs',
    parameters: ['number'],
    result: 'number as given',
    about: 'The absolute value.',
    sql: ([number = '']) => `abs(${number})`,
  },
  {
    name: 'ceil',
    parameters: ['number'],
    result: 'integer',
    about: 'The smallest whole number that is not less.',
    sql: ([number = '']) => `ceil(${number})`,
  },
  {
    name: 'floor',
    parameters: ['number'],
    result: 'integer',
    about: 'The largest whole number that is not greater.',
    sql: ([number = '']) => `floor(${number})`,
  },
  {
    name: 'round',
    parameters: ['number', 'number'],
    optional: 1,
    about: 'Rounded to so many digits after the point, none when left out.',
    sql: ([number = '', digits], { parameters }) => {
      if (digits === undefined) {
        const whole = `if(${number} < 0, ceil(${number} - 0.5), floor(${number} + 0.5))`;
        return { sql: whole, type: 'number', integral: true };
      }
      const factor = `pow(${parameters.bind(10, 'Float64')}, trunc(${digits}))`;
      const scaled = `toFloat64(${number}) * ${factor}`;
      const sql = `if(${scaled} < 0, ceil(${scaled} - 0.5), floor(${scaled} + 0.5)) / ${factor}`;
      return { sql, type: 'number' };
    },
  },
  {
    name: 'greatest',
    parameters: ['number'],
    repeats: 1,
    result: 'number as given',
    about: 'The greatest of the numbers; missing ones do not count.',
    sql: (numbers) => `greatest(${numbers.map((number) => `toFloat64(${number})`).join(', ')})`,
  },
  {
    name: 'least',
    parameters: ['number'],
    repeats: 1,
    result: 'number as given',
    about: 'The least of the numbers; missing ones do not count.',
    sql: (numbers) => `least(${numbers.map((number) => `toFloat64(${number})`).join(', ')})`,
  },
  {
    name: 'log',
    parameters: ['number'],
    result: 'number',
    about: 'The natural logarithm.',
    sql: ([number = '']) => `log(${number})`,
  },
  {
    name: 'sqrt',
    parameters: ['number'],
    result: 'number',
    about: 'The square root.',
    sql: ([number = '']) => `sqrt(${number})`,
  },
  conversion('toNumber', false),
  conversion('toDouble', false),
  conversion('toInt', true),
  conversion('toLong', true),
];

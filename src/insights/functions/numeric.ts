// Functions of numbers.
import { asWhole, finite } from '../sql/value.ts';
import type { FunctionDefinition } from './function.ts';

/** The mean radius. @see IUGG, Geodetic Reference System 1980: 6371.0088 km */
const EARTH_RADIUS_KM = 6371;

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
    sql: ([number = '']) => finite(`log(${number})`),
  },
  {
    name: 'sqrt',
    parameters: ['number'],
    result: 'number',
    about: 'The square root.',
    sql: ([number = '']) => finite(`sqrt(${number})`),
  },
  {
    name: 'haversine',
    parameters: ['number', 'number', 'number', 'number'],
    result: 'number',
    about: 'The kilometers between two places, each by its latitude and longitude in degrees.',
    sql: (degrees, { share }) => {
      const [lat1 = '', lon1 = '', lat2 = '', lon2 = ''] = degrees.map((each) =>
        share(`radians(toFloat64(${each}))`),
      );
      const half = share(
        `pow(sin((${lat2} - ${lat1}) / 2), 2) + cos(${lat1}) * cos(${lat2}) * pow(sin((${lon2} - ${lon1}) / 2), 2)`,
      );
      return `2 * ${EARTH_RADIUS_KM} * asin(sqrt(if(${half} > 1, 1, ${half})))`;
    },
  },
  {
    name: 'hexToDec',
    parameters: ['text'],
    result: 'integer',
    about: 'The number that hexadecimal digits are, with or without 0x; missing when it is none.',
    sql: ([text = ''], { share }) => {
      const digits = share(`replaceRegexpOne(lower(${text}), '^0x', '')`);
      const value = `reinterpretAsUInt64(reverse(unhex(leftPad(ifNull(${digits}, ''), 16, '0'))))`;
      return `if(match(${digits}, '^[0-9a-f]{1,16}$'), ${value}, NULL)`;
    },
  },
  {
    name: 'decToHex',
    parameters: ['number'],
    result: 'text',
    about: 'The number without its fraction in hexadecimal digits, after 0x.',
    sql: ([number = ''], { share }) => {
      const whole = share(asWhole(number));
      const digits = `if(${whole} = 0, '0', trim(LEADING '0' FROM lower(hex(abs(${whole})))))`;
      return `concat(if(${whole} < 0, '-0x', '0x'), ${digits})`;
    },
  },
  conversion('toNumber', false),
  conversion('toDouble', false),
  conversion('toInt', true),
  conversion('toLong', true),
];

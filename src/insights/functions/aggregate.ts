// Aggregate functions. Missing values do not count, and of no values there is nothing to tell: in SQL
// that takes OrNull, because the engine makes 0 or an empty text of no rows.
import { MalformedQuery } from '../error.ts';
import { COLLECTED_VALUES_MAX } from '../limits.ts';
import { naturalKey } from '../sql/natural-order.ts';
import { checkPeriod, periodMs } from './datetime.ts';
import {
  asNumber,
  asTimestamp,
  isIntegral,
  madeOf,
  plainSql,
  type SqlValue,
} from '../sql/value.ts';
import type { CallSite, FunctionDefinition } from './function.ts';

/** The value, times as milliseconds: that is how Logs Insights shows them out of aggregates. */
function plain(value: SqlValue): SqlValue {
  if (value.type !== 'timestamp' && value.type !== 'boolean') return value;
  return { sql: asNumber(value), type: 'number', integral: true };
}

/** A list of the engine as a list of a query; an empty one is missing. */
function listed(array: string, site: CallSite): SqlValue {
  const list = site.share(array);
  return { sql: `if(empty(${list}), NULL, toJSONString(${list}))`, type: 'json', list };
}

function given(site: CallSite): SqlValue {
  return site.values[0] ?? { sql: 'NULL', type: 'text' };
}

/**
 * The least or greatest. Text counts by the numbers it holds; only where no value is a number by
 * its characters.
 */
function extreme(name: 'min' | 'max'): FunctionDefinition {
  return {
    name,
    parameters: ['any'],
    aggregate: true,
    about: name === 'min' ? 'The least value.' : 'The greatest value.',
    sql: (_, site) => {
      const value = plain(given(site));
      if (value.type === 'number') return madeOf(value, `${name}OrNull(${value.sql})`);
      const text = site.share(`toString(${plainSql(value)})`);
      const number = site.share(asNumber({ sql: text, type: 'text' }));
      const rank = name === 'min' ? `isNull(${number})` : `isNotNull(${number})`;
      const by = `tuple(${rank}, ifNull(${number}, 0), ifNull(${text}, ''))`;
      return {
        sql: `arg${name === 'min' ? 'Min' : 'Max'}OrNull(${text}, ${by})`,
        type: value.type,
      };
    },
  };
}

/** The value of the first or last event that has the field. */
function byTime(name: 'earliest' | 'latest'): FunctionDefinition {
  const choose = name === 'earliest' ? 'argMinOrNull' : 'argMaxOrNull';
  return {
    name,
    parameters: ['any'],
    aggregate: true,
    readsTimestamp: true,
    about: `The field's value in the ${name} event that has it.`,
    sql: (_, site) => {
      const value = plain(given(site));
      const when = `tuple(${site.order().join(', ')})`;
      return madeOf(value, `${choose}(${plainSql(value)}, ${when})`);
    },
  };
}

/** The first or last value in natural order. */
function bySort(name: 'sortsFirst' | 'sortsLast'): FunctionDefinition {
  const choose = name === 'sortsFirst' ? 'argMinOrNull' : 'argMaxOrNull';
  return {
    name,
    parameters: ['any'],
    aggregate: true,
    about: `The value that sorts ${name === 'sortsFirst' ? 'first' : 'last'}.`,
    sql: (_, site) => {
      const value = plain(given(site));
      // Of several that sort alike, such as 1 and 01, it is always the same.
      const keys = [...naturalKey(value, site.share), `ifNull(toString(${plainSql(value)}), '')`];
      return madeOf(value, `${choose}(${plainSql(value)}, tuple(${keys.join(', ')}))`);
    },
  };
}

function numeric(name: string, about: string, sql: (number: string) => string): FunctionDefinition {
  return {
    name,
    parameters: ['number'],
    aggregate: true,
    result: 'number',
    about,
    sql: ([number = '']) => sql(number),
  };
}

/** @see CloudWatch Logs user guide, "Stats": aggregation and non-aggregation functions */
export const AGGREGATE_FUNCTIONS: readonly FunctionDefinition[] = [
  {
    name: 'count',
    aliases: ['countOverTime', 'count_over_time'],
    parameters: ['row'],
    optional: 1,
    aggregate: true,
    result: 'integer',
    about: 'How many events there are, or how many have the field.',
    sql: (args, { args: [first] }) =>
      first === undefined || first.kind === 'star' ? 'count()' : `count(${args[0] ?? ''})`,
  },
  {
    name: 'countDistinct',
    aliases: ['count_distinct'],
    parameters: ['any'],
    aggregate: true,
    result: 'integer',
    about: 'How many different values the field has; estimated when there are very many.',
    sql: ([value = '']) => `ifNull(uniqCombined64(${value}), 0)`,
  },
  {
    name: 'sum',
    aliases: ['sumOverTime', 'sum_over_time'],
    parameters: ['number'],
    aggregate: true,
    result: 'number as given',
    about: 'The sum.',
    sql: ([number = '']) => `sumOrNull(toFloat64(${number}))`,
  },
  numeric('avg', 'The average.', (number) => `avgOrNull(${number})`),
  extreme('min'),
  extreme('max'),
  {
    name: 'pct',
    parameters: ['number', 'constant number'],
    aggregate: true,
    about: 'The value that so many percent of the values do not exceed.',
    check: ({ name, args: [, percent] }) => {
      if (percent?.kind === 'number' && percent.value >= 0 && percent.value <= 100) return;
      throw new MalformedQuery(
        `${name} expects a percentage from 0 to 100`,
        percent ?? { start: 0, end: 0 },
      );
    },
    // Exact, because a percentile of few values should be one of them.
    sql: ([number = ''], site) => {
      const percent = site.args[1]?.kind === 'number' ? site.args[1].value : 50;
      const level = site.parameters.bind(percent / 100, 'Float64');
      const sql = `quantileExactOrNull(${level})(${number})`;
      return { sql, type: 'number', integral: isIntegral(given(site)) };
    },
  },
  numeric(
    'stddev',
    'The standard deviation of the population.',
    (number) => `stddevPopStableOrNull(${number})`,
  ),
  numeric(
    'variance',
    'The variance of the population.',
    (number) => `varPopStableOrNull(${number})`,
  ),
  {
    name: 'values',
    aliases: ['COLLECT_VALUES'],
    parameters: ['any'],
    aggregate: true,
    about: 'The list of the different values, in the order of their characters.',
    sql: (_, site) => {
      const text = `toString(${plainSql(plain(given(site)))})`;
      const most = site.parameters.bind(COLLECTED_VALUES_MAX, 'UInt64');
      return listed(`arraySort(groupUniqArray(${most})(${text}))`, site);
    },
  },
  {
    name: 'topk',
    parameters: ['constant number', 'any'],
    aggregate: true,
    about: 'The list of the most frequent values, so many of them, the most frequent first.',
    check: ({ name, args: [count] }) => {
      const k = count?.kind === 'number' ? count.value : 0;
      if (Number.isInteger(k) && k >= 1 && k <= COLLECTED_VALUES_MAX) return;
      throw new MalformedQuery(
        `${name} expects a whole number from 1 to ${COLLECTED_VALUES_MAX}`,
        count ?? { start: 0, end: 0 },
      );
    },
    sql: (_, site) => {
      const [count] = site.args;
      const k = site.parameters.bind(count?.kind === 'number' ? count.value : 1, 'UInt64');
      const value = site.values[1] ?? given(site);
      return listed(`topK(${k})(toString(${plainSql(plain(value))}))`, site);
    },
  },
  {
    name: 'rate',
    parameters: ['number', 'period'],
    aggregate: true,
    readsTimestamp: true,
    result: 'number',
    about: 'How much the field changes in a period: from its first value to its last.',
    check: checkPeriod,
    sql: ([number = ''], site) => {
      const value = site.share(`toFloat64(${number})`);
      const time = site.share(asTimestamp(site.field('@timestamp'), site.share));
      const ms = site.share(`if(isNull(${value}), NULL, toUnixTimestamp64Milli(${time}))`);
      const when = `tuple(${site.order().join(', ')})`;
      const change = `argMaxOrNull(${value}, ${when}) - argMinOrNull(${value}, ${when})`;
      const length = site.parameters.bind(periodMs(site.args), 'Int64');
      return `(${change}) / nullIf((maxOrNull(${ms}) - minOrNull(${ms})) / ${length}, 0)`;
    },
  },
  byTime('earliest'),
  byTime('latest'),
  bySort('sortsFirst'),
  bySort('sortsLast'),
];

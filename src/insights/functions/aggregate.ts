// Aggregate functions. Missing values do not count.
import { MalformedQuery } from '../error.ts';
import { naturalKey } from '../sql/natural-order.ts';
import { asNumber, isIntegral, madeOf, plainSql, type SqlValue } from '../sql/value.ts';
import type { CallSite, FunctionDefinition } from './function.ts';

/** The value, times as milliseconds: that is how Logs Insights shows them out of aggregates. */
function plain(value: SqlValue): SqlValue {
  if (value.type !== 'timestamp' && value.type !== 'boolean') return value;
  return { sql: asNumber(value), type: 'number', integral: true };
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
      if (value.type === 'number') return madeOf(value, `${name}(${value.sql})`);
      const text = site.share(`toString(${plainSql(value)})`);
      const number = site.share(asNumber({ sql: text, type: 'text' }));
      const rank = name === 'min' ? `isNull(${number})` : `isNotNull(${number})`;
      const by = `tuple(${rank}, ifNull(${number}, 0), ifNull(${text}, ''))`;
      return { sql: `arg${name === 'min' ? 'Min' : 'Max'}(${text}, ${by})`, type: value.type };
    },
  };
}

/** The value of the first or last event that has the field. */
function byTime(name: 'earliest' | 'latest'): FunctionDefinition {
  const choose = name === 'earliest' ? 'argMin' : 'argMax';
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
  const choose = name === 'sortsFirst' ? 'argMin' : 'argMax';
  return {
    name,
    parameters: ['any'],
    aggregate: true,
    about: `The value that sorts ${name === 'sortsFirst' ? 'first' : 'last'}.`,
    sql: (_, site) => {
      const value = plain(given(site));
      const keys = naturalKey(value, site.share);
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
    sql: ([value = '']) => `uniqCombined64(${value})`,
  },
  {
    name: 'sum',
    parameters: ['number'],
    aggregate: true,
    result: 'number as given',
    about: 'The sum.',
    sql: ([number = '']) => `sum(toFloat64(${number}))`,
  },
  numeric('avg', 'The average.', (number) => `avg(${number})`),
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
      const sql = `quantileExact(${level})(${number})`;
      return { sql, type: 'number', integral: isIntegral(given(site)) };
    },
  },
  numeric(
    'stddev',
    'The standard deviation of the population.',
    (number) => `stddevPop(${number})`,
  ),
  numeric('variance', 'The variance of the population.', (number) => `varPop(${number})`),
  byTime('earliest'),
  byTime('latest'),
  bySort('sortsFirst'),
  bySort('sortsLast'),
];

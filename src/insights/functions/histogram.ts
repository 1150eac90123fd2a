// Both forms of `histogram`: the bucket of a row, and how many values are in each bucket of a group.
import { MalformedQuery } from '../error.ts';
import type { FunctionDefinition } from './function.ts';
import { HISTOGRAM_BUCKETS_MAX } from '../limits.ts';
import { named } from '../sql/value.ts';

/** The name of the aggregate, which no query can write: it says `histogram` where values are aggregated. */
export const HISTOGRAM_COUNTS = 'histogram among values';

/** `_all` are the values, `_low` the least of them, `_width` that of a bucket, `_buckets` how many there are. */
const BUCKET_OF = 'least(toInt64(floor((_v - _low) / _width)), _buckets - 1)';
const FROM = 'toString(_low + _i * _width)';
const TO = 'toString(_low + (_i + 1) * _width)';
const LABEL = `concat('[', ${FROM}, ', ', ${TO}, if(_i = _buckets - 1, ']', ')'))`;
const BUCKETS_OF_ALL = `arrayMap(_v -> ${BUCKET_OF}, _all)`;
/** Bucket by bucket it would take all values as often as there are buckets, in memory. */
const TALLY = "arrayReduce('sumMap', arrayMap(_i -> [_i], _of), arrayMap(_i -> [1], _of))";
const COUNT = 'if(has(_tally.1, _i), _tally.2[indexOf(_tally.1, _i)], 0)';
const LABELLED = `arrayMap(_i -> (${LABEL}, ${COUNT}), range(_buckets))`;
const COUNTS = named('_of', BUCKETS_OF_ALL, named('_tally', TALLY, LABELLED));
const ALL_EQUAL = `[(concat('[', toString(_low), ', ', toString(_low), ']'), length(_all))]`;

/** @see CloudWatch Logs user guide, "Time-series functions" */
export const HISTOGRAM_FUNCTIONS: readonly FunctionDefinition[] = [
  {
    name: 'histogram',
    parameters: ['number', 'number'],
    result: 'number as given',
    about:
      'After by the beginning of the bucket of that width that the number is in; among values how many are in each of so many buckets.',
    sql: ([number = '', width = '']) =>
      `floor(toFloat64(${number}) / nullIf(${width}, 0)) * toFloat64(${width})`,
  },
  {
    name: HISTOGRAM_COUNTS,
    hidden: true,
    parameters: ['number', 'number'],
    aggregate: true,
    about: 'How many values are in each of so many buckets of equal width.',
    check: (call) => {
      const [, count] = call.args;
      const wanted = count?.kind === 'number' ? count.value : 0;
      if (Number.isInteger(wanted) && wanted >= 1 && wanted <= HISTOGRAM_BUCKETS_MAX) return;
      throw new MalformedQuery(
        `among values histogram expects a number of buckets from 1 to ${HISTOGRAM_BUCKETS_MAX}`,
        count ?? call,
      );
    },
    sql: ([number = ''], site) => {
      const [, count] = site.args;
      const buckets = count?.kind === 'number' ? count.value : 1;
      const all = site.share(`groupArray(toFloat64(${number}))`);
      const pairs = `if(_width = 0, ${ALL_EQUAL}, ${COUNTS})`;
      const json = `toJSONString(CAST(${pairs}, 'Map(String, UInt64)'))`;
      const k = site.parameters.bind(buckets, 'Int64');
      const width = named('_width', '(arrayMax(_all) - _low) / _buckets', json);
      const low = named('_low', 'arrayMin(_all)', width);
      const sized = named('_buckets', k, low);
      return { sql: `if(empty(${all}), NULL, ${named('_all', all, sized)})`, type: 'json' };
    },
  },
];

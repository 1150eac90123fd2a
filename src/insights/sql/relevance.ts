// The rows of `relevantfields`: the fields, each with how differently its values are spread where the condition holds
// and where it does not.
import { type Expression, operandsOf } from '../ast.ts';
import type { Stage } from '../plan/plan.ts';
import { EVENT_COLUMNS } from '../../store/event-table.ts';
import { logTypeSpec } from '../../event/log-type.ts';
import { LOG_EVENT_COLUMNS } from '../../store/log-event-columns.ts';
import { auditGroups, putGroups, type QueryScope } from '../scope.ts';
import { columnSql } from './columns.ts';
import { membersOf } from './json-path.ts';
import type { Selects } from './selects.ts';
import { asShownText, asNumber, plainSql, type SqlValue } from './value.ts';

/** @see CloudWatch Logs user guide, "relevantfields" */
export const RELEVANCE_COLUMNS = [
  '@fieldName',
  '@relevanceScore',
  '@topRelevanceContributors',
  '@conditionalMedian',
  '@baselineMedian',
] as const;

/** Values shown as those whose frequency shifts most. */
const CONTRIBUTORS_SHOWN = 3;

/** Names of columns between the SELECTs, which no query can say. */
const NAME = '_name';
const NUMERIC = '_numeric';
const HELD = '_held';
const OTHER = '_other';
const CURVE = '_curve';
const OFTEN = '_often';
const MEDIAN_HELD = '_median_held';
const MEDIAN_OTHER = '_median_other';

function text(sql = ''): SqlValue {
  return { sql, type: 'text' };
}

function counts(sql: string): SqlValue {
  return { sql, type: 'number' };
}

function namesIn(expression: Expression): string[] {
  const inside = operandsOf(expression).flatMap(namesIn);
  return expression.kind === 'field' ? [expression.name, ...inside] : inside;
}

function pair(name: string, value: SqlValue): string {
  const text = value.type === 'text' ? plainSql(value) : asShownText(value);
  return `tuple(${name}, ${text})`;
}

/** The fields of a row as a list of names and texts, behind a pair without a name that counts the row. */
function pairsOf(
  { fields, condition }: Stage & { kind: 'relevance' },
  scope: QueryScope,
  selects: Selects,
): string {
  const { parameters } = selects.environment;
  const bind = (text: string): string => parameters.bind(text, 'String');
  const row = `tuple('', CAST('' AS Nullable(String)))`;
  const listed = (pairs: readonly string[]): string =>
    `arrayFilter(_p -> isNotNull(_p.2), [${[row, ...pairs].join(', ')}])`;
  if (fields.length > 0) {
    return listed(
      fields.map(({ name, expression }) => pair(bind(name), selects.rows.value(expression))),
    );
  }
  const read = namesIn(condition);
  if (putGroups(scope.groups).length > 0) {
    const members = membersOf(columnSql(LOG_EVENT_COLUMNS.message));
    const without = `[${['', ...read].map(bind).join(', ')}]`;
    const others = `arrayFilter(_p -> isNotNull(_p.2) AND NOT has(${without}, _p.1), ${members})`;
    return `arrayConcat([${row}], ${others})`;
  }
  const types = auditGroups(scope.groups).map(({ logType }) => logTypeSpec(logType));
  const paths = new Set(types.flatMap((type) => type.fields.map(({ path }) => path)));
  const wanted = [...paths].filter((path) => EVENT_COLUMNS.has(path) && !read.includes(path));
  const pairs = wanted.flatMap((path) => {
    const value = selects.rows.value({ kind: 'field', name: path, start: 0, end: 0 });
    return value.type === 'json' ? [] : [pair(bind(path), value)];
  });
  return listed(pairs);
}

/** Each field and value with how often it is where the condition holds, and where not. */
function countValues(
  stage: Stage & { kind: 'relevance' },
  scope: QueryScope,
  selects: Selects,
): void {
  const { block } = selects;
  const holds = block.share(`toUInt8(ifNull(${selects.rows.condition(stage.condition)}, 0))`);
  const pairs = block.share(pairsOf(stage, scope, selects));
  let outside = '';
  const item = selects.multiply(pairs, false, (inner) => {
    outside = inner.exported(holds);
  });
  const [name, value] = [`${item}.1`, `${item}.2`].map((sql) => selects.block.share(sql));
  selects.block.groupBy(
    [name ?? '', value ?? ''],
    new Map<string, SqlValue>([
      [NAME, text(name)],
      ['_value', text(value)],
      [HELD, { sql: `sum(${outside})`, type: 'number' }],
      [OTHER, { sql: `count() - sum(${outside})`, type: 'number' }],
    ]),
  );
  selects.orderBy([]);
  selects.wrap();
}

/** Each field with the counts of its values. */
function gatherFields(selects: Selects): void {
  const { block } = selects;
  const sqlOf = (name: string): string => block.defined(name)?.sql ?? '';
  const [name, value, held, other] = [NAME, '_value', HELD, OTHER].map(sqlOf);
  const number = block.share(asNumber({ sql: value ?? '', type: 'text' }));
  const at = `ifNull(${number}, 0)`;
  const median = (count = ''): string =>
    `if(sum(${count}) = 0, NULL, quantileExactWeighted(0.5)(${at}, toUInt64(${count})))`;
  block.groupBy(
    [name ?? ''],
    new Map<string, SqlValue>([
      [NAME, { sql: name ?? '', type: 'text' }],
      [NUMERIC, counts(`min(isNotNull(${number}))`)],
      [HELD, counts(`sum(${held})`)],
      [OTHER, counts(`sum(${other})`)],
      [CURVE, counts(`arraySort(groupArray(tuple(${at}, ${held}, ${other})))`)],
      // What is there once only, such as an identifier, is in one of the two by chance.
      [
        OFTEN,
        counts(
          `groupArrayIf(tuple(ifNull(${value}, ''), ${held}, ${other}), ${held} + ${other} > 1)`,
        ),
      ],
      [MEDIAN_HELD, counts(median(held))],
      [MEDIAN_OTHER, counts(median(other))],
    ]),
  );
  selects.wrap();
}

/**
 * The score of numbers is the greatest distance of the two cumulative frequencies, of other values half
 * the sum of all distances.
 */
function scoreFields(selects: Selects): void {
  const { block } = selects;
  const sqlOf = (name: string): string => block.defined(name)?.sql ?? '';
  const [name, numeric, held, other] = [NAME, NUMERIC, HELD, OTHER].map(sqlOf);
  const allHeld = block.share(`greatest(sumIf(${held}, ${name} = '') OVER (), 1)`);
  const allOther = block.share(`greatest(sumIf(${other}, ${name} = '') OVER (), 1)`);
  const presence = block.share(`abs(${held} / ${allHeld} - ${other} / ${allOther})`);
  const curve = sqlOf(CURVE);
  const steps = `arrayMap((_h, _o) -> abs(_h / greatest(${held}, 1) - _o / greatest(${other}, 1)), arrayCumSum(${curve}.2), arrayCumSum(${curve}.3))`;
  const apart = `if(${held} = 0 OR ${other} = 0, 0, arrayMax(${steps}))`;
  const often = sqlOf(OFTEN);
  const shift = `abs(_v.2 / ${allHeld} - _v.3 / ${allOther})`;
  const spread = `(arraySum(_v -> ${shift}, ${often}) + ${presence}) / 2`;
  const score = block.share(
    `round(if(${numeric} = 1, greatest(${apart}, ${presence}), ${spread}), 4)`,
  );
  const top = `arraySlice(arraySort(_v -> tuple(-${shift}, _v.1), ${often}), 1, ${CONTRIBUTORS_SHOWN})`;
  const members = [
    `'{"value":', toJSONString(_v.1)`,
    `',"conditional":', toString(round(_v.2 / ${allHeld}, 4))`,
    `',"baseline":', toString(round(_v.3 / ${allOther}, 4)), '}'`,
  ];
  const shown = `concat(${members.join(', ')})`;
  const list = `concat('[', arrayStringConcat(arrayMap(_v -> ${shown}, ${top}), ','), ']')`;
  const median = (column: string): SqlValue => ({
    sql: block.share(`if(${numeric} = 1, ${sqlOf(column)}, NULL)`),
    type: 'number',
  });
  const [fieldName, relevance, contributors, conditional, baseline] = RELEVANCE_COLUMNS;
  block.define(fieldName, { sql: name ?? '', type: 'text' });
  block.define(relevance, { sql: score, type: 'number' });
  block.define(contributors, { sql: `if(${numeric} = 1, NULL, ${list})`, type: 'json' });
  block.define(conditional, median(MEDIAN_HELD));
  block.define(baseline, median(MEDIAN_OTHER));
  selects.wrap();
  const outer = selects.block;
  outer.where(`${outer.defined(fieldName)?.sql} != ''`);
  selects.orderBy([
    { sql: outer.defined(relevance)?.sql ?? '', descending: true },
    { sql: outer.defined(fieldName)?.sql ?? '', descending: false },
  ]);
}

/** Makes rows of the fields, the most relevant first. */
export function rankFields(
  stage: Stage & { kind: 'relevance' },
  scope: QueryScope,
  selects: Selects,
): void {
  countValues(stage, scope, selects);
  gatherFields(selects);
  scoreFields(selects);
}

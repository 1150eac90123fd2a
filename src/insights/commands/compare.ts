// `diff` and `anomaly`: what has changed in the patterns since earlier times.
import type { AnomalyCommand, DiffCommand, Expression, Name } from '../ast.ts';
import { MalformedQuery, type Span } from '../error.ts';
import { parseExpression } from '../parse/expressions.ts';
import { TokenCursor } from '../parse/token-cursor.ts';
import type { Planner } from '../plan/planner.ts';
import { EARLIER_COUNT, EARLIER_TOTAL, SAMPLE_COUNT } from '../sql/pattern.ts';
import type { CommandDefinition } from './command.ts';

/** The columns of `diff`; AWS describes them and does not say their names. */
const DIFFERENCE = '@differenceEventCount';
const DESCRIPTION = '@differenceDescription';

/** The columns of `anomaly`, named by us likewise. */
const IS_ANOMALY = '@isAnomaly';
const ANOMALY_TYPE = '@anomalyType';

/** A count is unusual that lies further off than this many standard deviations of a Poisson process. */
const DEVIATIONS = 3;

const AGAINST: ReadonlyMap<string, DiffCommand['against']> = new Map(
  (['previousDay', 'previousWeek', 'previousMonth'] as const).map((word) => [
    word.toLowerCase(),
    word,
  ]),
);

/** An expression in the language itself, as if it stood where the command stands. */
function written(text: string, at: Span): Expression {
  const cursor = new TokenCursor(text, false, (inner) => {
    throw inner.mismatched(['EXPRESSION']);
  });
  return moved(parseExpression(cursor), at);
}

/** The tree with another place, so that errors point into the query's own text. */
function moved<Tree>(tree: Tree, { start, end }: Span): Tree {
  return JSON.parse(JSON.stringify(tree), (key, value: unknown) => {
    if (key === 'start') return start;
    return key === 'end' ? end : value;
  }) as Tree;
}

function named(name: string, { start, end }: Span): Name {
  return { name, start, end };
}

function extend(planner: Planner, name: string, text: string, at: Span): void {
  planner.extend(named(name, at), written(text, at));
}

/** How much a pattern became more or less frequent, in words. */
const DESCRIBED = [
  'case(',
  `\`${EARLIER_COUNT}\` = 0, "New pattern", ${SAMPLE_COUNT} = 0, "No longer found",`,
  `${DIFFERENCE} > 0, concat("Increased by ", round(100 * ${DIFFERENCE} / \`${EARLIER_COUNT}\`), "%"),`,
  `${DIFFERENCE} < 0, concat("Decreased by ", round(-100 * ${DIFFERENCE} / \`${EARLIER_COUNT}\`), "%"),`,
  '"Unchanged")',
].join(' ');

/** @see CloudWatch Logs user guide, "diff" */
export const DIFF: CommandDefinition<DiffCommand> = {
  kind: 'diff',
  keywords: ['diff'],
  about: 'Compares how often each pattern comes with earlier times.',
  parse: (cursor, start) => {
    const { token } = cursor;
    if (token.kind !== 'word') {
      return { kind: 'diff', against: 'previous', start, end: cursor.previousEnd };
    }
    const against = AGAINST.get(token.value.toLowerCase());
    if (against === undefined) {
      throw new MalformedQuery(
        `diff compares with previousDay, previousWeek or previousMonth, not ${token.value}`,
        token,
      );
    }
    cursor.take();
    return { kind: 'diff', against, start, end: cursor.previousEnd };
  },
  print: ({ against }) => (against === 'previous' ? 'diff' : `diff ${against}`),
  places: () => [],
  plan: (node, planner) => {
    const at = { start: node.start, end: node.end };
    extend(planner, DIFFERENCE, `${SAMPLE_COUNT} - \`${EARLIER_COUNT}\``, at);
    extend(planner, DESCRIPTION, DESCRIBED, at);
    const keys = [`abs(${DIFFERENCE})`, SAMPLE_COUNT].map((text) => {
      return { expression: written(text, at), direction: 'desc' as const, ...at };
    });
    planner.sort(keys, at);
  },
};

/**
 * Two of AWS's five kinds: patterns that were not there before, and unusual numbers of one. Where
 * there was nothing at all before, nothing is unusual.
 *
 * @see CloudWatch Logs user guide, "anomaly"
 */
export const ANOMALY: CommandDefinition<AnomalyCommand> = {
  kind: 'anomaly',
  keywords: ['anomaly'],
  about: 'Tells which patterns are new or unusually frequent or rare.',
  parse: (cursor, start) => ({ kind: 'anomaly', start, end: cursor.previousEnd }),
  print: () => 'anomaly',
  places: () => [],
  plan: (node, planner) => {
    const at = { start: node.start, end: node.end };
    const off = `abs(${SAMPLE_COUNT} - \`${EARLIER_COUNT}\`)`;
    const type = [
      `case(\`${EARLIER_TOTAL}\` > 0 and \`${EARLIER_COUNT}\` = 0, "New pattern",`,
      `${off} > ${DEVIATIONS} * sqrt(\`${EARLIER_COUNT}\`) and ${off} > ${DEVIATIONS}`,
      `and \`${EARLIER_TOTAL}\` > 0, "Pattern frequency")`,
    ].join(' ');
    // What is not there any more is none of the patterns found.
    planner.filter(written(`${SAMPLE_COUNT} > 0`, at));
    extend(planner, ANOMALY_TYPE, type, at);
    extend(planner, IS_ANOMALY, `ispresent(${ANOMALY_TYPE})`, at);
  },
};

// `sessionize`: which rows belong together, by who they are of and how soon they follow each other.
import type { Name, SessionizeCommand } from '../ast.ts';
import { MalformedQuery } from '../error.ts';
import { longestMs } from '../functions/datetime.ts';
import { OFFSET_MAX_MS, SESSION_KEYS_MAX } from '../limits.ts';
import { parsePeriod } from '../parse/periods.ts';
import { printAlias, printName, printPeriod } from '../print-expression.ts';
import type { CommandDefinition } from './command.ts';

/** @see CloudWatch Logs user guide, "sessionize" */
const GAP_DEFAULT_MS = 30 * 60_000;
const NAME_DEFAULT = 'session_id';

/** @see CloudWatch Logs user guide, "sessionize" */
export const SESSIONIZE: CommandDefinition<SessionizeCommand> = {
  kind: 'sessionize',
  keywords: ['sessionize'],
  about: 'Gives rows of one identity that soon follow each other the same session.',
  parse: (cursor, start) => {
    const fields: Name[] = [];
    do {
      fields.push(cursor.expectName());
    } while (cursor.takeSymbol(','));
    const spans = cursor.takeKeyword('maxspan');
    const maxspan = spans ? parsePeriod(cursor) : undefined;
    if (spans && maxspan === undefined) throw cursor.mismatched(['PERIOD']);
    const alias = cursor.takeKeyword('as') ? cursor.expectName() : undefined;
    return {
      kind: 'sessionize',
      fields,
      ...(maxspan && { maxspan }),
      ...(alias && { alias }),
      start,
      end: cursor.previousEnd,
    };
  },
  print: ({ fields, maxspan, alias }) => {
    const names = fields.map(({ name }) => printName(name)).join(', ');
    const gap = maxspan === undefined ? '' : ` maxspan ${printPeriod(maxspan)}`;
    return `sessionize ${names}${gap}${alias ? printAlias(alias) : ''}`;
  },
  places: ({ fields }) =>
    fields.map((field) => ({ expression: { ...field, kind: 'field' }, aggregates: false })),
  check: ({ fields, maxspan }) => {
    const tooMany = fields[SESSION_KEYS_MAX];
    if (tooMany !== undefined) {
      throw new MalformedQuery(`sessionize expects at most ${SESSION_KEYS_MAX} fields`, tooMany);
    }
    if (maxspan === undefined) return;
    const ms = longestMs(maxspan);
    if (ms > 0 && ms <= OFFSET_MAX_MS) return;
    throw new MalformedQuery(
      'maxspan expects a time of more than nothing and at most 10 years',
      maxspan,
    );
  },
  plan: ({ fields, maxspan, alias, start, end }, planner) => {
    const name = alias ?? { name: NAME_DEFAULT, start, end };
    planner.across(
      (visible) => ({
        kind: 'sessions',
        keys: fields.map((field) => visible(field)),
        time: visible({ name: '@timestamp', start, end }),
        gapMs: maxspan === undefined ? GAP_DEFAULT_MS : longestMs(maxspan),
        name: name.name,
      }),
      name,
    );
  },
};

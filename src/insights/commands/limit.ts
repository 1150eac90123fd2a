// `limit`: how many rows at most.
import type { LimitCommand } from '../ast.ts';
import { MalformedQuery } from '../error.ts';
import { LIMIT_MAX } from '../limits.ts';
import type { CommandDefinition } from './command.ts';

/** @see CloudWatch Logs user guide, "limit"; `head` is its older name */
export const LIMIT: CommandDefinition<LimitCommand> = {
  kind: 'limit',
  keywords: ['limit', 'head'],
  about: 'Shows so many rows at most.',
  parse: (cursor, start) => {
    const any = cursor.takeKeyword('any');
    const { token } = cursor;
    if (token.kind !== 'number') throw cursor.mismatched(['NUMBER']);
    cursor.take();
    const count = Number(token.value);
    if (!Number.isInteger(count) || count < 1 || count > LIMIT_MAX) {
      throw new MalformedQuery(
        `the limit must be a whole number from 1 to ${LIMIT_MAX}, not ${token.value}`,
        token,
      );
    }
    return { kind: 'limit', count, any, start, end: cursor.previousEnd };
  },
  print: ({ count, any }) => `limit ${any ? 'any ' : ''}${count}`,
  places: () => [],
  plan: ({ count, any, start, end }, planner) => planner.limit(count, any, { start, end }),
};

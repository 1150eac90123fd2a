// Nothing of a query or its scope gets into the SQL's text: what is hostile stays a value.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HOSTILE_TEXTS, query } from '../../test/conformance/generated-queries.ts';
import { LOG_TYPES } from '../event/log-type.ts';
import { EVENT_COLUMNS, SYSTEM_COLUMNS } from '../store/event-table.ts';
import { compileQuery, type QueryScope } from './index.ts';
import { printPipeline } from './parse/commands.ts';
import { columnSql } from './sql/columns.ts';
import { constantText } from './sql/parameters.ts';

const SCOPE: QueryScope = {
  groups: LOG_TYPES.map((logType) => ({ name: `/mailtrail/acme/${logType}`, logType })),
  account: '000000000000',
  startMs: 0,
  endMs: 2e12,
  nowMs: 2e12,
};

const COLUMNS: ReadonlySet<string> = new Set([
  ...Object.values(SYSTEM_COLUMNS),
  ...[...EVENT_COLUMNS.values()].map(({ column }) => column),
]);

/** The names in backticks. */
function columnsOf(sql: string): string[] {
  return [...sql.matchAll(/`([^`]*)`/g)].map((match) => match[1] ?? '');
}

/** A text that is nowhere in SQL by itself, with what somebody might try to break out with. */
const marked = fc
  .tuple(fc.constantFrom(...HOSTILE_TEXTS), fc.constantFrom(...HOSTILE_TEXTS))
  .map(([before, after]) => `${before}Zq7x${after}`.replaceAll('`', ''));

const quoted = (text: string): string =>
  `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;

const PLACES: Readonly<Record<string, (text: string) => string>> = {
  'a field': (text) => `fields \`${text}\`, event.\`${text}\`, @\`${text}\``,
  'an alias': (text) => `fields user as \`${text}\` | filter \`${text}\` = 1 | sort \`${text}\``,
  'a string': (text) => `filter user = ${quoted(text)} or user like ${quoted(text)}`,
  'a list': (text) => `filter user in [${quoted(text)}, 1] or source_port in [${quoted(text)}]`,
  'an argument': (text) => `fields replace(user, ${quoted(text)}, ${quoted(text)})`,
  'a set of characters': (text) => `fields trim(user, ${quoted(text)})`,
  'a glob': (text) => `parse user ${quoted(`${text.replaceAll('*', '')}*`)} as \`${text}\``,
  'a group name': (text) => `parse user /(?<${text.replace(/[>/\\[\]]/g, '')}>.)/`,
  'a regular expression': (text) => `filter user like /${text.replace(/\W/g, '\\$&')}/`,
  'a key': (text) =>
    `stats count(*) as \`${text}\` by \`${text}\` as \`x${text}\` | sort \`${text}\``,
  'names of a lookup': (text) =>
    `lookup \`${text}\` \`${text}\` as \`f${text}\` OUTPUT \`o${text}\` as \`a${text}\` | filter \`a${text}\` = 1`,
  'names of a cidrlookup': (text) =>
    `cidrlookup \`${text}\` \`${text}\` as \`c${text}\` OUTPUTNEW \`o${text}\` | sort \`o${text}\``,
  'names beside each other': (text) =>
    `stats count(*) as \`${text}\` by user | appendcols override=true (fields user as \`${text}\`, source_ip as \`x${text}\`) | sort \`${text}\`, \`x${text}\``,
  'names of a join': (text) =>
    `join left=\`${text}\` right=\`r${text}\` where \`${text}.user\`=\`r${text}.${text}\` (SOURCE ${quoted(text)}) | fields \`${text}.user\`, \`r${text}.${text}\` as \`z${text}\``,
  'names of sessions': (text) =>
    `sessionize \`${text}\`, user maxspan 1h as \`s${text}\` | filter \`s${text}\` = 1`,
  'names of outliers': (text) =>
    `outlier action=remove mark=true \`${text}\` | outlier \`x${text}\` | sort \`x${text}\``,
  'a filter of what is compared': (text) =>
    `filter user = ${quoted(text)} or \`${text}\` = 1 | logcompare timeshift 7d`,
  'a map key': (text) => `fields jsonParse(user).\`${text}\``,
};

describe('a hostile text is nowhere in the SQL as', () => {
  test.each(Object.entries(PLACES))('%s', (_, place) => {
    let compiled = 0;
    fc.assert(
      fc.property(marked, (text) => {
        const result = compileQuery(place(text), SCOPE);
        if (!result.ok) return;
        compiled++;
        expect(result.query.sql).not.toContain('Zq7x');
        const { sql } = result.query;
        expect(columnsOf(sql).filter((column) => !COLUMNS.has(column))).toEqual([]);
      }),
      { numRuns: 100 },
    );
    expect(compiled).toBeGreaterThan(5);
  });

  test('a log group or an account', () => {
    fc.assert(
      fc.property(marked, (text) => {
        const groups = SCOPE.groups.map((group) => ({ ...group, name: text }));
        const result = compileQuery('fields @log, @aws.account, @message', {
          ...SCOPE,
          groups,
          account: text,
        });
        expect(result.ok && result.query.sql).not.toContain('Zq7x');
        expect(result.ok && Object.values(result.query.parameters).join()).toContain('Zq7x');
      }),
      { numRuns: 100 },
    );
  });
});

test('SQL is made of columns, our own words and placeholders only', () => {
  fc.assert(
    fc.property(query, (tree) => {
      const result = compileQuery(printPipeline(tree), SCOPE);
      if (!result.ok) return;
      const { sql } = result.query;
      expect(columnsOf(sql).filter((column) => !COLUMNS.has(column))).toEqual([]);
      // Nothing that ends a statement, begins a comment or escapes is ever ours.
      for (const mark of [';', '--', '/*', '\\', '\0', '"" ', 'DROP', 'UNION']) {
        expect(sql).not.toContain(mark);
      }
    }),
    { numRuns: 500 },
  );
});

test('the two ways into SQL text refuse what is not ours', () => {
  expect(() => columnSql('user` FROM x --')).toThrow('not a column');
  expect(() => columnSql('@message')).toThrow('not a column');
  expect(() => constantText("it's")).toThrow('not a constant');
  expect(() => constantText('a\\')).toThrow('not a constant');
});

test('what stands in a lookup table is nowhere in the SQL', () => {
  fc.assert(
    fc.property(marked, (text) => {
      const table = { columns: ['k', text], rows: [[text, text]] };
      const scope = { ...SCOPE, lookupTables: { get: () => table } };
      const name = `\`${text}\``;
      for (const query of [`lookup t k OUTPUT ${name}`, `cidrlookup t user as k OUTPUT ${name}`]) {
        const result = compileQuery(query, scope);
        if (!result.ok) throw new Error(result.error.message);
        expect(result.query.sql).not.toContain('Zq7x');
      }
    }),
    { numRuns: 200 },
  );
});

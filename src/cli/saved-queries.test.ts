import { expect, test } from 'vitest';
import { KEY_ENV, NOW_MS, runCli } from '../../test/cli/fake-world.ts';

const FAILED = {
  queryDefinitionId: 'id-1',
  name: 'mail/failed',
  queryString: 'filter auth_successful = 0\n| limit 5',
  logGroupNames: ['/mailtrail/default/authentication'],
  lastModified: NOW_MS,
};
const OTHER = { queryDefinitionId: 'id-2', name: 'other', queryString: 'limit 1', lastModified: 0 };
const TWICE = { ...OTHER, queryDefinitionId: 'id-3' };

/** A server with these queries, which come in pages of one. */
async function run(argv: readonly string[], queries: readonly object[] = [FAILED, OTHER]) {
  const asked: unknown[] = [];
  const result = await runCli(['saved-queries', ...argv], {
    env: KEY_ENV,
    answer: ({ headers, body }) => {
      const operation = headers.get('x-amz-target')?.replace('Logs_20140328.', '') ?? '';
      const input = JSON.parse(body ?? '{}') as { nextToken?: string };
      asked.push([operation, input]);
      if (operation !== 'DescribeQueryDefinitions') {
        return Response.json({ queryDefinitionId: 'id-new', success: true });
      }
      const page = Number(input.nextToken ?? 0);
      const more = page + 1 < queries.length && { nextToken: String(page + 1) };
      return Response.json({ queryDefinitions: queries.slice(page, page + 1), ...more });
    },
  });
  return { ...result, asked };
}

test('saved queries are listed for people and for programs', async () => {
  const { out, code } = await run(['list']);
  expect(code).toBe(0);
  const lines = out.split('\n');
  expect(lines[0]).toMatch(/^name +changed +query/);
  expect(lines[2]).toMatch(/^mail\/failed +2026-11-23 +filter auth_successful = 0 \| limit 5/);
  expect(lines[3]).toMatch(/^other +1970-01-01 +limit 1/);
  const json = JSON.parse((await run(['list', '-o', 'json'])).out) as unknown[];
  expect(json).toMatchObject([{ queryDefinitionId: 'id-1', queryString: FAILED.queryString }, {}]);
  const none = await run(['list', '--prefix', 'x'], []);
  expect(none.err).toContain('There is no saved query; save one with');
  expect(none.asked).toEqual([['DescribeQueryDefinitions', { queryDefinitionNamePrefix: 'x' }]]);
});

test('a saved query is shown as it is, by its name or its id', async () => {
  expect((await run(['show', 'mail/failed'])).out).toBe(`${FAILED.queryString}\n`);
  expect((await run(['show', 'id-2'])).out).toBe('limit 1\n');
  const missing = await run(['show', 'nothing']);
  expect(missing.code).not.toBe(0);
  expect(missing.err).toContain(
    'there is no saved query "nothing"; there are "mail/failed", "other"',
  );
  expect((await run(['show', 'other'], [OTHER, TWICE])).err).toContain(
    '2 saved queries are called "other"; name one by its id: id-2, id-3',
  );
});

test('a query is saved, or takes the place of the one with its name', async () => {
  const saved = await run(['save', 'new', 'limit 2', '-g', '/a']);
  expect(saved.out).toBe('Saved the query "new".\n');
  expect(saved.asked.at(-1)).toEqual([
    'PutQueryDefinition',
    { name: 'new', queryString: 'limit 2', logGroupNames: ['/a'] },
  ]);
  const changed = await run(['save', 'other', 'limit 2']);
  expect(changed.out).toBe('Changed the query "other".\n');
  expect(changed.asked.at(-1)).toEqual([
    'PutQueryDefinition',
    { name: 'other', queryString: 'limit 2', queryDefinitionId: 'id-2' },
  ]);
  const wrong = await run(['save', 'new', 'limit x']);
  expect(wrong.err).toMatch(/the query is wrong at character 7: /);
  expect(wrong.asked).toEqual([]);
});

test('a query is deleted, or would be', async () => {
  const dry = await run(['delete', 'other', '--dry-run']);
  expect(dry.out).toBe('Would delete the saved query "other".\n');
  expect(dry.asked.map((each) => (each as [string])[0])).not.toContain('DeleteQueryDefinition');
  const { out, asked } = await run(['delete', 'other']);
  expect(out).toBe('Deleted the saved query "other".\n');
  expect(asked.at(-1)).toEqual(['DeleteQueryDefinition', { queryDefinitionId: 'id-2' }]);
});

// Queries of several sources on the built program: lookup tables in files, up to the largest there may
// be, and groups that are named inside of a query.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LOOKUP_TABLE_BYTES_MAX } from '../../src/insights/index.ts';
import { type RunningServer, startServer, temporaryDirectory, until } from './running-server.ts';

const LOADED_DEADLINE_MS = 30_000;

const directory = temporaryDirectory();
const tables = join(directory.path, 'tables');
let server: RunningServer;

function record(user: string, sourceIp: string): string {
  const event = { log_type: 'AUTHENTICATION_LOGS', event_timestamp: Date.now(), user };
  return `${JSON.stringify({ ...event, source_ip: sourceIp, auth_successful: true })}\n`;
}

beforeAll(async () => {
  mkdirSync(tables);
  writeFileSync(join(tables, 'nets.csv'), 'cidr,office\n192.0.2.0/24,Berlin\n');
  const config = join(directory.path, 'mailtrail.yaml');
  writeFileSync(config, 'queries: { lookupTables: tables }\n');
  server = await startServer(join(directory.path, 'data'), { arguments: ['--config', config] });
  await server.post(record('ann', '192.0.2.7') + record('bob', '198.51.100.1'));
  await until(
    async () => {
      const [row] = await server.query('filter ispresent(user) | stats count(*) as n');
      return row?.['n'] === '2' ? true : undefined;
    },
    LOADED_DEADLINE_MS,
    () => `the events were not loaded:\n${server.log()}`,
  );
});

afterAll(async () => {
  await server?.stop();
  directory.remove();
});

test('a table beside the configuration is looked in, and read anew when it has changed', async () => {
  const text = 'filter user = "ann" | cidrlookup nets source_ip OUTPUT office | display office';
  expect(await server.query(text)).toMatchObject([{ office: 'Berlin' }]);
  writeFileSync(join(tables, 'nets.csv'), 'cidr,office\n192.0.2.0/28,Hamburg\n');
  expect(await server.query(text)).toMatchObject([{ office: 'Hamburg' }]);
});

test('a table as large as there may be', async () => {
  const lines = ['user,department'];
  const filler = 'x'.repeat(80);
  for (let bytes = 100; bytes < LOOKUP_TABLE_BYTES_MAX - 200;) {
    const line = `u${lines.length},${filler}`;
    lines.push(line);
    bytes += line.length + 1;
  }
  lines.push('bob,Sales');
  writeFileSync(join(tables, 'people.csv'), lines.join('\n'));
  const text = 'filter user = "bob" | lookup people user OUTPUT department | display department';
  expect(await server.query(text)).toMatchObject([{ department: 'Sales' }]);
});

test('what is not there is told', async () => {
  await expect(server.query('lookup gone user OUTPUT x')).rejects.toThrow(
    /400 .*MalformedQueryException.*lookup table \\"gone\\" does not exist/,
  );
  for (const text of [
    "filter user in (SOURCE 'gone' | fields user)",
    "join left=a right=b where a.user=b.user (SOURCE 'gone')",
    "stats count(*) | appendcols (SOURCE 'gone' | fields user)",
  ]) {
    await expect(server.query(text)).rejects.toThrow(/404 .*ResourceNotFoundException.*gone/);
  }
});

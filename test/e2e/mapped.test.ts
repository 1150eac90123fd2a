// Other programs' records, through the built program: a line appended to a file and a webhook that was posted become
// events that a query finds, the line exactly once however often the server is killed.
import { createHmac } from 'node:crypto';
import { appendFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type RunningServer, startServer, temporaryDirectory, until } from './running-server.ts';

const EXAMPLES = join(import.meta.dirname, '..', '..', 'examples', 'mappings');
const KEY = 'the-key-that-both-sides-know';
const KILLS = 6;
const LINES_PER_RUN = 300;
const FOUND_DEADLINE_MS = 60_000;

const seed = Number(process.env['MAILTRAIL_TEST_SEED'] ?? Date.now() % 2 ** 31);

let directory: ReturnType<typeof temporaryDirectory>;
let server: RunningServer | undefined;
let log = '';

beforeEach(() => {
  directory = temporaryDirectory();
  log = join(directory.path, 'mainlog');
  writeFileSync(log, '');
  writeFileSync(
    join(directory.path, 'mailtrail.yaml'),
    `dovecot: { logs: [] }
postfix: { logs: [] }
collectors:
  mappings: [${join(EXAMPLES, 'exim.yaml')}, ${join(EXAMPLES, 'stalwart.yaml')}]
  mapped: [{ path: mainlog, mapping: exim }]
  webhooks: [{ mapping: stalwart, signatureKey: ${KEY} }]
`,
  );
});

afterEach(async () => {
  await server?.stop();
  directory.remove();
});

async function start(): Promise<RunningServer> {
  const config = ['--config', join(directory.path, 'mailtrail.yaml')];
  server = await startServer(join(directory.path, 'data'), { arguments: config });
  return server;
}

/** A line of Exim's about a message of its own. */
function line(number: number): string {
  const time = new Date(Date.now() - 60_000).toISOString().replace('T', ' ').slice(0, 19);
  const id = `1xVT1A-${String(number).padStart(6, '0')}-18`;
  return `${time} +0000 ${id} <= eve@elsewhere.test H=(client.test) [192.0.2.7]:46710 P=esmtp S=416 id=${number}@x T="Hello" for ann@example.test\n`;
}

async function found(): Promise<string[]> {
  const rows = await server?.query('fields queue_id | filter ispresent(queue_id) | limit 10000', {
    logGroups: ['/mailtrail/default/email-events'],
  });
  return (rows ?? []).map((row) => row['queue_id'] ?? '').sort();
}

test(`lines are told exactly once over kills and a rotation (seed ${seed})`, async () => {
  let state = seed >>> 0;
  const random = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  let written = 0;
  const write = (count: number): void => {
    const lines = Array.from({ length: count }, () => line(written++));
    appendFileSync(log, `${lines.join('')}nothing of ours\n`);
  };
  for (let run = 0; run < KILLS; run++) {
    await start();
    const pieces = 10;
    const killAt = Math.floor(random() * pieces);
    for (let piece = 0; piece < pieces; piece++) {
      write(LINES_PER_RUN / pieces);
      if (piece === killAt) await server?.stop('SIGKILL');
      else await new Promise((resolve) => setTimeout(resolve, random() * 20));
    }
    if (run === 2) {
      renameSync(log, `${log}.1`);
      writeFileSync(log, '');
    }
  }
  await start();
  const expected = Array.from(
    { length: written },
    (_, number) => `1xVT1A-${String(number).padStart(6, '0')}-18`,
  );
  let last: string[] = [];
  await until(
    async () => {
      last = await found();
      return last.length >= expected.length ? true : undefined;
    },
    FOUND_DEADLINE_MS,
    () => `${last.length} of ${expected.length} lines were told; seed ${seed}`,
  );
  expect(last).toEqual(expected);
});

test('a signed webhook becomes events that a query finds', async () => {
  await start();
  const createdAt = new Date().toISOString();
  const data = {
    listenerId: 'imaptls',
    remoteIp: '192.0.2.7',
    remotePort: 50812,
    accountName: 'Bob@example.test',
  };
  const event = { id: '1', createdAt, type: 'auth.failed', data };
  const body = JSON.stringify({ events: [event] }).replace(
    '50812',
    '50812,"spanId":300473627283685377',
  );
  const signature = createHmac('sha256', KEY).update(body).digest('base64');
  const post = (headers: Record<string, string>): Promise<Response> =>
    fetch(`${server?.url}/v1/events?mapping=stalwart`, { method: 'POST', headers, body });
  expect((await post({ 'x-signature': signature.replace(/^./, '-') })).status).toBe(403);
  const answer = await post({ 'x-signature': signature });
  expect(await answer.json()).toMatchObject({ accepted: 1, passed: 0 });
  const rows = await until(
    async () => {
      const rows =
        (await server?.query(
          'fields user_id, source_ip, protocol, auth_successful, request_id | filter auth_successful = 0',
        )) ?? [];
      return rows.length > 0 ? rows : undefined;
    },
    FOUND_DEADLINE_MS,
    () => 'the event was not found',
  );
  expect(rows).toMatchObject([
    {
      user_id: 'bob@example.test',
      source_ip: '192.0.2.7',
      protocol: 'IMAP',
      auth_successful: '0',
      request_id: '300473627283685377',
    },
  ]);
});

function mapping(method: string): string {
  return `name: own
mappings:
  - name: m
    log_type: AUTHENTICATION_LOGS
    fields: { user: user, method: { constant: ${method} }, auth_successful: ok }
`;
}

test('a mapping file that changed is in force after SIGHUP, on record, unless it has mistakes', async () => {
  const file = join(directory.path, 'own.yaml');
  writeFileSync(file, mapping('first'));
  writeFileSync(
    join(directory.path, 'mailtrail.yaml'),
    `dovecot: { logs: [] }\npostfix: { logs: [] }\ncollectors: { mappings: [${file}] }\n`,
  );
  const running = await start();
  const post = async (user: string): Promise<number> =>
    (await running.post(JSON.stringify({ user, ok: true }), '?mapping=own')).status;
  const reload = async (said: string): Promise<void> => {
    running.process.kill('SIGHUP');
    const explain = (): string => `the server did not say "${said}":\n${running.log()}`;
    await until(() => (running.log().includes(said) ? true : undefined), 20_000, explain);
  };
  expect(await post('a')).toBe(200);
  writeFileSync(file, `${mapping('wrong')}    fieldss: {}\n`);
  await reload('fieldss: unknown key');
  expect(await post('b')).toBe(200);
  writeFileSync(file, mapping('second'));
  await reload('the configuration was read again');
  expect(await post('c')).toBe(200);
  const rows = await until(
    async () => {
      const rows = await running.query('fields user, method | filter ispresent(user) | sort user');
      return rows.length === 3 ? rows : undefined;
    },
    FOUND_DEADLINE_MS,
    () => 'the events were not found',
  );
  expect(rows.map(({ user, method }) => [user, method])).toEqual([
    ['a', 'first'],
    ['b', 'first'],
    ['c', 'second'],
  ]);
  const changes = await running.query(
    'fields before.mappings.own as was, after.mappings.own as is | filter event_name = "ReloadConfiguration"',
  );
  expect(changes).toHaveLength(1);
  expect(changes[0]?.['was']).toMatch(/^[0-9a-f]{64}$/);
  expect(changes[0]?.['is']).not.toBe(changes[0]?.['was']);
});

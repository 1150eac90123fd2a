import { expect, test } from 'vitest';
import {
  KEY_ENV,
  NOW_MS,
  queryAnswer,
  refusal,
  runCli,
  type FakeOptions,
  type SeenRequest,
} from '../../test/cli/fake-world.ts';
import { LINE_CHARACTERS_MAX } from './ndjson.ts';

const ROWS = [
  { user: 'bob', source_ip: '203.0.113.7', attempts: '12' },
  { user: 'carol, "the" boss', source_ip: '192.0.2.1', attempts: '3' },
];
const COLUMNS = ['user', 'source_ip', 'attempts'];

function query(argv: readonly string[], more: FakeOptions = {}): ReturnType<typeof runCli> {
  return runCli(['query', 'fields user', ...argv], {
    env: KEY_ENV,
    answer: () => queryAnswer(COLUMNS, ROWS),
    ...more,
  });
}

function words(...lines: readonly string[]): string[] {
  return lines.join(' ').split(' ');
}

function sentBody(world: { requests: readonly { body: string }[] }): unknown {
  return JSON.parse(world.requests.at(-1)?.body ?? '');
}

test('a table with numbers on the right; data only on standard output', async () => {
  const { code, out, err } = await query([]);
  expect(code).toBe(0);
  expect(err).toBe('');
  expect(out.split('\n')).toEqual([
    'user               source_ip    attempts',
    '─────────────────  ───────────  ────────',
    'bob                203.0.113.7        12',
    'carol, "the" boss  192.0.2.1           3',
    '',
  ]);
});

test('json is one array of objects', async () => {
  const { out } = await query(['--output', 'json']);
  expect(JSON.parse(out)).toEqual(ROWS);
  const empty = await query(['-o', 'json'], { answer: () => queryAnswer(COLUMNS, []) });
  expect(JSON.parse(empty.out)).toEqual([]);
});

test('ndjson is one object a line', async () => {
  const { out } = await query(['--output', 'ndjson']);
  const lines = out.trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(ROWS);
});

test('csv as RFC 4180 has it, exact in a pipe', async () => {
  const rows = [...ROWS, { user: 'a\nb\u001b[31m', attempts: '1' }];
  const { out } = await query(['-o', 'csv'], { answer: () => queryAnswer(COLUMNS, rows) });
  expect(out).toBe(
    'user,source_ip,attempts\r\nbob,203.0.113.7,12\r\n"carol, ""the"" boss",192.0.2.1,3\r\n' +
      '"a\nb\u001b[31m",,1\r\n',
  );
});

test.each(['table', 'json', 'ndjson', 'csv'])(
  'a hostile value cannot drive the terminal as %s',
  async (format) => {
    const evil = '\u001b]0;pwned\u0007\u009b31m\u202egpj.exe\r\nforged line\u2028';
    const { out } = await query(['-o', format], {
      terminal: 120,
      env: { ...KEY_ENV, NO_COLOR: '1' },
      answer: () => queryAnswer(['subject'], [{ subject: evil }]),
    });
    // oxlint-disable-next-line no-control-regex
    expect(out).not.toMatch(/[\u0000-\u0009\u000b\u000c\u000e-\u001f\u007f-\u009f\u202e\u2028]/);
    expect(out).not.toMatch(/^forged/m);
    expect(out).toContain('forged line');
    if (format.endsWith('json')) expect(out).toContain('\\u001b');
    if (format === 'json') expect(JSON.parse(out)).toEqual([{ subject: evil }]);
  },
);

test('the last day is asked for, in milliseconds', async () => {
  const { world } = await query([]);
  const [request] = world.requests;
  expect(request?.method).toBe('POST');
  expect(request?.url.href).toBe('http://127.0.0.1:4650/v1/query');
  expect(sentBody(world)).toEqual({
    query: 'fields user',
    startTime: NOW_MS - 86_400_000,
    endTime: NOW_MS,
  });
});

test('time range, limit and groups are passed on', async () => {
  const { world } = await query(
    words(
      '--start 2d --end 2026-11-23T06:00:00+01:00 --limit 5',
      '-g /mailtrail/x/management --log-group /mailtrail/x/email-events',
    ),
  );
  expect(sentBody(world)).toEqual({
    query: 'fields user',
    startTime: NOW_MS - 2 * 86_400_000,
    endTime: Date.UTC(2026, 10, 23, 5),
    limit: 5,
    logGroups: ['/mailtrail/x/management', '/mailtrail/x/email-events'],
  });
});

const GROUPS = {
  groups: ['authentication', 'mailbox-access'].map((name) => ({ name: `/mailtrail/acme/${name}` })),
};

function groupsOrRows({ url }: SeenRequest): Response {
  return url.pathname === '/v1/groups' ? Response.json(GROUPS) : queryAnswer(COLUMNS, ROWS);
}

test('short names of groups are those of the server', async () => {
  const { world } = await query(['-g', 'authentication'], { answer: groupsOrRows });
  expect(sentBody(world)).toMatchObject({ logGroups: ['/mailtrail/acme/authentication'] });
  const wrong = await query(['-g', 'autentication'], { answer: groupsOrRows });
  expect(wrong.code).toBe(5);
  expect(wrong.err).toBe(
    'mailtrail: there is no log group "autentication"; did you mean "authentication"?\n',
  );
});

test('- reads the query from standard input', async () => {
  const { world } = await runCli(['query', '-'], {
    env: KEY_ENV,
    stdin: 'stats count(*)\n',
    answer: () => queryAnswer(['count(*)'], [{ 'count(*)': '1' }]),
  });
  expect(sentBody(world)).toMatchObject({ query: 'stats count(*)\n' });
  const endless = await runCli(['query', '-'], { env: KEY_ENV, stdin: 'x'.repeat(2 ** 20 + 1) });
  expect(endless.code).toBe(2);
  expect(endless.err).toContain('at most 1048576 characters');
});

test.each([
  [['--start', 'yesterday'], '--start yesterday: expected now, a time ago'],
  [['--start', '1h', '--end', '2h'], 'is after'],
  [['--limit', '0'], '--limit 0: expected a whole number from 1'],
  [['--endpoint-url', 'localhost:4650'], '--endpoint-url localhost:4650: expected a URL'],
])('%j is a usage error', async (argv, said) => {
  const { code, err, world } = await query(argv);
  expect(code).toBe(2);
  expect(err).toContain(said);
  expect(world.requests).toEqual([]);
});

function noRows(): Response {
  return queryAnswer(COLUMNS, []);
}

test('no results: a hint on standard error, and an exit code only on request', async () => {
  const { code, out, err } = await query([], { answer: noRows });
  expect({ code, out }).toEqual({ code: 0, out: '' });
  expect(err).toMatch(
    /^No events matched in all log groups from 2026-11-22T12:00:00\.000Z to .*--start/,
  );
  expect((await query(['--fail-on-empty'], { answer: noRows })).code).toBe(1);
  expect((await query(['--fail-on-empty'])).code).toBe(0);
});

test('statistics are for people', async () => {
  expect((await query([])).err).toBe('');
  const line = '2 rows, 1234 events read, 2.0 KiB, 15 ms\n';
  expect((await query([], { stderrTerminal: true })).err).toBe(line);
  expect((await query(['--verbose'])).err).toBe(line);
});

test('a mistake in the query is shown where it is', async () => {
  const text = 'fields user\n| filtr auth = 0\n| limit 5';
  const { code, err } = await runCli(['query', text], {
    env: KEY_ENV,
    answer: () =>
      refusal(400, {
        code: 'MalformedQueryException',
        message: 'unknown command',
        start: 14,
        end: 19,
      }),
  });
  expect(code).toBe(2);
  expect(err).toBe(
    'mailtrail: line 2 of the query: unknown command\n  | filtr auth = 0\n    ^^^^^\n',
  );
});

test.each([
  [401, 'UnrecognizedClientException', 4],
  [403, 'InvalidSignatureException', 4],
  [404, 'ResourceNotFoundException', 5],
  [422, 'LimitExceededException', 1],
  [429, 'LimitExceededException', 6],
  [500, 'InternalFailure', 1],
  [503, 'ServiceUnavailableException', 6],
  [504, 'QueryTimeoutException', 6],
])('status %i %s ends with %i', async (status, code, expected) => {
  const answer = (): Response =>
    refusal(status, { code, message: 'the reason' }, { 'retry-after': '7' });
  const result = await query([], { answer });
  expect(result.code).toBe(expected);
  expect(result.err).toContain('mailtrail: the reason');
  if (expected === 4) expect(result.err).toContain('the key is that of $AWS_ACCESS_KEY_ID');
  if (expected === 6) expect(result.err).toContain('try again in 7 s');
});

test('no server: where it was looked for and how to start one', async () => {
  const { code, err } = await runCli(['query', 'fields user'], { env: KEY_ENV });
  expect(code).toBe(6);
  expect(err).toContain('no server answers at http://127.0.0.1:4650');
  expect(err).toContain('mailtrail serve');
});

test('an answer that breaks off is never taken for a whole one', async () => {
  const lines = '{"columns":["user"]}\n[{"field":"user","value":"bob"}]\n';
  const cut = await query([], { answer: () => new Response(lines) });
  expect(cut.code).toBe(6);
  expect(cut.err).toContain('ended before it was complete');
  const error = '{"error":{"code":"QueryTimeoutException","message":"too slow"}}\n';
  const failed = await query([], { answer: () => new Response(lines + error) });
  expect(failed.code).toBe(6);
  expect(failed.err).toContain('the server stopped midway: too slow');
  const stranger = await query([], { answer: () => new Response('<html>') });
  expect(stranger.code).toBe(1);
  expect(stranger.err).toContain('is this a Mailtrail server?');
  const proxy = await query([], { answer: () => new Response('Bad gateway', { status: 502 }) });
  expect(proxy.code).toBe(6);
  expect(proxy.err).toContain('HTTP status 502: Bad gateway');
});

test('rows split over chunks at any byte arrive whole', async () => {
  const bytes = new Uint8Array(await queryAnswer(['user'], [{ user: 'bøb 漢' }]).arrayBuffer());
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
      controller.close();
    },
  });
  const { out } = await query(['-o', 'ndjson'], { answer: () => new Response(body) });
  expect(JSON.parse(out)).toEqual({ user: 'bøb 漢' });
});

test('a line without an end is not kept in memory for ever', async () => {
  const chunk = new TextEncoder().encode('x'.repeat(1024 * 1024));
  let chunks = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      chunks++;
      controller.enqueue(chunk);
    },
  });
  const { code, err } = await query([], { answer: () => new Response(body) });
  expect(code).toBe(1);
  expect(err).toContain(`a line of more than ${LINE_CHARACTERS_MAX} characters`);
  expect(chunks).toBeLessThan(20);
});

test('requests are signed and the endpoint may have a path', async () => {
  const { world } = await query(['--endpoint-url', 'https://mail.example.com/audit']);
  const [request] = world.requests;
  expect(request?.url.href).toBe('https://mail.example.com/audit/v1/query');
  expect(request?.headers.get('authorization')).toMatch(
    /^AWS4-HMAC-SHA256 Credential=MTAKTEST\/20261123\/us-east-1\/logs\/aws4_request, /,
  );
  const env = { ...KEY_ENV, MAILTRAIL_ENDPOINT: 'http://10.0.0.1:1' };
  const fromEnv = await query([], { env });
  expect(fromEnv.world.requests[0]?.url.host).toBe('10.0.0.1:1');
});

import { expect, test } from 'vitest';
import { KEY_ENV, runCli, type SeenRequest } from '../../test/cli/fake-world.ts';

const RUNNING = {
  id: 'a1',
  name: 'copies',
  logType: 'AUTHENTICATION_LOGS',
  place: 'log group /copies',
  status: {
    behindEvents: 3,
    behindBytes: 2048,
    lagMs: 125_000,
    delivered: 70,
    deadLetters: 1,
    down: false,
  },
};
const DOWN = {
  id: 'b2',
  name: 'far',
  logType: 'MANAGEMENT_LOGS',
  place: 'log group /far of CloudWatch Logs',
  status: {
    behindEvents: 9,
    delivered: 0,
    deadLetters: 0,
    down: true,
    lastError: 'PutLogEvents: no',
  },
};

function cli(
  argv: string,
  deliveries: readonly object[],
  tested?: object,
): ReturnType<typeof runCli> {
  const answer = ({ method }: SeenRequest): Response =>
    Response.json(method === 'POST' && tested !== undefined ? tested : { deliveries });
  return runCli(['deliveries', ...argv.split(' ')], { env: KEY_ENV, answer });
}

test('deliveries are listed with how far each is and what keeps it', async () => {
  const { out } = await cli('list', [RUNNING, DOWN]);
  expect(out).toMatch(
    /a1 +copies +AUTHENTICATION_LOGS +log group \/copies +running +3 +2 min +70 +1/,
  );
  expect(out).toMatch(/b2 +far +MANAGEMENT_LOGS .* down +9 +0 +0 +PutLogEvents: no/);
  expect(JSON.parse((await cli('list -o json', [RUNNING])).out)).toEqual([RUNNING]);
  expect((await cli('list', [])).err).toMatch(
    /^There is no delivery; "mailtrail deliveries create"/,
  );
});

test('a probe says whether it arrived, also by the exit code', async () => {
  const good = await cli('test a1', [], { ok: true, message: 'made and removed a stream' });
  expect([good.code, good.out]).toEqual([0, '✓ made and removed a stream\n']);
  expect(good.world.requests[0]?.url.pathname).toBe('/v1/deliveries/a1/test');
  const bad = await cli('test a1', [], {
    ok: false,
    message: 'there is no log group /x: create it',
  });
  expect([bad.code, bad.out]).toEqual([1, '✗ there is no log group /x: create it\n']);
});

test('how deliveries are is told in words, and by the exit code', async () => {
  const good = await cli('status', [RUNNING]);
  expect(good.code).toBe(0);
  expect(good.out).toBe(
    [
      'a1 (copies): AUTHENTICATION_LOGS to log group /copies: running',
      '  behind: 3 events of the journal (2.0 KiB), the oldest for 2 min',
      '  delivered since the start: 70',
      '  failures: 0 (0 records given again)',
      '  dead letters: 1',
      '',
    ].join('\n'),
  );
  const bad = await cli('status far', [DOWN]);
  expect([bad.code, bad.world.requests[0]?.url.pathname]).toEqual([1, '/v1/deliveries/far']);
  expect(bad.out).toMatch(/error: PutLogEvents: no/);
  const reason = '/etc/secret: there is no such file';
  const unstarted = await cli('status', [{ ...RUNNING, status: undefined, unstarted: reason }]);
  expect(unstarted.code).toBe(1);
  expect(unstarted.out).toMatch(/: not running\n {2}error: \/etc\/secret: there is no such file$/m);
  expect((await cli('status', [{ ...RUNNING, paused: true }])).out).toMatch(/: paused$/m);
});

test('deliveries are made from options', async () => {
  const argv = [
    'deliveries create archive --log authentication --log mailbox-access --to s3://audit/mail --to-endpoint https://s3.example.org',
    '--format parquet --redact user=hash --interval 1m --hive-paths --filter auth_successful=0',
  ];
  const made = await runCli(argv.join(' ').split(' '), {
    env: KEY_ENV,
    answer: () => Response.json({ deliveries: [RUNNING] }),
  });
  expect(made.err).toBe('');
  const [request] = made.world.requests;
  expect([request?.method, request?.url.pathname]).toEqual(['POST', '/v1/deliveries']);
  expect(JSON.parse(request?.body ?? '')).toEqual({
    name: 'archive',
    logs: ['authentication', 'mailbox-access'],
    to: { s3: { bucket: 'audit', prefix: 'mail', endpoint: 'https://s3.example.org' } },
    format: 'parquet',
    redact: [{ field: 'user', how: 'hash' }],
    interval: '1m',
    hivePaths: true,
    filter: 'auth_successful=0',
  });
  expect(made.out).toMatch(/^a1 \(copies\): AUTHENTICATION_LOGS to log group \/copies made/);
});

test.each([
  ['--log authentication', /--to is missing/],
  ['--log authentication --to ftp://x', /--to ftp:\/\/x: expected one of s3:\/\/BUCKET/],
  ['--to log-group:/x', /^.*logs: name at least one log/],
  ['--log sign-ins --to log-group:/x', /logs\[0\]: expected one of authentication/],
  ['--log authentication --to log-group:/x --format w3c', /format: expected json, plain/],
  ['--log authentication --to log-group:/x --interval 5m', /interval: only objects of S3/],
  ['--log authentication --to log-group:/x --redact user', /--redact user: expected FIELD=remove/],
])('create %s is refused before anything is sent', async (options, expected) => {
  const refused = await cli(`create x ${options}`, []);
  expect([refused.code, refused.world.requests.length]).toEqual([2, 0]);
  expect(refused.err).toMatch(expected);
});

test('mistakes of a file are told with their places', async () => {
  const file = 'name: archive\nlogs: [authentication]\nto:\n  s3: { bucket: A }\nintervall: 5s\n';
  const refused = await runCli(['deliveries', 'create', '-f', 'archive.yaml'], {
    env: KEY_ENV,
    files: { 'archive.yaml': file },
    answer: () => Response.json({}),
  });
  expect(refused.code).toBe(2);
  expect(refused.err).toMatch(
    /archive\.yaml:4:\d+.*to\.s3\.bucket: expected the name of a bucket, found "A"/,
  );
  expect(refused.err).toMatch(/archive\.yaml:5:1: intervall: unknown key; did you mean "interval"/);
  expect(refused.world.requests).toEqual([]);
});

test('what is done with deliveries is told of each', async () => {
  expect((await cli('pause copies', [RUNNING])).out).toMatch(/a1 \(copies\): .* paused$/m);
  const resumed = await cli('resume copies', [RUNNING]);
  expect(resumed.world.requests[0]?.url.pathname).toBe('/v1/deliveries/copies/resume');
  const dry = await cli('delete copies --dry-run', [RUNNING]);
  expect([dry.world.requests[0]?.method, dry.out]).toEqual([
    'GET',
    expect.stringMatching(/would be deleted$/m),
  ]);
  expect((await cli('delete copies', [RUNNING])).world.requests[0]?.method).toBe('DELETE');
});

const ARCHIVE = {
  name: 'archive',
  place: 's3://audit/',
  to: { s3: { bucket: 'audit' } },
  format: 'json',
  interval: '60s',
  createdAtMs: Date.UTC(2026, 10, 23),
  status: RUNNING.status,
};
const OF_TWO = [
  { ...ARCHIVE, id: 'c3', logType: 'MANAGEMENT_LOGS', sourceName: 'x' },
  { ...ARCHIVE, id: 'd4', logType: 'AUTHENTICATION_LOGS', sourceName: 'y', declared: true },
];
const DESCRIBED = `deliveries:
  # c3: MANAGEMENT_LOGS to s3://audit/, since 2026-11-23T00:00:00.000Z
  # d4: AUTHENTICATION_LOGS to s3://audit/, since 2026-11-23T00:00:00.000Z, declared in the configuration file
  - name: archive
    logs:
      - authentication
      - management
    to:
      s3:
        bucket: audit
    format: json
    interval: 60s
`;

test('what is shown can be given back, and the difference is shown before', async () => {
  expect((await cli('show', OF_TWO)).out).toBe(DESCRIBED);
  expect((await cli('show', [])).out).toBe('deliveries: []\n');
  const json = JSON.parse((await cli('show -o json', OF_TWO)).out) as { deliveries: object[] };
  expect(json.deliveries).toHaveLength(1);
  const put = (text: string, ...more: string[]) =>
    runCli(['deliveries', 'put', '-f', 'd.yaml', ...more], {
      env: KEY_ENV,
      files: { 'd.yaml': text },
      answer: () => Response.json({ deliveries: OF_TWO }),
    });
  expect((await put(DESCRIBED, '--dry-run')).out).toBe('archive: as it should be\n');
  const other = DESCRIBED.replace('60s', '5m').replace('    format: json\n', '');
  expect((await put(other, '--dry-run')).out).toBe(
    'archive: update\n    - format: json\n    - interval: 60s\n    + interval: 5m\n',
  );
  const done = await put(other);
  const [request] = done.world.requests;
  expect([request?.method, request?.url.pathname]).toEqual(['PUT', '/v1/deliveries/archive']);
  expect(JSON.parse(request?.body ?? '')).toMatchObject({ name: 'archive', interval: '5m' });
  expect(done.out).toMatch(/c3 \(archive\): .* as described\nd4 /);
  expect((await put(JSON.stringify(json), '--dry-run')).out).toBe('archive: as it should be\n');
});

const item = (name: string): string =>
  `  - { name: ${name}, logs: [management], to: { logGroup: { logGroupName: /x } } }\n`;

/** A server that has the name `b` already. */
function create(text: string, ...argv: string[]): ReturnType<typeof runCli> {
  return runCli(['deliveries', 'create', ...argv, '-f', 'd.yaml'], {
    env: KEY_ENV,
    files: { 'd.yaml': `deliveries:\n${text}` },
    answer: ({ body }) =>
      body.includes('"b"')
        ? Response.json({ message: 'there is a destination b already' }, { status: 409 })
        : Response.json({ deliveries: [RUNNING] }),
  });
}

test('a list of descriptions: one by its name, mistakes with their places, what failed by its name', async () => {
  const one = await create(item('a') + item('b'), 'a');
  expect([one.code, one.world.requests.length]).toEqual([0, 1]);
  const both = await create(item('a') + item('b'));
  expect(both.code).toBe(1);
  expect(both.err).toMatch(
    /b: there is a destination b already\n.*1 of 2 descriptions are in force/,
  );
  const wrong = await create(`${item('a') + item('a')}  - name: c\n    logs: [x]\n`);
  expect(wrong.world.requests).toEqual([]);
  expect(wrong.err).toMatch(/d\.yaml:3:13: deliveries\[1\]\.name: a is there twice/);
  expect(wrong.err).toMatch(/d\.yaml:5:12: deliveries\[2\]\.logs\[0\]: expected one of/);
  expect(wrong.err).toMatch(/d\.yaml:4:5: deliveries\[2\]\.to: expected where the logs go/);
  expect((await create(item('a'), 'z')).err).toMatch(/there is no delivery z/);
  const missing = await runCli(['deliveries', 'put', '-f', 'none.yaml'], { env: KEY_ENV });
  expect([missing.code, missing.err]).toEqual([3, expect.stringMatching(/none\.yaml: /)]);
});

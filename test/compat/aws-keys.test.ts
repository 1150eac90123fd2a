// API keys in the hands of Debian's AWS CLI: what each may, and that honest clients are not taken for a replay.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer, temporaryDirectory, type RunningServer } from '../e2e/running-server.ts';

const run = promisify(execFile);
const GROUP = '/keys/test';
/**
 * Started at once, so that they sign within the same second. The CLI tries three times, and of those who
 * sign within one second one is served.
 */
const AT_ONCE = 3;

interface Key {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

const directory = temporaryDirectory();
let server: RunningServer;
beforeAll(async () => {
  server = await startServer(directory.path);
}, 90_000);
afterAll(async () => {
  await server.stop();
  directory.remove();
});

async function create(name: string, access: string): Promise<Key> {
  const response = await fetch(`${server.url}/v1/keys`, {
    method: 'POST',
    headers: { authorization: `Bearer ${server.token}` },
    body: JSON.stringify({ name, access }),
  });
  expect(response.status).toBe(201);
  return (await response.json()) as Key;
}

/** `aws logs …` with the CLI's own retries; resolves to what it wrote, also when it failed. */
async function aws(key: Key, ...words: readonly string[]): Promise<string> {
  const env = {
    PATH: '/usr/bin:/bin',
    HOME: directory.path,
    AWS_ACCESS_KEY_ID: key.accessKeyId,
    AWS_SECRET_ACCESS_KEY: key.secretAccessKey,
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_EC2_METADATA_DISABLED: 'true',
    LANG: 'C.UTF-8',
  };
  const endpoint = ['--endpoint-url', server.url];
  try {
    return (await run('/usr/bin/aws', ['logs', ...words, ...endpoint], { env })).stdout;
  } catch (error) {
    return (error as { stderr?: string }).stderr ?? String(error);
  }
}

test('a key may what its access says', async () => {
  const admin = await create('admin', 'admin');
  const reader = await create('reader', 'read-only');
  const feed = await create('feed', 'ingest-only');
  const group = ['--log-group-name', GROUP];
  const stream = [...group, '--log-stream-name', 'one'];
  const event = JSON.stringify([{ timestamp: Date.now(), message: 'hello' }]);
  expect(await aws(reader, 'create-log-group', ...group)).toContain('(AccessDeniedException)');
  expect(await aws(admin, 'create-log-group', ...group)).toBe('');
  expect(await aws(reader, 'describe-log-groups')).toContain(GROUP);
  expect(await aws(feed, 'create-log-stream', ...stream)).toBe('');
  expect(await aws(feed, 'put-log-events', ...stream, '--log-events', event)).not.toContain(
    'error',
  );
  expect(await aws(reader, 'put-log-events', ...stream, '--log-events', event)).toContain(
    'the key "reader" is read-only: it may ask and export, and nothing else',
  );
  expect(await aws(feed, 'delete-log-group', ...group)).toContain('(AccessDeniedException)');
});

test('the same change, asked for several times within a second, is honest', async () => {
  const admin = await create('many', 'admin');
  const words = ['put-retention-policy', '--log-group-name', GROUP, '--retention-in-days', '7'];
  const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => aws(admin, ...words)));
  expect(answers).toEqual(Array.from({ length: AT_ONCE }, () => ''));
});

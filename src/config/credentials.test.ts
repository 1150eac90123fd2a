import { createHash } from 'node:crypto';
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  credentialsPath,
  ensureCredentials,
  FILE_BYTES_MAX,
  makeCredentials,
  parseCredentials,
  readCredentials,
  type RandomBytes,
} from './credentials.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mailtrail-credentials-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** The same bytes for the same seed. */
function randomness(seed: string): RandomBytes {
  let calls = 0;
  return (bytes) => {
    const hash = createHash('shake256', { outputLength: bytes });
    return hash.update(`${seed} ${calls++}`).digest();
  };
}

test('keys have the form that AWS tools take', () => {
  const made = makeCredentials(randomness('a'));
  expect(made.accessKeyId).toMatch(/^MTAK[A-Z2-7]{16}$/);
  expect(made.secretAccessKey).toMatch(/^[A-Za-z0-9+/]{40}$/);
  expect(made.bearerToken).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(makeCredentials(randomness('b'))).not.toEqual(made);
});

test('the first start writes the file with mode 0600, later ones read it', async () => {
  const first = await ensureCredentials(directory, randomness('first'));
  expect(first).toMatchObject({ created: true, file: credentialsPath(directory) });
  expect(statSync(first.file).mode & 0o777).toBe(0o600);
  expect(readdirSync(directory)).toEqual(['credentials']);
  const text = readFileSync(first.file, 'utf8');
  expect(text).toContain(`aws_access_key_id = ${first.credentials.accessKeyId}\n`);
  const second = await ensureCredentials(directory, randomness('second'));
  expect(second).toEqual({ created: false, file: first.file, credentials: first.credentials });
  expect(readFileSync(first.file, 'utf8')).toBe(text);
});

test('of several that start at once one makes the key and all have it', async () => {
  const results = await Promise.all(
    Array.from({ length: 20 }, (_, i) => ensureCredentials(directory, randomness(`start ${i}`))),
  );
  expect(results.filter(({ created }) => created)).toHaveLength(1);
  expect(new Set(results.map(({ credentials }) => credentials.bearerToken)).size).toBe(1);
  expect(readdirSync(directory)).toEqual(['credentials']);
});

test('a file that others can read is refused, one that its group can read is told', async () => {
  const { file } = await ensureCredentials(directory, randomness('x'));
  chmodSync(file, 0o640);
  const { warning } = await ensureCredentials(directory, randomness('y'));
  expect(warning).toContain(`${file} has mode 0640`);
  for (const mode of [0o644, 0o602, 0o660]) {
    chmodSync(file, mode);
    await expect(ensureCredentials(directory, randomness('y'))).rejects.toMatchObject({
      code: 'exposed',
      message: expect.stringContaining(`chmod 600 ${file}`) as string,
    });
  }
});

test('a file without a token is not completed in silence', async () => {
  const file = credentialsPath(directory);
  writeFileSync(file, '[default]\naws_access_key_id=A\naws_secret_access_key=B\n', { mode: 0o600 });
  await expect(ensureCredentials(directory, randomness('x'))).rejects.toMatchObject({
    code: 'invalid',
    message: expect.stringContaining('bearer_token') as string,
  });
});

test('a directory that cannot be written is named', async () => {
  const missing = join(directory, 'not-there');
  await expect(ensureCredentials(missing, randomness('x'))).rejects.toMatchObject({
    code: 'failed',
    message: expect.stringContaining(join(missing, 'credentials')) as string,
  });
});

test('profiles, comments and nested settings are read as AWS has them', () => {
  const text = [
    '# a comment',
    '; another',
    '[default]',
    'aws_access_key_id = AKIDEFAULT',
    'aws_secret_access_key=a=b/c+d==',
    's3 =',
    '  aws_access_key_id = NESTED',
    '[ audit ]',
    'aws_access_key_id = AKAUDIT',
    'aws_secret_access_key = s',
    'bearer_token = t',
  ].join('\r\n');
  expect(parseCredentials(text, 'f')).toEqual({
    accessKeyId: 'AKIDEFAULT',
    secretAccessKey: 'a=b/c+d==',
  });
  expect(parseCredentials(text, 'f', 'audit').bearerToken).toBe('t');
  expect(() => parseCredentials(text, 'f', 'x')).toThrow(
    'f: expected the profile [x], found [default], [audit]; choose one with AWS_PROFILE',
  );
});

test('a file that is far too big is another file', async () => {
  const file = join(directory, 'big');
  writeFileSync(file, '#'.repeat(FILE_BYTES_MAX + 1));
  await expect(readCredentials(file)).rejects.toMatchObject({
    code: 'invalid',
    message: expect.stringContaining('is this the credentials file?') as string,
  });
});

test('a file that is not there or has no key says what to do', async () => {
  await expect(readCredentials(join(directory, 'none'))).rejects.toMatchObject({ code: 'missing' });
  const file = join(directory, 'half');
  writeFileSync(file, '[default]\naws_access_key_id = A\n');
  await expect(readCredentials(file)).rejects.toMatchObject({
    code: 'invalid',
    message: expect.stringContaining('aws_secret_access_key') as string,
  });
  await expect(readCredentials(directory)).rejects.toMatchObject({ code: 'unreadable' });
});

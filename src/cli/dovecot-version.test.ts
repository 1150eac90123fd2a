import { expect, test } from 'vitest';
import { foundVersion } from './dovecot-version.ts';

function found(stdout: string, exitCode = 0): ReturnType<typeof foundVersion> {
  return foundVersion({ run: () => Promise.resolve({ exitCode, stdout, stderr: '' }) });
}

test('the version that the host has', async () => {
  expect(await found('2.3.19.1 (9b53102964)\n')).toEqual({ version: '2.3' });
  expect(await found('2.4.1-4 (7d8c0e5759)\n')).toEqual({ version: '2.4' });
});

test('2.3, and why, where the host does not say', async () => {
  const none = await foundVersion({ run: () => Promise.resolve(undefined) });
  expect(none).toEqual({ version: '2.3', assumed: 'no dovecot on this host' });
  expect(await found('2.4.1', 1)).toMatchObject({
    version: '2.3',
    assumed: expect.stringContaining('did not say'),
  });
  expect(await found('doveconf: Fatal')).toMatchObject({
    assumed: expect.stringContaining('did not say'),
  });
  expect(await found('2.40.1')).toMatchObject({
    version: '2.3',
    assumed: expect.stringContaining('2.40'),
  });
});

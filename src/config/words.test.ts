import { expect, test } from 'vitest';
import { JOURNAL_LIMITS } from '../journal/limits.ts';
import { ENGINE_MEMORY_BYTES_MAX } from '../store/embedded/limits.ts';
import { formatAddress, parseListenAddress, parseTcpAddress } from './address.ts';
import { DECLARED_SETTINGS, variableName } from './declared-settings.ts';
import { organizationArn, organizationId } from './organization.ts';
import { formatDuration, formatSize, parseDuration, parseSize } from './quantity.ts';
import { configurationReference } from './reference.ts';
import { differences, nearest } from './suggest.ts';

test('sizes and durations', () => {
  expect(parseSize('512MiB')).toBe(512 * 2 ** 20);
  expect(parseSize('2 gb')).toBe(2e9);
  expect(parseSize('1.5KiB')).toBe(1536);
  expect(parseSize('123')).toBe(123);
  for (const wrong of ['', '-1', '1 XB', '1e9', '0x10', '9999999999 TiB', '1M1']) {
    expect(parseSize(wrong)).toBeUndefined();
  }
  expect(parseDuration('30d')).toBe(30 * 86_400_000);
  expect(parseDuration('1.5h')).toBe(5_400_000);
  expect(parseDuration('30')).toBeUndefined();
  expect(formatSize(1536)).toBe('1.5 KiB');
  expect(formatSize(12)).toBe('12 B');
  expect(formatDuration(90_000)).toBe('90 s');
  expect(formatDuration(3 * 86_400_000)).toBe('3 days');
});

test('addresses', () => {
  expect(parseTcpAddress('[::1]:4650')).toEqual({ host: '::1', port: 4650 });
  expect(parseTcpAddress('localhost:0')).toEqual({ host: 'localhost', port: 0 });
  for (const wrong of ['4650', ':4650', '::1:4650', '[1.2.3.4]:1', 'a:65536', 'a:', 'a b:1']) {
    expect(parseTcpAddress(wrong)).toBeUndefined();
  }
  for (const text of ['unix:/run/x', '[::1]:1', '127.0.0.1:4650']) {
    const address = parseListenAddress(text);
    expect(address && formatAddress(address)).toBe(text);
  }
  expect(parseListenAddress('unix:relative')).toBeUndefined();
});

test('the nearest word is one that was probably meant', () => {
  expect(differences('listen', 'lisetn')).toBe(1);
  expect(differences('', 'abc')).toBe(3);
  expect(nearest('organisation', ['organization', 'server'])).toBe('organization');
  expect(nearest('not_ip_ranges', ['ipRanges', 'notIpRanges'])).toBe('notIpRanges');
  expect(nearest('zzz', ['log', 'data'])).toBeUndefined();
  expect(nearest('mailbox', ['mailbox-access', 'management'])).toBe('mailbox-access');
  expect(nearest('m', ['mailbox-access', 'management'])).toBeUndefined();
});

test('the organization id is always that of its name', () => {
  expect(organizationId('default')).toBe('m-37a8eec1ce19687d132fe29051dca629');
  expect(organizationArn({ name: 'default', account: '123456789012', region: 'eu-west-1' })).toBe(
    'arn:aws:workmail:eu-west-1:123456789012:organization/m-37a8eec1ce19687d132fe29051dca629',
  );
});

test('variables follow from the path, each from one path only', () => {
  expect(variableName('server.allowPublicWithoutTls')).toBe(
    'MAILTRAIL__SERVER__ALLOW_PUBLIC_WITHOUT_TLS',
  );
  const variables = DECLARED_SETTINGS.map(({ variable }) => variable);
  expect(new Set(variables).size).toBe(variables.length);
});

function fallback(path: string): string {
  return String(DECLARED_SETTINGS.find((declared) => declared.path === path)?.fallback);
}

test('the defaults of journal and store are their own', () => {
  expect(parseSize(fallback('journal.keepBytes'))).toBe(JOURNAL_LIMITS.keepBytes);
  expect(parseSize(fallback('journal.minFreeBytes'))).toBe(JOURNAL_LIMITS.minFreeBytes);
  expect(parseSize(fallback('store.memoryBytesMax'))).toBe(ENGINE_MEMORY_BYTES_MAX);
});

test('the reference is current', async () => {
  await expect(configurationReference()).toMatchFileSnapshot(
    '../../docs/reference/configuration.md',
  );
});

import { expect, test } from 'vitest';
import { OBJECT_KEY_BYTES_MAX, objectKey, type ObjectPath } from './object-key.ts';

const PATH: ObjectPath = {
  account: '123456789012',
  region: 'eu-west-1',
  logType: 'AUTHENTICATION_LOGS',
  extension: 'json.gz',
};
const BATCH = {
  deliveryId: 'abc',
  from: 5,
  to: 12,
  sealedAtMs: Date.UTC(2026, 0, 2, 3, 59, 59, 999),
};
const FILE = 'abc_0000000000000005-0000000000000012.json.gz';

function prefixedBy(bytes: number): ObjectPath {
  return { ...PATH, prefix: `é${'a'.repeat(bytes - 2)}`, suffixPath: '' };
}

test('the default layout', () => {
  expect(objectKey(PATH, BATCH)).toBe(
    `AWSLogs/123456789012/workmail/eu-west-1/AUTHENTICATION_LOGS/2026/01/02/${FILE}`,
  );
});

test('a prefix replaces the default, and a suffixPath renders every variable', () => {
  const suffixPath = '/{accountid}/{region}/{logtype}/x{yyyy}/{MM}/{dd}/{HH}/';
  expect(objectKey({ ...PATH, prefix: 'mail/', suffixPath }, BATCH)).toBe(
    `mail/123456789012/eu-west-1/AUTHENTICATION_LOGS/x2026/01/02/03/${FILE}`,
  );
  expect(objectKey({ ...PATH, prefix: '', suffixPath: '' }, BATCH)).toBe(FILE);
});

test('paths for Hive name their values', () => {
  const hive = { ...PATH, enableHiveCompatiblePath: true, suffixPath: '{yyyy}/{MM}/{dd}/{HH}' };
  expect(objectKey(hive, BATCH)).toBe(
    `AWSLogs/aws-account-id=123456789012/workmail/year=2026/month=01/day=02/hour=03/${FILE}`,
  );
});

test('keys sort in the order of the journal', () => {
  const keys = [9, 10, 99, 100, Number.MAX_SAFE_INTEGER - 1].map((from) =>
    objectKey(PATH, { ...BATCH, from, to: from + 1 }),
  );
  expect(keys.toSorted()).toEqual(keys);
});

test('an unknown variable is named', () => {
  expect(() => objectKey({ ...PATH, suffixPath: '{year}' }, BATCH)).toThrow(
    /^suffixPath: \{year\} is no variable; expected one of \{yyyy\}/,
  );
});

test('a key may have 1,024 bytes and not one more', () => {
  const longest = OBJECT_KEY_BYTES_MAX - FILE.length - 1;
  expect(Buffer.byteLength(objectKey(prefixedBy(longest), BATCH))).toBe(OBJECT_KEY_BYTES_MAX);
  expect(() => objectKey(prefixedBy(longest + 1), BATCH)).toThrow(
    /would be 1025 bytes and S3 takes 1024/,
  );
});

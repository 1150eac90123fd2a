import { expect, test } from 'vitest';
import { deliveryProblems, formatProblem } from './check-delivery.ts';
import type { OutputFormat } from './delivery.ts';

const S3 = { type: 'S3', bucket: 'audit' } as const;
const GROUP = { type: 'LOCAL', logGroupName: 'copies' } as const;

function told(
  delivery: Parameters<typeof deliveryProblems>[2],
  outputFormat: OutputFormat = 'plain',
  settings: typeof S3 | typeof GROUP = S3,
): readonly string[] {
  return deliveryProblems('AUTHENTICATION_LOGS', { settings, outputFormat }, delivery).map(
    ({ member, message }) => `${member}: ${message}`,
  );
}

test('a format that a destination does not take is told with those that it takes', () => {
  expect(formatProblem({ settings: S3, outputFormat: 'parquet' })).toBeUndefined();
  expect(formatProblem({ settings: GROUP, outputFormat: 'parquet' })).toEqual({
    member: 'outputFormat',
    message: 'expected json, plain for this destination, found parquet',
  });
});

test('a description without faults has none', () => {
  const all = {
    recordFields: ['event_timestamp', 'user'],
    fieldDelimiter: '|',
    s3DeliveryConfiguration: { suffixPath: '{yyyy}/{MM}', enableHiveCompatiblePath: true },
    filter: 'auth_successful = 0',
    fieldTreatments: [{ field: 'user', how: 'hash' as const }],
    sampleOneIn: 10,
    intervalSeconds: 900,
    objectBytesMax: 1024,
    backlogBytesMax: 64 * 1024 * 1024,
  };
  expect(told(all)).toEqual([]);
  expect(told({}, 'json', GROUP)).toEqual([]);
});

test.each([
  [{ recordFields: ['user', 'usr'] }, /^recordFields: AUTHENTICATION_LOGS has no field usr$/],
  [{ recordFields: ['user', 'user'] }, /^recordFields: user is there twice$/],
  [{ fieldDelimiter: 'x' }, /^fieldDelimiter: letters, digits/],
  [
    { s3DeliveryConfiguration: { suffixPath: '{day}' } },
    /\{day\} is no variable; expected one of \{yyyy\}/,
  ],
  [
    { s3DeliveryConfiguration: { suffixPath: 'a={dd}', enableHiveCompatiblePath: true } },
    /^s3DeliveryConfiguration: Provided suffixPath is invalid/,
  ],
  [{ filter: 'user like' }, /^filter: /],
  [{ filter: 'stats count()' }, /^filter: /],
  [{ sampleOneIn: 0 }, /^sampleOneIn: expected a whole number of 1 or more, found 0$/],
  [{ intervalSeconds: 901 }, /^intervalSeconds: expected a whole number of 1 to 900, found 901$/],
  [{ objectBytesMax: 1 }, /^objectBytesMax: expected/],
  [{ backlogBytesMax: 1 }, /^backlogBytesMax: expected/],
  [{ fieldTreatments: [{ field: '', how: 'mask' as const }] }, /^fieldTreatments: a field without/],
])('%j is refused', (delivery, expected) => {
  expect(told(delivery)).toEqual([expect.stringMatching(expected)]);
});

test('what only objects of S3 have is refused elsewhere', () => {
  expect(told({ fieldDelimiter: '|' }, 'json', GROUP)).toEqual([
    'fieldDelimiter: only plain, w3c and raw have delimiters, and this is json',
  ]);
  expect(told({ s3DeliveryConfiguration: {} }, 'json', GROUP)).toEqual([
    's3DeliveryConfiguration: Provided delivery configuration is invalid for the destination type.',
  ]);
  expect(told({ intervalSeconds: 5 }, 'json', GROUP)).toEqual([
    'intervalSeconds: only objects of S3 have a cadence and a size',
  ]);
});

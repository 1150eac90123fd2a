import { expect, test } from 'vitest';
import { deliveryArn, nameInArn, settingsOfArn } from './arn.ts';

const OWNER = { account: '000000000000', region: 'us-east-1' };
const OWN = 'arn:aws:logs:us-east-1:000000000000:log-group:/copies';

test('a log group of the organization is here, unless the environment has it elsewhere', () => {
  const local = { type: 'LOCAL', logGroupName: '/copies' };
  expect(settingsOfArn(OWN, OWNER, false)).toEqual(local);
  expect(settingsOfArn(`${OWN}:*`, OWNER, false)).toEqual(local);
  const there = { type: 'CWL', logGroupName: '/copies', region: 'us-east-1' };
  expect(settingsOfArn(OWN, OWNER, true)).toEqual(there);
});

test('a log group of another account or region is elsewhere', () => {
  const other = 'arn:aws:logs:eu-west-1:123456789012:log-group:/a';
  expect(settingsOfArn(other, OWNER, false)).toEqual({
    type: 'CWL',
    logGroupName: '/a',
    region: 'eu-west-1',
  });
});

test('a bucket may have a prefix, and a stream is in its region', () => {
  expect(settingsOfArn('arn:aws:s3:::audit', OWNER, false)).toEqual({
    type: 'S3',
    bucket: 'audit',
  });
  expect(settingsOfArn('arn:aws:s3:::audit/a/b', OWNER, false)).toEqual({
    type: 'S3',
    bucket: 'audit',
    prefix: 'a/b',
  });
  const stream = 'arn:aws:firehose:eu-west-1:123456789012:deliverystream/audit';
  expect(settingsOfArn(stream, OWNER, false)).toEqual({
    type: 'FH',
    streamName: 'audit',
    region: 'eu-west-1',
  });
});

test.each([
  'arn:aws:s3:::B',
  'arn:aws:logs:us-east-1:1:log-group:/a',
  `${OWN}:stream`,
  'arn:aws:firehose:eu-west-1:123456789012:deliverystream/',
  '',
])('%j is no place', (arn) => {
  expect(settingsOfArn(arn, OWNER, false)).toBeUndefined();
});

test('an ARN of ours names one of ours', () => {
  const arn = deliveryArn(OWNER, 'delivery-source', 'sign-ins');
  expect(arn).toBe('arn:aws:logs:us-east-1:000000000000:delivery-source:sign-ins');
  expect(nameInArn(OWNER, 'delivery-source', arn)).toBe('sign-ins');
  expect(nameInArn(OWNER, 'delivery-destination', arn)).toBeUndefined();
});

import { expect, test } from 'vitest';
import type { DeliveryDestinationDocument, DeliveryDocument } from './delivery.ts';
import { checkDescription } from './description.ts';
import { writtenOf } from './written-description.ts';

const KEPT = { tags: {}, createdAtMs: 1 };

test('a description is read from texts as from values, and written as it was', () => {
  const said = {
    name: 'archive',
    logs: ['authentication', 'MANAGEMENT_LOGS', 'authentication'],
    to: {
      s3: {
        bucket: 'audit',
        endpoint: 'https://s3.example.org',
        objectLock: { mode: 'COMPLIANCE', days: '30' },
      },
    },
    format: 'plain',
    fields: ['event_timestamp', 'event_name'],
    fieldDelimiter: '|',
    suffixPath: '{yyyy}',
    hivePaths: 'true',
    filter: 'event_name like "Put"',
    redact: [{ field: 'event_name', how: 'hash' }],
    sampleOneIn: '10',
    interval: '1m',
    objectSize: '2MiB',
    backlog: '10GiB',
    whenBacklogFull: 'drop-oldest',
    paused: 'true',
  };
  // `event_name` is a field of the management log alone.
  const one = { ...said, logs: ['management'] };
  const checked = checkDescription(one);
  if (!checked.ok) throw new Error(JSON.stringify(checked.problems));
  const { name, logTypes, settings, outputFormat, delivery, paused } = checked.description;
  expect([name, logTypes, outputFormat]).toEqual(['archive', ['MANAGEMENT_LOGS'], 'plain']);
  expect(paused).toBe(true);
  expect(settings).toEqual({
    type: 'S3',
    bucket: 'audit',
    endpoint: 'https://s3.example.org',
    objectLock: { mode: 'COMPLIANCE', days: 30 },
  });
  expect(delivery).toEqual({
    recordFields: ['event_timestamp', 'event_name'],
    fieldDelimiter: '|',
    s3DeliveryConfiguration: { suffixPath: '{yyyy}', enableHiveCompatiblePath: true },
    filter: 'event_name like "Put"',
    fieldTreatments: [{ field: 'event_name', how: 'hash' }],
    sampleOneIn: 10,
    intervalSeconds: 60,
    objectBytesMax: 2 * 1024 * 1024,
    backlogBytesMax: 10 * 1024 ** 3,
    whenBacklogFull: 'drop-oldest',
  });
  const destination: DeliveryDestinationDocument = {
    ...KEPT,
    destinationResourceArn: '',
    outputFormat,
    settings,
  };
  const document: DeliveryDocument = {
    ...delivery,
    ...KEPT,
    sourceName: 'management',
    destinationName: name,
    paused: true,
    beginPosition: 0,
  };
  const { place, ...written } = writtenOf(destination, document);
  expect(place).toBe('s3://audit/');
  const again = checkDescription({ name, logs: ['management'], ...written });
  expect(again).toEqual(checked);
});

const LEAST = { name: 'a', logs: ['authentication'], to: { logGroup: { logGroupName: '/a' } } };

test('the least that must be said is a name, logs and a place', () => {
  expect(checkDescription(LEAST)).toEqual({
    ok: true,
    description: {
      name: 'a',
      logTypes: ['AUTHENTICATION_LOGS'],
      settings: { type: 'LOCAL', logGroupName: '/a' },
      outputFormat: 'json',
      delivery: {},
    },
  });
});

test.each([
  [{ ...LEAST, name: 'a b' }, ['name'], /1 to 60 letters, digits, - and _, found "a b"/],
  [{ ...LEAST, logs: [] }, ['logs'], /name at least one log/],
  [{ ...LEAST, logs: ['signins'] }, ['logs', 0], /expected one of authentication, /],
  [{ ...LEAST, to: {} }, ['to'], /exactly one of s3, firehose, /],
  [{ ...LEAST, to: { ...LEAST.to, s3: { bucket: 'audit' } } }, ['to'], /exactly one of/],
  [{ ...LEAST, paused: 'yes' }, ['paused'], /expected true or false, found "yes"/],
  [{ ...LEAST, interval: '1 year' }, ['interval'], /a duration such as 30s/],
  [{ ...LEAST, interval: '10s' }, ['interval'], /only objects of S3/],
  [{ ...LEAST, filter: 'user ===' }, ['filter'], /./],
  [{ ...LEAST, redact: [{ field: 'user', how: 'burn' }] }, ['redact', 0, 'how'], /one of remove/],
  [{ ...LEAST, fields: ['nothing'] }, ['fields'], /AUTHENTICATION_LOGS has no field nothing/],
  [{ ...LEAST, nmae: 1 }, ['nmae'], /unknown key; did you mean "name"/, true],
  [{ ...LEAST, xyz: 1 }, ['xyz'], /unknown key; leave it out/, true],
  [
    { ...LEAST, to: { s3: { bucket: 'audit', prefx: 'a' } } },
    ['to', 's3', 'prefx'],
    /"prefix"/,
    true,
  ],
  [
    { ...LEAST, redact: [{ field: 'user', how: 'hash', hwo: 1 }] },
    ['redact', 0, 'hwo'],
    /"how"/,
    true,
  ],
])('%j has a problem at %j', (said, path, message, isKey?: boolean) => {
  const checked = checkDescription(said);
  expect(checked).toEqual({
    ok: false,
    problems: [{ path, message: expect.stringMatching(message), ...(isKey && { isKey }) }],
  });
});

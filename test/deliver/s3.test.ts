// Deliveries into a real S3 server: every log type, in every format, read back and compared event by event, with
// the server gone, slow, refusing and full on the way.
import { gunzipSync } from 'node:zlib';
import {
  CreateBucketCommand,
  GetObjectCommand,
  paginateListObjectsV2,
  PutBucketPolicyCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { parquetReadObjects } from 'hyparquet';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DeliveryParts } from '../../src/deliver/create-destination.ts';
import type { OutputFormat } from '../../src/deliver/delivery.ts';
import { fieldAt } from '../../src/deliver/field-path.ts';
import type { AuditEvent } from '../../src/event/audit-event.ts';
import { canonicalRecord } from '../../src/event/canonical-json.ts';
import { LOG_TYPES, type LogType, logTypeSpec } from '../../src/event/log-type.ts';
import { until } from '../e2e/running-server.ts';
import { S3_USER, type S3Server, startS3 } from '../servers/s3.ts';
import { type DeliveryWorld, openWorld, REGION } from './delivery-world.ts';
import { FaultyProxy, httpAnswer, INTERNAL_ERROR, SLOW_DOWN } from './faulty-proxy.ts';
import { sampleEvents } from './sample-events.ts';

const EVENTS_A_STEP = 70;
const NOTICED_WITHIN_MS = 60_000;

let s3: S3Server;
let client: S3Client;
const ending: (() => unknown)[] = [];

beforeAll(async () => {
  s3 = await startS3();
  process.env['AWS_ACCESS_KEY_ID'] = s3.credentials.accessKeyId;
  process.env['AWS_SECRET_ACCESS_KEY'] = s3.credentials.secretAccessKey;
  client = new S3Client({
    endpoint: s3.endpoint,
    region: REGION,
    forcePathStyle: true,
    credentials: s3.credentials,
  });
});

afterAll(async () => {
  while (ending.length > 0) await ending.pop()?.();
  client?.destroy();
  await s3?.stop();
});

async function world(): Promise<DeliveryWorld> {
  const made = await openWorld();
  ending.push(() => made.close());
  return made;
}

async function proxy(): Promise<FaultyProxy> {
  const made = await FaultyProxy.to(s3.port);
  ending.push(() => made.close());
  return made;
}

let buckets = 0;

async function bucket(): Promise<string> {
  const name = `audit-${++buckets}`;
  await client.send(new CreateBucketCommand({ Bucket: name }));
  return name;
}

type Changes = Partial<DeliveryParts['delivery']> & {
  readonly outputFormat?: OutputFormat;
  readonly prefix?: string;
};

function description(
  logType: LogType,
  inBucket: string,
  endpoint: string,
  { outputFormat = 'json', prefix, ...delivery }: Changes = {},
): DeliveryParts {
  return {
    deliveryId: `D${LOG_TYPES.indexOf(logType)}`,
    logType,
    delivery: { intervalSeconds: 0.05, ...delivery },
    destination: {
      outputFormat,
      settings: { type: 'S3', bucket: inBucket, endpoint, ...(prefix && { prefix }) },
    },
  };
}

async function keysIn(name: string): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket: name })) {
    keys.push(...Contents.map(({ Key = '' }) => Key));
  }
  return keys.toSorted();
}

async function bytesOf(name: string, key: string): Promise<Buffer> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket: name, Key: key }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

/** The lines of all objects of a delivery, in the order of their keys. */
async function linesIn(name: string, logType: LogType): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const key of await keysIn(name)) {
    if (!key.includes(`/${logType}/`)) continue;
    lines.push(
      ...gunzipSync(await bytesOf(name, key))
        .toString('utf8')
        .trimEnd()
        .split('\n'),
    );
  }
  return lines;
}

const recordsOf = (events: readonly AuditEvent[], logType: LogType): readonly object[] =>
  events.filter((event) => event.log_type === logType).map(canonicalRecord);

test('every event is there once and in order, whatever became of the server on the way', async () => {
  const name = await bucket();
  const before = await proxy();
  const { append, run, untilDelivered } = await world();
  const runs = await Promise.all(
    LOG_TYPES.map((logType) => run(description(logType, name, before.endpoint))),
  );
  const all: AuditEvent[] = [];
  let steps = 0;
  const more = async (): Promise<void> => {
    const events = sampleEvents(EVENTS_A_STEP, ++steps);
    all.push(...events);
    await append(events);
  };
  const struck = (times: number): Promise<unknown> =>
    until(
      () => before.struck >= times || undefined,
      NOTICED_WITHIN_MS,
      () => 'the fault did not strike',
    );
  const failed = (pattern: RegExp): Promise<unknown> =>
    until(
      () => runs.some((each) => pattern.test(each.status().lastError ?? '')) || undefined,
      NOTICED_WITHIN_MS,
      () => JSON.stringify(runs.map((each) => each.status().lastError)),
    );
  await more();
  await untilDelivered();
  for (const fault of [
    { kind: 'cut', afterBytes: 300 },
    { kind: 'lost-answer' },
    { kind: 'answer', bytes: SLOW_DOWN },
    { kind: 'answer', bytes: INTERNAL_ERROR },
    { kind: 'answer', bytes: httpAnswer(403, 'AccessDenied', 'Access Denied') },
    { kind: 'answer', bytes: 'HTTP/1.1 200 x\r\ncontent-le' },
    { kind: 'slow', delayMs: 200 },
  ] as const) {
    before.fault = fault;
    await more();
    await struck(LOG_TYPES.length);
    before.fault = { kind: 'none' };
    await untilDelivered();
  }
  // The server itself is gone, and comes again.
  await s3.stopGateway();
  before.fault = { kind: 'none' };
  await more();
  await failed(/ECONN|socket/);
  await s3.startGateway();
  await untilDelivered();
  // Full, by a real quota.
  const quota = ['--quota-scope', 'user', '--uid', S3_USER];
  await s3.admin('quota', 'set', ...quota, '--max-objects', '1');
  await s3.admin('quota', 'enable', ...quota);
  await more();
  await failed(/QuotaExceeded/);
  await s3.admin('quota', 'disable', ...quota);
  await untilDelivered();
  // Refused, by a real suspension of the account.
  await s3.admin('user', 'suspend', '--uid', S3_USER);
  await more();
  await failed(/UserSuspended|AccessDenied/);
  await s3.admin('user', 'enable', '--uid', S3_USER);
  await untilDelivered();
  for (const logType of LOG_TYPES) {
    const there = (await linesIn(name, logType)).map((line) => JSON.parse(line) as object);
    expect(there).toEqual(recordsOf(all, logType));
  }
  expect(runs.map((each) => each.status().deadLetters)).toEqual(LOG_TYPES.map(() => 0));
});

test('keys are of the positions, and a batch that is given again overwrites its object', async () => {
  const name = await bucket();
  const { destination } = await world();
  const made = destination(description('AUTHENTICATION_LOGS', name, s3.endpoint));
  const batch = {
    deliveryId: 'D0',
    from: 7,
    to: 19,
    sealedAtMs: Date.parse('2026-11-24T01:02:03Z'),
    records: [
      { position: 8, timestampMs: 1, logType: 'AUTHENTICATION_LOGS' as const, fields: { a: 1 } },
    ],
  };
  const { signal } = new AbortController();
  expect(await made.deliver(batch, signal)).toEqual(['delivered']);
  const [key = ''] = await keysIn(name);
  const first = await bytesOf(name, key);
  expect(await made.deliver(batch, signal)).toEqual(['delivered']);
  expect(await keysIn(name)).toEqual([
    'AWSLogs/000000000000/workmail/us-east-1/AUTHENTICATION_LOGS/2026/11/24/D0_0000000000000007-0000000000000019.json.gz',
  ]);
  expect(await bytesOf(name, key)).toEqual(first);
  await made.close();
});

test('paths and names follow the suffix, the prefix and Hive', async () => {
  const name = await bucket();
  const { append, run, untilDelivered } = await world();
  const s3DeliveryConfiguration = {
    suffixPath: '{yyyy}/{MM}/{logtype}',
    enableHiveCompatiblePath: true,
  };
  await run(
    description('ACCESS_CONTROL_LOGS', name, s3.endpoint, {
      prefix: 'logs',
      s3DeliveryConfiguration,
    }),
  );
  await append(sampleEvents(7, 1));
  await untilDelivered();
  const [key = ''] = await keysIn(name);
  expect(key).toMatch(
    /^logs\/year=\d{4}\/month=\d\d\/logtype=ACCESS_CONTROL_LOGS\/D1_\d{16}-\d{16}\.json\.gz$/,
  );
});

const FIELDS = ['event_timestamp', 'request_id', 'event.recipients', 'event.subject'];

test('plain and w3c have the fields in columns, and no value forges a column or a line', async () => {
  const events = sampleEvents(140, 3);
  for (const outputFormat of ['plain', 'w3c'] as const) {
    const name = await bucket();
    const { append, run, untilDelivered } = await world();
    const changes = { outputFormat, recordFields: FIELDS, fieldDelimiter: '|' };
    await run(description('EMAIL_EVENT_LOGS', name, s3.endpoint, changes));
    await append(events);
    await untilDelivered();
    const lines = await linesIn(name, 'EMAIL_EVENT_LOGS');
    const head = outputFormat === 'w3c' ? ['#Version: 1.0', `#Fields: ${FIELDS.join(' ')}`] : [];
    expect(lines.slice(0, head.length)).toEqual(head);
    const rows = lines.slice(head.length).map((line) => line.split('|'));
    const there = rows.map(([time, id]) => [Number(time), id]);
    const records = recordsOf(events, 'EMAIL_EVENT_LOGS') as Record<string, unknown>[];
    expect(there).toEqual(records.map((each) => [each['event_timestamp'], each['request_id']]));
    expect(new Set(rows.map(({ length }) => length))).toEqual(new Set([FIELDS.length]));
  }
});

test('parquet has every field of every log type in a column of its kind', async () => {
  const events = sampleEvents(140, 4);
  const name = await bucket();
  const { append, run, untilDelivered } = await world();
  for (const logType of LOG_TYPES) {
    await run(description(logType, name, s3.endpoint, { outputFormat: 'parquet' }));
  }
  await append(events);
  await untilDelivered();
  const keys = await keysIn(name);
  for (const logType of LOG_TYPES) {
    const rows: Record<string, unknown>[] = [];
    for (const key of keys.filter((each) => each.includes(`/${logType}/`))) {
      expect(key).toMatch(/\.parquet$/);
      const { buffer, byteOffset, byteLength } = await bytesOf(name, key);
      const file = buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
      rows.push(...(await parquetReadObjects({ file })));
    }
    const paths = logTypeSpec(logType).fields.map(({ path }) => path);
    const expected = recordsOf(events, logType).map((record) => {
      const values = paths.map((path) => [path, fieldAt(record as Record<string, unknown>, path)]);
      const { other_detail } = record as { readonly other_detail?: unknown };
      return plain(Object.fromEntries([...values, ['other_fields', { other_detail }]]));
    });
    expect(rows.map(plain)).toEqual(expected);
  }
});

/** Numbers of 64 bits as numbers, and without what is absent. */
function plain(row: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const entries = Object.entries(row).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(
    entries.map(([key, value]) => [key, typeof value === 'bigint' ? Number(value) : value]),
  );
}

test('a test says in words what is wrong', async () => {
  const name = await bucket();
  const { destination } = await world();
  const told = async (settings: object): Promise<string> => {
    const of = description('AUTHENTICATION_LOGS', name, s3.endpoint);
    const changed = { ...of.destination.settings, ...settings } as typeof of.destination.settings;
    const made = destination({ ...of, destination: { ...of.destination, settings: changed } });
    const { ok, message } = await made.test(new AbortController().signal);
    await made.close();
    return `${ok ? 'ok' : 'not ok'}: ${message}`;
  };
  expect(await told({})).toMatch(/^ok: wrote and removed s3:\/\/audit-\d+\/AWSLogs\//);
  expect(await keysIn(name)).toEqual([]);
  expect(await told({ bucket: 'not-there' })).toMatch(/^not ok: .*NoSuchBucket.*; make it/);
  const deny = {
    Statement: [
      {
        Effect: 'Deny',
        Principal: '*',
        Action: 's3:PutObject',
        Resource: `arn:aws:s3:::${name}/*`,
      },
    ],
  };
  const Policy = JSON.stringify({ Version: '2012-10-17', ...deny });
  await client.send(new PutBucketPolicyCommand({ Bucket: name, Policy }));
  expect(await told({})).toMatch(/^not ok: .*AccessDenied.*; give the key the permission/);
  expect(await told({ endpoint: 'http://127.0.0.1:9' })).toMatch(/^not ok: .*ECONNREFUSED/);
  process.env['AWS_SECRET_ACCESS_KEY'] = 'wrong';
  expect(await told({})).toMatch(/^not ok: .*SignatureDoesNotMatch.*; give the key/);
  process.env['AWS_SECRET_ACCESS_KEY'] = s3.credentials.secretAccessKey;
});

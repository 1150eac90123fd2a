// Deliveries into a double of Firehose that refuses what Firehose refuses: each fault at every call, failures of
// single records, the limits at their edges, and what a test says.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { DeliveryParts } from '../../src/deliver/create-destination.ts';
import { FirehoseDestination } from '../../src/deliver/firehose/firehose-destination.ts';
import type { DeliveryRun } from '../../src/deliver/delivery-run.ts';
import {
  CALL_BYTES_MAX,
  CALL_RECORDS_MAX,
  RECORD_BYTES_MAX,
} from '../../src/deliver/firehose/record-batches.ts';
import type { AuditEvent } from '../../src/event/audit-event.ts';
import { until } from '../e2e/running-server.ts';
import { type DeliveryWorld, IMPATIENT_CLOCK, openWorld } from './delivery-world.ts';
import { FirehoseServer } from './firehose-server.ts';
import { DOUBLES_KEY, QUICK_FAULTS } from './json-service.ts';
import { randomBy, whole } from './sample-events.ts';
import {
  batchOf,
  firstArrivals,
  givenAgain,
  SIZED_LOG_TYPE,
  sizedEvent,
  sizedEvents,
} from './sized-events.ts';

const STREAM = 'audit';
const SEEDS = 25;
const FIRST_SEED = Number(process.env['MAILTRAIL_TEST_SEED'] ?? 1);
const NOTICED_WITHIN_MS = 30_000;

const ending: (() => unknown)[] = [];

beforeAll(() => {
  process.env['AWS_ACCESS_KEY_ID'] = DOUBLES_KEY.accessKeyId;
  process.env['AWS_SECRET_ACCESS_KEY'] = DOUBLES_KEY.secretAccessKey;
});

async function end(): Promise<void> {
  while (ending.length > 0) await ending.pop()?.();
}

afterEach(end);
afterAll(end);

function description(endpoint: string, changes: object = {}): DeliveryParts {
  return {
    deliveryId: 'D1',
    logType: SIZED_LOG_TYPE,
    delivery: {},
    destination: {
      outputFormat: 'json',
      settings: { type: 'FH', streamName: STREAM, endpoint, ...changes },
    },
  };
}

interface Parts extends DeliveryWorld {
  readonly server: FirehoseServer;
}

async function open(): Promise<Parts> {
  const server = await FirehoseServer.start();
  ending.push(() => server.http.close());
  server.createStream(STREAM);
  const world = await openWorld({}, IMPATIENT_CLOCK);
  ending.push(() => world.close());
  return { ...world, server };
}

const linesOf = (events: readonly AuditEvent[]): readonly string[] =>
  events.map((event) => `${whole(event)}\n`);

/** Delivers the events, with what `spoil` does to the server, until all are there. */
async function arriving(
  events: readonly AuditEvent[],
  spoil: (server: FirehoseServer) => void = () => {},
): Promise<{ readonly server: FirehoseServer; readonly run: DeliveryRun }> {
  const { server, append, run, untilDelivered } = await open();
  spoil(server);
  await append(events);
  const started = await run(description(server.http.endpoint));
  await untilDelivered();
  return { server, run: started };
}

/** Four calls when all goes well. */
const EVENTS = sizedEvents(3 * CALL_RECORDS_MAX + 100);
const CALLS = 4;

test('events come in as few calls as the service takes, each once, in order', async () => {
  const { server } = await arriving(EVENTS);
  expect(server.http.calls).toHaveLength(CALLS);
  expect(server.taken(STREAM).map(({ data }) => data)).toEqual(linesOf(EVENTS));
});

const atEveryCall = QUICK_FAULTS.flatMap((fault) =>
  Array.from({ length: CALLS }, (_, at) => [fault, at] as const),
);

test.each(atEveryCall)(
  '%s at call %i: all is there, nothing twice that was answered',
  async (fault, at) => {
    const { server, run } = await arriving(EVENTS, ({ http }) => {
      http.faultOf = (number) => (number === at ? fault : 'none');
    });
    expect(server.http.calls[at]?.fault).toBe(fault);
    const taken = server.taken(STREAM);
    expect(firstArrivals(taken)).toEqual(linesOf(EVENTS));
    expect(givenAgain(taken)).toEqual([]);
    expect(run.status()).toMatchObject({ delivered: EVENTS.length, deadLetters: 0 });
  },
);

test(`faults at random calls, and records that are not taken (seeds from ${FIRST_SEED})`, async () => {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
    const random = randomBy(seed);
    const { server } = await arriving(EVENTS, (made) => {
      made.http.faultOf = () =>
        random() < 0.4
          ? (QUICK_FAULTS[Math.floor(random() * QUICK_FAULTS.length)] ?? 'none')
          : 'none';
      made.refuses = () => random() < 0.01;
      made.writesNulls = random() < 0.5;
    });
    const taken = server.taken(STREAM);
    expect([seed, firstArrivals(taken).toSorted()]).toEqual([seed, linesOf(EVENTS).toSorted()]);
    expect([seed, givenAgain(taken)]).toEqual([seed, []]);
    await end();
  }
});

test('records behind one that was not taken are there before it, but only those of its call', async () => {
  const { server } = await arriving(EVENTS, (made) => {
    made.refuses = ({ number }, at) => number === 1 && at === 7;
  });
  const lines = linesOf(EVENTS);
  const late = lines[CALL_RECORDS_MAX + 7] ?? '';
  const arrived = server.taken(STREAM).map(({ data }) => data);
  expect(arrived.indexOf(late)).toBe(2 * CALL_RECORDS_MAX - 1);
  expect(arrived.filter((line) => line !== late)).toEqual(lines.filter((line) => line !== late));
});

test('a record of 1,024,000 bytes arrives; a longer one is a dead letter, and the others pass', async () => {
  const nowMs = Date.now();
  // With its line break.
  const most = sizedEvent(1, nowMs, RECORD_BYTES_MAX - 1);
  const tooLong = sizedEvent(2, nowMs, RECORD_BYTES_MAX);
  const { server, run } = await arriving([
    sizedEvent(0, nowMs),
    most,
    tooLong,
    sizedEvent(3, nowMs),
  ]);
  expect(server.taken(STREAM).map(({ data }) => data.length)).toEqual(
    linesOf([sizedEvent(0, nowMs), most, sizedEvent(3, nowMs)]).map(({ length }) => length),
  );
  expect(run.status()).toMatchObject({ delivered: 3, deadLetters: 1 });
});

test('a call of 4 MiB to the last byte is taken, a byte more makes two calls', async () => {
  const nowMs = Date.now();
  const fifth = Math.floor(CALL_BYTES_MAX / 5);
  for (const more of [0, 1]) {
    const { server, destination } = await open();
    const made = destination(description(server.http.endpoint));
    ending.push(() => made.close());
    const last = CALL_BYTES_MAX - 4 * fifth + more;
    // Each with its line break.
    const sizes = [fifth, fifth, fifth, fifth, last].map((bytes) => bytes - 1);
    const batch = batchOf(sizes.map((bytes, number) => sizedEvent(number, nowMs, bytes)));
    const outcomes = await made.deliver(batch, new AbortController().signal);
    expect(outcomes).toEqual(sizes.map(() => 'delivered'));
    expect(server.http.calls).toHaveLength(1 + more);
  }
});

test('what is not there yet is waited for', async () => {
  const { server, append, run, untilDelivered } = await open();
  await append(EVENTS);
  const started = await run(description(server.http.endpoint, { streamName: 'later' }));
  const why = await until(
    () => started.status().lastError,
    NOTICED_WITHIN_MS,
    () => 'nothing was told',
  );
  expect(why).toMatch(/ResourceNotFoundException: .*later.*; make it/);
  server.createStream('later');
  await untilDelivered();
  expect(firstArrivals(server.taken('later'))).toEqual(linesOf(EVENTS));
});

test('an answer that never comes is given up, in words', async () => {
  const { server } = await open();
  server.http.faultOf = () => 'silent';
  const made = new FirehoseDestination({
    client: { region: 'us-east-1', endpoint: server.http.endpoint, maxAttempts: 1 },
    streamName: STREAM,
    text: { outputFormat: 'json', fields: [] },
    requestTimeoutMs: 200,
  });
  ending.push(() => made.close());
  await expect(
    made.deliver(batchOf(sizedEvents(1)), new AbortController().signal),
  ).rejects.toMatchObject({
    code: 'unreachable',
    message: expect.stringMatching(/^PutRecordBatch to audit: .*no answer within 0.2 s$/),
  });
});

test('a test says in words what is wrong', async () => {
  const { server, destination } = await open();
  const told = async (changes: object = {}): Promise<string> => {
    const made = destination(description(server.http.endpoint, changes));
    const { ok, message } = await made.test(new AbortController().signal);
    await made.close();
    return `${ok ? 'ok' : 'not ok'}: ${message}`;
  };
  expect(await told()).toBe('ok: the stream audit is active and takes records');
  expect(await told({ streamName: 'none' })).toMatch(/^not ok: .*ResourceNotFound.*; make it/);
  server.createStream('new', { status: 'CREATING' });
  expect(await told({ streamName: 'new' })).toBe(
    'not ok: the stream new is CREATING: expected ACTIVE',
  );
  server.createStream('other', { type: 'KinesisStreamAsSource' });
  expect(await told({ streamName: 'other' })).toMatch(
    /from KinesisStreamAsSource: expected Direct/,
  );
  expect(await told({ region: 'eu-west-1' })).toMatch(/^not ok: .*valid region.*; set the region/);
  for (const [aheadMs, text] of [
    [3_600_000, 'expired'],
    [-3_600_000, 'not yet current'],
  ] as const) {
    server.http.clockAheadMs = aheadMs;
    const why = new RegExp(`^not ok: .*Signature ${text}.*; set this machine's clock`);
    expect(await told()).toMatch(why);
  }
  server.http.clockAheadMs = 0;
  server.http.denied.add('DescribeDeliveryStream');
  expect(await told()).toMatch(/^not ok: .*AccessDenied.*; give the key the permission/);
  server.http.denied.clear();
  process.env['AWS_ACCESS_KEY_ID'] = 'AKIAOFNOBODY';
  expect(await told()).toMatch(/^not ok: .*UnrecognizedClient.*; give the key/);
  process.env['AWS_ACCESS_KEY_ID'] = DOUBLES_KEY.accessKeyId;
  process.env['AWS_SECRET_ACCESS_KEY'] = 'wrong';
  expect(await told()).toMatch(/^not ok: .*InvalidSignature.*does not match.*; give the key/);
  process.env['AWS_SECRET_ACCESS_KEY'] = DOUBLES_KEY.secretAccessKey;
  expect(await told({ endpoint: 'http://127.0.0.1:9' })).toMatch(/^not ok: .*ECONNREFUSED/);
});

// The compiled SQL on the real engine agrees with the reference executor over queries and events
// made by chance. Every run of the tests makes the same ones, so that a change is blamed for what it
// did; `npm run fuzz:queries` makes others for as long as it is told, and MAILTRAIL_TEST_SEED repeats
// one of its rounds.
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { canonicalJson } from '../../src/event/canonical-json.ts';
import { logGroupName } from '../../src/event/log-type.ts';
import { parseQuery, type QueryScope, type ResultField } from '../../src/insights/index.ts';
import { QueryEngine } from './query-engine.ts';
import { Choices, numbers } from './reference/choices.ts';
import { FIRST_MS, putBy, recordsBy } from './reference/event-sets.ts';
import { execute, type ReferenceCell } from './reference/execute.ts';
import type { ReferenceEvent } from './reference/fields.ts';
import { QueryMaker } from './reference/typed-queries.ts';
import { numberOf, shownText } from './reference/values.ts';

const FIRST_SEED = 20_240_228;
const firstSeed = Number(process.env['MAILTRAIL_TEST_SEED'] ?? FIRST_SEED);
/** For how long further rounds are begun. */
const furtherMs = Number(process.env['MAILTRAIL_TEST_MINUTES'] ?? 0) * 60_000;

/** Sets of events, and queries over each of them. */
const SETS = 10;
const QUERIES_PER_SET = 225;
const EVENTS_PER_SET = 24;
/** Numbers that decide about one query; about all events of a set. */
const QUERY_NUMBERS = 60;
const SET_NUMBERS = EVENTS_PER_SET * 50;

const NOW_MS = FIRST_MS + 400 * 86_400_000;
const AUDIT_GROUPS = (['AUTHENTICATION_LOGS', 'EMAIL_EVENT_LOGS'] as const).map((logType) => ({
  name: logGroupName('acme', logType),
  logType,
}));
const PUT_GROUP = { name: '/app/put', logGroupId: 'put' };
const SCOPE: QueryScope = {
  groups: AUDIT_GROUPS,
  known: [...AUDIT_GROUPS, PUT_GROUP],
  account: '000000000000',
  startMs: 0,
  endMs: NOW_MS,
  nowMs: NOW_MS,
};

/** What queries join: of a set that has none of them there is nothing to find. */
const JOINED = [...AUDIT_GROUPS, PUT_GROUP].map(({ name }) => name);

let engine: QueryEngine;

beforeAll(() => {
  engine = new QueryEngine();
});

afterAll(() => engine.close());

/** What a set is of: audit logs, a group that clients put events into, or both. */
type Kind = 'audit' | 'put' | 'both';
const KINDS: readonly Kind[] = ['audit', 'put', 'audit', 'put', 'both'];

/** Times of some of the sets, of which events lie at both ends. */
const PART = { startMs: FIRST_MS + 250, endMs: FIRST_MS + 2 * 86_400_000 };

interface LoadedSet {
  readonly events: readonly ReferenceEvent[];
  readonly scope: QueryScope;
}

/** Loads a set of events and gives them as the reference executor reads them. */
function loaded(choices: Choices, kind: Kind, times: Partial<QueryScope>): LoadedSet {
  const half = EVENTS_PER_SET / 2;
  const records = kind === 'put' ? [] : recordsBy(choices, kind === 'both' ? half : 2 * half);
  const put = kind === 'audit' ? [] : putBy(choices, PUT_GROUP.logGroupId, half);
  const shown = { ingestedMs: NOW_MS, account: SCOPE.account, declared: kind === 'audit' };
  const audit = engine.load(records, put, NOW_MS).map((event, position): ReferenceEvent => {
    const message = canonicalJson(event);
    const log = logGroupName('acme', event.log_type);
    return { ...shown, position, timeMs: event.event_timestamp, log, stream: 'mailtrail', message };
  });
  const others = put.map((event, index): ReferenceEvent => {
    const { event_timestamp: timeMs, log_stream: stream, message } = event;
    const position = records.length + index;
    return { ...shown, position, timeMs, log: PUT_GROUP.name, stream, message };
  });
  const groups = [
    ...(kind === 'put' ? [] : AUDIT_GROUPS),
    ...(kind === 'audit' ? [] : [PUT_GROUP]),
  ];
  return { events: [...audit, ...others], scope: { ...SCOPE, ...times, groups } };
}

/** Whether two numbers are the same but for the last digits of a double. */
function near(a: number, b: number): boolean {
  return a === b || Math.abs(a - b) <= 1e-6 * Math.max(Math.abs(a), Math.abs(b), 1e-3);
}

/** The rows of the engine, numbers that are as good as the expected ones being these. */
function comparable(
  rows: readonly (readonly ResultField[])[],
  expected: readonly (readonly ReferenceCell[])[],
): string[][][] {
  return rows.map((row, at) =>
    row.map(({ field, value }, index) => {
      const cell = expected[at]?.[index]?.[1];
      const wanted = cell === undefined || typeof cell === 'string' ? undefined : numberOf(cell);
      const same = wanted !== undefined && near(wanted, Number(value));
      return [field, same ? (shownText(cell) ?? '') : value];
    }),
  );
}

/** What the engine and the reference executor answer; undefined where the query is refused. */
function answers(text: string, { events, scope }: LoadedSet): unknown[] | undefined {
  try {
    const rows = engine.run(text, scope);
    if (rows === undefined) return undefined;
    const parsed = parseQuery(text);
    if (!parsed.ok) throw new Error(parsed.error.message);
    const expected = execute(parsed.ast, text, events, scope);
    const shown = expected.map((row) => row.map(([name, value]) => [name, shownText(value)]));
    return [comparable(rows, expected), shown];
  } catch (error) {
    throw new Error(`cannot run ${text}`, { cause: error });
  }
}

/** Compares the answers to many queries over several sets of events; gives how many were compared. */
function round(seed: number): number {
  let compiled = 0;
  const sets = fc.sample(numbers(SET_NUMBERS, SET_NUMBERS), { numRuns: SETS, seed });
  for (const [index, numbersOfSet] of sets.entries()) {
    const kind = KINDS[index % KINDS.length] ?? 'audit';
    const events = loaded(new Choices(numbersOfSet), kind, index % 4 < 3 ? {} : PART);
    fc.assert(
      fc.property(numbers(0, QUERY_NUMBERS), (numbersOfQuery) => {
        const text = new QueryMaker(new Choices(numbersOfQuery), JOINED).query();
        const [actual, expected] = answers(text, events) ?? [];
        if (expected === undefined) return;
        compiled++;
        expect(actual, `${text} (seed ${seed})`).toEqual(expected);
      }),
      { numRuns: QUERIES_PER_SET, seed: seed + index },
    );
  }
  return compiled;
}

test(
  `SQL and the reference executor agree (from seed ${firstSeed})`,
  // Without a disagreement it takes less than a minute; to find the simplest one takes longer.
  { timeout: 600_000 + furtherMs },
  () => {
    const until = Date.now() + furtherMs;
    let seed = firstSeed;
    do {
      expect(round(seed), `queries that compile (seed ${seed})`).toBeGreaterThan(2000);
      seed += SETS;
    } while (Date.now() < until);
  },
);

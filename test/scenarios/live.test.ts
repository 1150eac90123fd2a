// The scenarios live: the same stories played at the same time on one pair of servers that run with the
// printed configuration, watched by the built program; and exactly the expected events in the store.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../e2e/running-server.ts';
import { readGolden } from './golden.ts';
import { startLiveWorld, type LiveWorld } from './live-world.ts';
import { contents, difference, normalised, scenarioOf, type EventRecord } from './normalise.ts';
import { inParallel } from './parallel.ts';
import { addressOf, type Scenario } from './scenario.ts';
import { Stage } from './stage.ts';
import { SCENARIOS } from './stories/all.ts';
import { stepOf, TRACE_FIELDS, TRACES, type Row } from './traces.ts';

const CORPUS = join(import.meta.dirname, '..', 'corpus', 'scenarios');
/**
 * Played before the others: an automatic reply is joined with the one message that its recipient has
 * under way, and carol of partner.test writes in other stories, too.
 */
const ALONE = 'sieve-actions';
/** How many stories are told at the same time. */
const PARALLEL = 6;
/** How long it may take from the last command until every event can be found, in ms. */
const EVENTS_DEADLINE_MS = 30_000;
/** How long no event may come any more before the count is final, in ms: more than any join waits. */
const QUIET_MS = 3_000;

function isAlone({ name }: Scenario): boolean {
  return name === ALONE;
}

function expected(scenario: Scenario): EventRecord[] {
  return readGolden(join(CORPUS, scenario.name));
}

/**
 * The rows as steps, in their order; those of one millisecond, whose order no time tells, in the order
 * of the expected ones.
 */
function inOrder(rows: readonly Row[], steps: readonly string[]): string[] {
  const ordered: string[] = [];
  const left = rows.map((row) => ({ time: row['@timestamp'] ?? '', step: stepOf(row) }));
  while (left.length > 0) {
    const now = left.filter(({ time }) => time === left[0]?.time);
    const wanted = now.find(({ step }) => step === steps[ordered.length]) ?? now[0];
    if (wanted === undefined) break;
    ordered.push(wanted.step);
    left.splice(left.indexOf(wanted), 1);
  }
  return ordered;
}

describe('played live', () => {
  let world: LiveWorld;
  let found: readonly EventRecord[] = [];

  beforeAll(async () => {
    world = await startLiveWorld(SCENARIOS);
    const workOf = (scenario: Scenario) => async (): Promise<void> => {
      await scenario.play(new Stage(scenario, world.servers));
    };
    await inParallel(SCENARIOS.filter(isAlone).map(workOf), 1);
    const beside = SCENARIOS.filter((scenario) => !isAlone(scenario));
    await inParallel(beside.map(workOf), PARALLEL);
    const wanted = SCENARIOS.reduce((sum, scenario) => sum + expected(scenario).length, 0);
    const deadline = Date.now() + EVENTS_DEADLINE_MS;
    let quietSince = Date.now();
    // Too many events are as wrong as too few: the count must hold.
    await until(
      async () => {
        const now = await world.events();
        if (now.length !== found.length) quietSince = Date.now();
        found = now;
        const quiet = Date.now() - quietSince > QUIET_MS;
        return quiet && (now.length >= wanted || Date.now() > deadline) ? true : undefined;
      },
      EVENTS_DEADLINE_MS + 2 * QUIET_MS,
      () => `events still come: ${found.length}`,
    );
  });
  afterAll(() => world?.stop());

  test.each(SCENARIOS.map((scenario) => [scenario.name, scenario] as const))(
    '%s leaves exactly the expected events',
    (_name, scenario) => {
      const own = found.filter((event) => scenarioOf(event, SCENARIOS) === scenario);
      const wanted = expected(scenario);
      expect(difference(contents(wanted), contents(own))).toBe('');
      // Then also that what belongs together is joined.
      expect(difference(normalised(wanted), normalised(own))).toBe('');
    },
  );

  test('no event belongs to no scenario', () => {
    expect(found.filter((event) => scenarioOf(event, SCENARIOS) === undefined)).toEqual([]);
  });

  test.each(TRACES.map((trace) => [trace.title, trace] as const))(
    'one query for the request tells all of it: %s',
    async (_title, trace) => {
      const { scenario, place, port, steps } = trace;
      const signIn = found.find(
        (event) =>
          event['log_type'] === 'AUTHENTICATION_LOGS' &&
          event['source_ip'] === addressOf(scenario, place) &&
          event['source_port'] === port,
      );
      const fields = ['@timestamp', ...TRACE_FIELDS].join(', ');
      const rows = await world.mailtrail.query(
        `fields ${fields} | filter request_id = "${String(signIn?.['request_id'])}" | sort @timestamp asc`,
      );
      expect(inOrder(rows, steps)).toEqual(steps);
    },
  );
});

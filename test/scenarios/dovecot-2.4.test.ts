// The scenarios live on Dovecot 2.4, with each of its ways of handing out events: what Mailtrail tells is
// what it tells of Dovecot 2.3, but for what 2.4 does otherwise or knows better.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../e2e/running-server.ts';
import type { ExporterDriver } from '../servers/dovecot-2.4.ts';
import { readGolden } from './golden.ts';
import { startLiveWorld, type LiveWorld } from './live-world.ts';
import { contents, difference, normalised, scenarioOf, type EventRecord } from './normalise.ts';
import { inParallel } from './parallel.ts';
import type { Scenario } from './scenario.ts';
import { Stage } from './stage.ts';
import { SCENARIOS } from './stories/all.ts';

const CORPUS = join(import.meta.dirname, '..', 'corpus', 'scenarios');
const PARALLEL = 6;
/** Over a socket, where Dovecot drops what is not read at once, stories are told one after the other. */
const PARALLEL_BY_SOCKET = 1;
/** More events at once than Dovecot keeps for a reader of its socket, who may be late: it drops some. */
const BURST = 'fetch-many';
/** Sieve's replies are joined by whom they answer and when, and the stories have correspondents in common. */
const ALONE = 'sieve-actions';
const EVENTS_DEADLINE_MS = 30_000;
/** More than any join waits, in ms: what comes late, comes by then. */
const QUIET_MS = 3_000;

/** What 2.4.1 answers in other words than 2.3.19. */
const OTHER_WORDS: readonly (readonly [from: string, to: string])[] = [
  ["NO Mailbox doesn't exist: ", "NO [NONEXISTENT] Mailbox doesn't exist: "],
  ["Sieve script `nowhere' not found", 'Sieve script not found'],
];

/** The name that the story `overlong` gives a folder: only lines of the log are cut after 1,000 characters. */
const LONG_NAME = 'g'.repeat(1_200);

/** An event of 2.3 as 2.4 gives it. */
function of24(event: EventRecord, driver: ExporterDriver): EventRecord {
  const { reply, transport, folder_path: folder } = event;
  const wasCut = driver !== 'log' && typeof folder === 'string' && /^g{900,}\.\.\.$/.test(folder);
  const words = OTHER_WORDS.find(([from]) => typeof reply === 'string' && reply.startsWith(from));
  return {
    ...event,
    ...(words !== undefined && { reply: String(reply).replace(words[0], words[1]) }),
    ...(wasCut && { folder_path: LONG_NAME }),
    // The clients come through a proxy on the same machine: 2.4 judges by the proxy's address.
    ...(transport === 'insecure' && { transport: 'trusted' }),
  };
}

function expected(scenario: Scenario, driver: ExporterDriver): EventRecord[] {
  return readGolden(join(CORPUS, scenario.name)).map((event) => of24(event, driver));
}

const DRIVERS: readonly ExporterDriver[] = ['log', 'file', 'unix'];

function isAlone({ name }: Scenario): boolean {
  return name === ALONE;
}

describe.each(DRIVERS)('Dovecot 2.4 with the exporter %s', (driver) => {
  const played = SCENARIOS.filter(({ name }) => driver !== 'unix' || name !== BURST);
  let world: LiveWorld;
  let found: readonly EventRecord[] = [];

  beforeAll(async () => {
    world = await startLiveWorld(played, driver);
    const play = (scenario: Scenario) => () => scenario.play(new Stage(scenario, world.servers));
    const parallel = driver === 'unix' ? PARALLEL_BY_SOCKET : PARALLEL;
    await inParallel(played.filter((scenario) => !isAlone(scenario)).map(play), parallel);
    await inParallel(played.filter(isAlone).map(play), 1);
    const wanted = played.reduce((sum, scenario) => sum + expected(scenario, driver).length, 0);
    const deadline = Date.now() + EVENTS_DEADLINE_MS;
    let quietSince = Date.now();
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

  test.each(played.map((scenario) => [scenario.name, scenario] as const))(
    '%s leaves exactly the expected events',
    (_name, scenario) => {
      const own = found.filter((event) => scenarioOf(event, played) === scenario);
      const wanted = expected(scenario, driver);
      expect(difference(contents(wanted), contents(own))).toBe('');
      // Then also that what belongs together is joined.
      expect(difference(normalised(wanted), normalised(own))).toBe('');
    },
  );
});

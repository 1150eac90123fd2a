// All scenarios recorded while they were played at the same time: on a busy machine the lines of the
// servers' processes overtake each other, yet the events of each scenario are the same as alone.
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { newestOf, readGolden } from './golden.ts';
import { contents, difference, normalised, scenarioOf, type EventRecord } from './normalise.ts';
import { replay } from './replay.ts';
import { SCENARIOS } from './stories/all.ts';

// Postfix writes local time without a zone.
process.env['TZ'] = 'UTC';

const CORPUS = join(import.meta.dirname, '..', 'corpus');
let found: readonly EventRecord[] = [];

beforeAll(async () => {
  const events = newestOf(await replay(join(CORPUS, 'together'), 'as recorded'));
  found = events.map((event): EventRecord => ({ ...event }));
});

test.each(SCENARIOS.map((scenario) => [scenario.name, scenario] as const))(
  '%s becomes the same events as alone',
  (name, scenario) => {
    const own = found.filter((event) => scenarioOf(event, SCENARIOS) === scenario);
    const wanted = readGolden(join(CORPUS, 'scenarios', name));
    expect(difference(contents(wanted), contents(own))).toBe('');
    expect(difference(normalised(wanted), normalised(own))).toBe('');
  },
);

test('no event belongs to no scenario', () => {
  expect(found.filter((event) => scenarioOf(event, SCENARIOS) === undefined)).toEqual([]);
});

// `npm run record-corpus [NAME…]`: plays each scenario on servers of its own and records it; the name
// `together` stands for all of them played at the same time. The expected events are made from that by
// `vitest --project unit --update`, and then read by a person.
import { join } from 'node:path';
import { projectRoot } from '../../servers/snippet.ts';
import { SCENARIOS } from '../stories/all.ts';
import { record } from './recording.ts';

const CORPUS = join(projectRoot(), 'test', 'corpus');
const TOGETHER = 'together';
/** All at the same time: the lines of the servers' processes overtake each other as on a busy machine. */
const PARALLEL = SCENARIOS.length;

const wanted = process.argv.slice(2);
const known = [...SCENARIOS.map((scenario) => scenario.name), TOGETHER];
const unknown = wanted.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`no scenario is named ${unknown.join(', ')}`);
  process.exit(2);
}
const plans = [
  ...SCENARIOS.map((scenario) => ({
    name: scenario.name,
    folder: join(CORPUS, 'scenarios', scenario.name),
    scenarios: [scenario],
  })),
  { name: TOGETHER, folder: join(CORPUS, TOGETHER), scenarios: SCENARIOS },
];
for (const { name, folder, scenarios } of plans) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  try {
    await record(folder, scenarios, SCENARIOS, PARALLEL);
    console.log(`recorded ${name}`);
  } catch (error) {
    console.error(`${name}:`, error);
    process.exitCode = 1;
  }
}

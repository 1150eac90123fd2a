// `npm run fuzz -- [TARGET…] [--minutes N] [--seed N]`: tries to break what reads strangers' bytes, for
// so many minutes of processor time, all targets in turn. A failure is printed with its seed, its
// path and the shrunk input, and ends the run with exit code 1.
import fc from 'fast-check';
import { parseArgs } from 'node:util';
import { ACCESS_TARGETS } from './access-targets.ts';
import { MAPPING_TARGETS } from './mapping-targets.ts';
import { MILTER_TARGETS } from './milter-targets.ts';
import { dovecotMutated, postfixMutated } from './mutated-corpus.ts';
import { dovecotStories, postfixStories } from './story-targets.ts';
import { TEXT_TARGETS } from './text-targets.ts';
import type { FuzzTarget } from './target.ts';

const TARGETS: readonly FuzzTarget[] = [
  dovecotStories,
  postfixStories,
  dovecotMutated,
  postfixMutated,
  ...TEXT_TARGETS,
  ...MILTER_TARGETS,
  ...MAPPING_TARGETS,
  ...ACCESS_TARGETS,
];
/** Inputs tried before the next target has its turn. */
const RUNS_IN_TURN = 500;
const MINUTES_DEFAULT = 10;

/** Processor time of this process, in minutes. */
function processorMinutes(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 60e6;
}

process.env['TZ'] = 'UTC';
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { minutes: { type: 'string' }, seed: { type: 'string' } },
});
const minutes = Number(values.minutes ?? MINUTES_DEFAULT);
let seed = Number(values.seed ?? Date.now() % 2 ** 31);
const unknown = positionals.filter((name) => !TARGETS.some((target) => target.name === name));
if (unknown.length > 0 || !(minutes > 0) || !Number.isInteger(seed)) {
  const known = TARGETS.map(({ name }) => name).join(' ');
  console.error(`usage: npm run fuzz -- [TARGET…] [--minutes N] [--seed N]\ntargets: ${known}`);
  process.exit(2);
}
const chosen = TARGETS.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
const runs = new Map<string, number>();

while (processorMinutes() < minutes) {
  seed++;
  for (const target of chosen) {
    const details = await fc.check(target.property(), { seed, numRuns: RUNS_IN_TURN });
    runs.set(target.name, (runs.get(target.name) ?? 0) + details.numRuns);
    if (!details.failed) continue;
    const { counterexample, counterexamplePath, errorInstance } = details;
    console.error(`${target.name} broke: seed ${seed}, path ${counterexamplePath ?? ''}`);
    console.error(JSON.stringify(counterexample));
    console.error(errorInstance);
    process.exit(1);
  }
}
for (const [name, count] of runs) console.log(`${name.padEnd(24)} ${count} inputs`);
console.log(`${processorMinutes().toFixed(1)} minutes of processor time, the last seed ${seed}`);

// `npm run bench -- NAME…`: runs the named benchmarks one after the other, all of them when none is named.
import { machine } from './measure.ts';

const BENCHMARKS = [
  'journal',
  'store',
  'put-groups',
  'ingest',
  'parsers',
  'tail',
  'policy',
  'sign-in',

  'access-decide',
  'milter',
  'freshness',
  'start-query',
  'imap-cost',
] as const;

const named = process.argv.slice(2).filter((name) => !name.startsWith('-'));
const unknown = named.filter((name) => !(BENCHMARKS as readonly string[]).includes(name));
if (unknown.length > 0) {
  console.error(`no benchmark is called ${unknown.join(', ')}; there are ${BENCHMARKS.join(', ')}`);
  process.exit(2);
}
console.log(`${new Date().toISOString().slice(0, 10)}, ${machine()}`);
for (const name of BENCHMARKS) {
  if (named.length > 0 && !named.includes(name)) continue;
  console.log(`\n${name}`);
  const { run } = (await import(`./${name}.js`)) as { run: () => Promise<void> };
  await run();
}

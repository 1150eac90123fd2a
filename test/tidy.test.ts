// The written style, enforced: what a reviewer should not have to look for.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..');

/** Hard limit of a source file; what people aim for is 300. */
const SOURCE_LINES_MAX = 400;
const LINE_LENGTH_MAX = 160;

/** Packages whose install step was read and does nothing. */
const KNOWN_INSTALL_SCRIPTS = ['node_modules/chdb'];

function trackedFiles(): string[] {
  const out = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  return out.split('\n').filter((name) => name !== '' && existsSync(join(ROOT, name)));
}

const FILES = trackedFiles();
const SOURCES = FILES.filter((name) => /^(src|test|bench|demo)\/.*\.ts$/.test(name));
const read = (name: string): string => readFileSync(join(ROOT, name), 'utf8');

/** The places where the text matches, as `file:line`. */
function places(names: readonly string[], pattern: RegExp): string[] {
  return names.flatMap((name) =>
    read(name)
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) ? [`${name}:${index + 1}`] : [])),
  );
}

test('source files stay short', () => {
  const long = SOURCES.filter((name) => name.startsWith('src/') && !name.endsWith('.test.ts'))
    .map((name) => ({ name, lines: read(name).split('\n').length - 1 }))
    .filter(({ lines }) => lines > SOURCE_LINES_MAX);
  expect(long).toEqual([]);
});

test('lines stay readable', () => {
  // queries of the demo and recorded lines in tests are as long as they are
  const written = SOURCES.filter(
    (name) => /^(src|bench)\//.test(name) && !name.endsWith('.test.ts'),
  );
  expect(places(written, new RegExp(`^.{${LINE_LENGTH_MAX + 1},}$`))).toEqual([]);
});

test('every source file opens by saying its place in the flow', () => {
  const silent = SOURCES.filter(
    (name) => name.startsWith('src/') && !name.endsWith('.test.ts'),
  ).filter((name) => !/^(#!.*\n)?(\/\/|\/\*\*?) ?\S/.test(read(name)));
  expect(silent).toEqual([]);
});

test('file names are nouns of the field', () => {
  const vague = /^(utils?|helpers?|common|misc|manager|shared|stuff)\b/;
  expect(SOURCES.filter((name) => vague.test(basename(name)))).toEqual([]);
});

test('nothing is left half done, skipped or focused', () => {
  const self = 'test/tidy.test.ts';
  const others = SOURCES.filter((name) => name !== self);
  expect(places(others, /\b(TODO|FIXME|XXX|HACK)\b/)).toEqual([]);
  expect(places(others, /\b(it|test|describe)\.(skip|only|todo|skipIf|runIf)\b/)).toEqual([]);
  expect(
    places(others, /@ts-(ignore|expect-error|nocheck)|\bas any\b|: any[;,)\]|=\s]*[;,)\]|=]/),
  ).toEqual([]);
});

test('the ports to the outside are used: no stray clocks or consoles in src', () => {
  const src = SOURCES.filter((name) => name.startsWith('src/') && !name.endsWith('.test.ts'));
  expect(places(src, /\bconsole\.(log|error|warn|info)\b/)).toEqual([]);
  const pure = src.filter((name) => /^src\/(event|access|insights)\//.test(name));
  expect(places(pure, /\bDate\.now\(|\bnew Date\(\)|Math\.random\(|from 'node:/)).toEqual([]);
});

test('links in the documentation lead somewhere', () => {
  const broken: string[] = [];
  for (const name of FILES.filter((file) => file.endsWith('.md'))) {
    for (const match of read(name).matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)[^)]*\)/g)) {
      const target = join(ROOT, dirname(name), match[1] ?? '');
      if (!existsSync(target)) broken.push(`${name}: ${match[1]}`);
    }
  }
  expect(broken).toEqual([]);
});

test('the lockfile names no registry and no package that builds or downloads at install', () => {
  const lock = JSON.parse(read('package-lock.json')) as {
    packages: Record<string, { resolved?: string; hasInstallScript?: boolean; dev?: boolean }>;
  };
  const entries = Object.entries(lock.packages);
  expect(entries.filter(([, entry]) => entry.resolved?.startsWith('http')).map(([n]) => n)).toEqual(
    [],
  );
  const scripts = entries.filter(([, entry]) => entry.hasInstallScript === true && !entry.dev);
  expect(scripts.map(([name]) => name)).toEqual(KNOWN_INSTALL_SCRIPTS);
});

// Which folder may import which: `event` imports nothing, features never import each other's
// insides, only `app.ts` knows them all.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { expect, test } from 'vitest';

const SRC = join(import.meta.dirname, '..', 'src');

/** What a folder may import besides itself: folders, or single files that are contracts. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  event: [],
  platform: [],
  access: ['event'],
  journal: ['event', 'platform'],
  store: ['event', 'platform', 'journal/journal.ts'],
  deliver: [
    'event',
    'platform',
    'insights',
    'journal/journal.ts',
    // Descriptions are written like the configuration.
    'config/quantity.ts',
    'config/suggest.ts',
  ],
  state: ['event', 'platform', 'access', 'journal/journal.ts', 'deliver/delivery.ts'],
  insights: ['event', 'store/event-table.ts', 'store/log-event-columns.ts', 'store/event-store.ts'],
  collect: [
    'event',
    'platform',
    'access',
    'journal/journal.ts',
    // Mapping files are written and read like the configuration.
    'config/yaml-source.ts',
    'config/raw-tree.ts',
    'config/suggest.ts',
  ],
  directory: ['platform', 'config/yaml-source.ts', 'config/raw-tree.ts', 'config/suggest.ts'],
  config: ['event', 'platform', 'access', 'deliver/delivery.ts', 'deliver/description.ts'],
  api: [
    'event',
    'platform',
    'access',
    'config',
    'insights',
    'collect/collector.ts',
    'journal/journal.ts',
    'store/event-store.ts',
    'store/event-table.ts',
    'state/state.ts',
    'state/documents.ts',
    'deliver/delivery.ts',
    'deliver/arn.ts',
    'deliver/check-delivery.ts',
    'deliver/output-formats.ts',
    'deliver/format/record-text.ts',
    'deliver/s3/object-key.ts',
    'deliver/delivery-run.ts',
    'deliver/description.ts',
    'deliver/resource-arn.ts',
    'deliver/destination.ts',
    'deliver/written-description.ts',
    'directory/user-directory.ts',
  ],
  cli: [
    'event',
    'access',
    'platform',
    'config',
    'insights',
    'api/sigv4.ts',
    'app.ts',
    'journal/verify.ts',
    'collect/mapping',
    'deliver/description.ts',
  ],
};

function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name));
}

function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  const found = text.matchAll(/(?:from|import)\s*\(?\s*['"](\.[^'"]+)['"]/g);
  return [...found].map((m) => relative(SRC, normalize(join(dirname(file), m[1] ?? ''))));
}

test('every import goes in the allowed direction', () => {
  const wrong: string[] = [];
  for (const file of sourceFiles(SRC)) {
    const name = relative(SRC, file);
    const folder = name.includes('/') ? (name.split('/')[0] ?? '') : '';
    if (folder === '' || name.endsWith('.test.ts')) continue;
    const allowed = MAY_IMPORT[folder];
    if (allowed === undefined) wrong.push(`${name}: folder ${folder} has no rule in this test`);
    for (const target of importsOf(file)) {
      if (target.startsWith(`${folder}/`)) continue;
      const ok = allowed?.some((rule) => target === rule || target.startsWith(`${rule}/`));
      if (!ok) wrong.push(`${name} imports ${target}`);
    }
  }
  expect(wrong).toEqual([]);
});

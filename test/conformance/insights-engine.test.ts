// Properties of compiled queries that only the real engine can show: it takes every query that
// compiles, @message is the canonical JSON, and regular expressions are refused by us or by nobody.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Session } from 'chdb';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { admitRecord } from '../../src/event/admit.ts';
import type { AuditEvent } from '../../src/event/audit-event.ts';
import { canonicalJson } from '../../src/event/canonical-json.ts';
import type { FieldSpec } from '../../src/event/field.ts';
import { logGroupName, LOG_TYPE_SPECS, type LogTypeSpec } from '../../src/event/log-type.ts';
import { compileQuery, formatRow, type QueryScope } from '../../src/insights/index.ts';
import { printPipeline } from '../../src/insights/parse/commands.ts';
import { readRegex } from '../../src/insights/regex.ts';
import { parseRows } from '../../src/store/event-rows.ts';
import { loadSql } from '../../src/store/load-sql.ts';
import { createTableSql } from '../../src/store/schema.ts';
import { query } from './generated-queries.ts';

const NOW_MS = Date.UTC(2026, 10, 26, 12);
const SCOPE: QueryScope = {
  groups: LOG_TYPE_SPECS.map(({ logType }) => ({ name: logGroupName('acme', logType), logType })),
  account: '000000000000',
  startMs: 0,
  endMs: NOW_MS,
  nowMs: NOW_MS,
};

const directory = mkdtempSync(join(tmpdir(), 'mailtrail-insights-'));
let session: Session;

beforeAll(() => {
  session = new Session(join(directory, 'engine'));
});

afterAll(() => {
  session.close();
  rmSync(directory, { recursive: true });
});

let databases = 0;

/** Makes a new store with these records and uses it. */
function load(records: readonly object[]): AuditEvent[] {
  const lines = records.map((record) => {
    const admitted = admitRecord(JSON.stringify(record), NOW_MS);
    if (!admitted.ok) throw new Error(admitted.reason);
    return admitted.line;
  });
  const path = join(directory, 'events.ndjson');
  writeFileSync(path, lines.join(''));
  const database = `d${++databases}`;
  session.query(`CREATE DATABASE ${database}`);
  session.query(`USE ${database}`);
  session.query(
    createTableSql({ engine: 'MergeTree' }, { version: 1, generation: 'g', damaged: [] }),
  );
  const source = { path, from: 0, to: lines.length, blockStarts: [0], sealedAtMs: [NOW_MS] };
  session.query(loadSql(source, false));
  return lines.map((line) => JSON.parse(line) as AuditEvent);
}

function run(text: string): Record<string, string>[] {
  const compiled = compileQuery(text, SCOPE);
  if (!compiled.ok) throw new Error(`${compiled.error.message}: ${text}`);
  const { sql, parameters } = compiled.query;
  const answer = session.queryBind(sql, parameters, 'JSONCompactEachRow');
  return parseRows(answer).map((row) =>
    Object.fromEntries(formatRow(compiled.columns, row).map(({ field, value }) => [field, value])),
  );
}

const word = fc.oneof(
  fc.constantFrom('', 'x', '5', '-1.5', 'a/b\\"c', '\u2028\\u2028\u001f\u000b', '10.1.2.3', '😀'),
  fc.string({ unit: 'binary', maxLength: 6 }),
);
const anything = fc.jsonValue({ maxDepth: 2 });

function valueOf(field: FieldSpec): fc.Arbitrary<unknown> {
  if (field.path === 'event_timestamp') return fc.integer({ min: NOW_MS - 1e10, max: NOW_MS });
  if (field.oneOf !== undefined) return fc.constantFrom(...field.oneOf);
  switch (field.kind) {
    case 'text':
      return word;
    case 'texts':
      // The table keeps an empty list as an absent one.
      return fc.array(word, { minLength: 1, maxLength: 3 });
    case 'boolean':
      return fc.boolean();
    case 'integer':
    case 'timestamp':
      return fc.maxSafeInteger();
    case 'json':
      return fc.dictionary(fc.constantFrom('a', 'b'), anything, { maxKeys: 2 });
  }
}

/** A record with some of its fields, and some that no declaration knows. */
function recordOf({ logType, fields }: LogTypeSpec): fc.Arbitrary<object> {
  const members = fields
    .filter((field) => !('reserved' in field))
    .map((field) =>
      fc.tuple(
        fc.constant(field.path),
        field.required === true ? valueOf(field) : fc.option(valueOf(field), { nil: undefined }),
      ),
    );
  const extra = fc.dictionary(fc.constantFrom('x', 'y y', '__proto__', 'z.z'), anything, {
    maxKeys: 2,
  });
  return fc.tuple(fc.tuple(...members), extra, extra).map(([values, outer, inner]) => {
    const record: Record<string, unknown> = { log_type: logType, ...outer };
    for (const [path, value] of values) {
      const [first = '', second] = path.split('.');
      if (second === undefined) record[first] = value;
      else record[first] = { ...(record[first] as object), [second]: value };
    }
    if (record['event'] !== undefined) record['event'] = { ...record['event'], ...inner };
    return record;
  });
}

const record = fc.oneof(...LOG_TYPE_SPECS.map(recordOf));

test('@message is the canonical JSON of every event', () => {
  fc.assert(
    fc.property(fc.array(record, { minLength: 20, maxLength: 40 }), (records) => {
      const events = load(records);
      const rows = run('fields @ptr, @message');
      const messages = new Map(rows.map((row) => [row['@ptr'], row['@message']]));
      expect(messages.size).toBe(events.length);
      for (const [position, event] of events.entries()) {
        const pointer = Buffer.from(`e${position}`).toString('base64');
        expect(messages.get(pointer)).toBe(canonicalJson(event));
      }
    }),
    { numRuns: 10 },
  );
});

test('the engine takes every query that compiles', () => {
  load(fc.sample(record, { numRuns: 200, seed: 7 }));
  let compiled = 0;
  fc.assert(
    fc.property(query, (tree) => {
      const text = printPipeline(tree);
      if (!compileQuery(text, SCOPE).ok) return;
      compiled++;
      run(text);
    }),
    { numRuns: 400 },
  );
  expect(compiled).toBeGreaterThan(100);
});

test('estimate tells more bytes where there are more events', () => {
  const [few = 0, many = 0] = [20, 400].map((events) => {
    load(fc.sample(record, { numRuns: events, seed: 8 }));
    return Number(run('filter user = "x" | estimate')[0]?.['@estimatedBytes']);
  });
  expect(few).toBeGreaterThan(20);
  expect(many).toBeGreaterThan(5 * few);
});

const FRAGMENTS = [
  'a é . ^ $ | ( ) (?: (?i) (?<n> (?<m> (?P<p> (?i: * + ? {2} {1,3} {,3} {1001} {500} {2,1} [ ] [^',
  '[a-z] - \\d \\w \\b \\1 \\k \\/ \\_ \\- \\pL \\p{Greek} \\x41 \\x{1F600} \\012 \\0 \\8 \\Q \\E \\z \\Z',
  '\\h \\u0041 \\C [:alpha:] [[:alpha:]] [[:foo:]] && (?= (?! (?<= (?> ++ \\ {',
];
const fragment = fc.constantFrom(...FRAGMENTS.flatMap((line) => line.split(' ')));

test('a regular expression that we take is one the engine takes', () => {
  const pattern = fc.oneof(
    fc.array(fragment, { maxLength: 6 }).map((parts) => parts.join('')),
    fc.string({ unit: 'grapheme', maxLength: 6 }),
  );
  fc.assert(
    fc.property(pattern, (source) => {
      let translated: string;
      try {
        translated = readRegex({ kind: 'regex', source, start: 0, end: 0 }).pattern;
      } catch {
        return;
      }
      // A column keeps the engine from skipping the work.
      const sql = 'SELECT match(toString(number), {p:String}) FROM numbers(1)';
      session.queryBind(sql, { p: `(?-s)${translated}` });
    }),
    { numRuns: 2000 },
  );
});

// Runs the cases of insights/*.test.txt against the real engine, its real table and its real way of
// loading.
//
// The format of a case file, line by line:
//
//   # …                     a comment, anywhere between sections
//   === events              records as POST /v1/events takes them, one JSON object a line, loaded
//                           in this order as positions 0, 1, 2, … of the file's own store; one
//                           with a revision_key is taken as a collector would hand it in
//   === put GROUP STREAM    log events that a client put: each line a time in ms, a space, the text; `\n` in it
//                           is a newline; their positions follow those of the records
//   === lookup TABLE        the CSV of a lookup table, up to the next section
//   === NAME                a case; then its parts, each begun by its own line:
//   --- groups A B          the groups queried: audit logs by the last part of their names, others by name;
//                           all audit logs when absent
//   --- time START END      the time range in ms, both included; all times when absent
//   --- query               the query's text up to the next part
//   --- rows                the rows expected, in order, one JSON object a line with its cells in
//                           order; a cell @ptr need not be named
//   --- error START END     instead of rows: the characters it is about, and on the next line a
//                           part of the message
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Session } from 'chdb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { admitRecord } from '../../src/event/admit.ts';
import { journalLine } from '../../src/event/journal-line.ts';
import { LOG_EVENT_TYPE, type LogEvent } from '../../src/event/log-event.ts';
import { logGroupName, LOG_TYPE_SPECS } from '../../src/event/log-type.ts';
import {
  compileQuery,
  formatRow,
  type QueryScope,
  readLookupTable,
} from '../../src/insights/index.ts';
import { parseRows } from '../../src/store/event-rows.ts';
import { loadSql } from '../../src/store/load-sql.ts';
import { loadLogEventsSql, createLogEventTableSql } from '../../src/store/log-event-table.ts';
import { createTableSql } from '../../src/store/schema.ts';

const FOLDER = join(import.meta.dirname, 'insights');
const NOW_MS = Date.UTC(2026, 10, 26, 12);
/** When the events of the tests were sealed, which is their @ingestionTime. */
const SEALED_MS = Date.UTC(2026, 10, 26, 11, 59, 59, 250);

interface Case {
  readonly name: string;
  readonly parts: ReadonlyMap<string, { readonly words: readonly string[]; readonly text: string }>;
}

interface CaseFile {
  readonly events: readonly string[];
  readonly put: readonly LogEvent[];
  readonly lookups: ReadonlyMap<string, string>;
  readonly cases: readonly Case[];
}

function putEvent(group: string, stream: string, line: string): LogEvent[] {
  const [, time, text] = /^(\d+) (.*)$/.exec(line) ?? [];
  if (time === undefined || text === undefined) return [];
  return [
    {
      log_type: LOG_EVENT_TYPE,
      log_group_id: `id of ${group}`,
      log_stream: stream,
      event_timestamp: Number(time),
      message: text.replaceAll('\\n', '\n'),
    },
  ];
}

function parseCaseFile(text: string): CaseFile {
  const events: string[] = [];
  const put: LogEvent[] = [];
  const lookups = new Map<string, string>();
  const cases: Case[] = [];
  for (const section of text.split(/^=== /m).slice(1)) {
    const [name = '', ...lines] = section.split('\n');
    if (name === 'events') {
      events.push(...lines.filter((line) => line.startsWith('{')));
      continue;
    }
    const [, table] = /^lookup (\w+)$/.exec(name) ?? [];
    if (table !== undefined) {
      lookups.set(table, lines.filter((line) => !line.startsWith('#')).join('\n'));
      continue;
    }
    const [, group, stream] = /^put (\S+) (\S+)$/.exec(name) ?? [];
    if (group !== undefined && stream !== undefined) {
      put.push(...lines.flatMap((line) => putEvent(group, stream, line)));
      continue;
    }
    const parts = new Map<string, { words: string[]; text: string }>();
    for (const part of lines.join('\n').split(/^--- /m).slice(1)) {
      const [head = '', ...rest] = part.split('\n');
      const [kind = '', ...words] = head.split(' ');
      parts.set(kind, { words, text: rest.join('\n').trimEnd() });
    }
    cases.push({ name, parts });
  }
  return { events, put, lookups, cases };
}

/** The rows a text expects, each a list of cells. */
function expectedRows(text: string): [string, unknown][][] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => Object.entries(JSON.parse(line) as Record<string, unknown>));
}

const directory = mkdtempSync(join(tmpdir(), 'mailtrail-insights-'));
let session: Session;

beforeAll(() => {
  session = new Session(join(directory, 'engine'));
});

afterAll(() => {
  session.close();
  rmSync(directory, { recursive: true });
});

function load(database: string, { events, put }: CaseFile): void {
  const lines = events.map((event) => {
    if (event.includes('"revision_key"')) return `${event}\n`;
    const admitted = admitRecord(event, NOW_MS);
    if (!admitted.ok) throw new Error(`${admitted.reason}: ${event}`);
    return admitted.line;
  });
  lines.push(...put.map((event) => journalLine(event)));
  const path = join(directory, `${database}.ndjson`);
  writeFileSync(path, lines.join(''));
  session.query(`CREATE DATABASE ${database}`);
  session.query(`USE ${database}`);
  session.query(
    createTableSql({ engine: 'MergeTree' }, { version: 1, generation: 'g', damaged: [] }),
  );
  session.query(createLogEventTableSql({ engine: 'MergeTree' }));
  const place = { path, from: 0, to: lines.length, blockStarts: [0], sealedAtMs: [SEALED_MS] };
  const source = { ...place, hasLogEvents: put.length > 0 };
  session.query(loadSql(source, false));
  session.query(loadLogEventsSql(source, false));
}

function scopeOf(
  { parts }: Case,
  putNames: readonly string[],
  lookups: ReadonlyMap<string, string>,
): QueryScope {
  const suffixes = parts.get('groups')?.words;
  const specs = LOG_TYPE_SPECS.filter(
    ({ groupSuffix }) => suffixes === undefined || suffixes.includes(groupSuffix),
  );
  const [start, end] = parts.get('time')?.words ?? [];
  const named = (suffixes ?? []).filter(
    (name) => !LOG_TYPE_SPECS.some(({ groupSuffix }) => groupSuffix === name),
  );
  return {
    groups: [
      ...specs.map(({ logType }) => ({ name: logGroupName('acme', logType), logType })),
      ...named.map((name) => ({ name, logGroupId: `id of ${name}` })),
    ],
    account: '000000000000',
    startMs: Number(start ?? 0),
    endMs: Number(end ?? NOW_MS),
    known: [
      ...LOG_TYPE_SPECS.map(({ logType }) => ({ name: logGroupName('acme', logType), logType })),
      ...putNames.map((name) => ({ name, logGroupId: `id of ${name}` })),
    ],
    lookupTables: {
      get: (name) => {
        const csv = lookups.get(name);
        return csv === undefined ? undefined : readLookupTable(csv);
      },
    },
    nowMs: NOW_MS,
  };
}

for (const file of readdirSync(FOLDER).filter((name) => name.endsWith('.test.txt'))) {
  const caseFile = parseCaseFile(readFileSync(join(FOLDER, file), 'utf8'));
  const { cases } = caseFile;
  const putNames = [
    ...new Set(caseFile.put.map((event) => event.log_group_id.slice('id of '.length))),
  ];
  const database = `db_${file.replace(/\W/g, '_')}`;

  describe(file, () => {
    beforeAll(() => load(database, caseFile));

    test.each(cases)('$name', (each) => {
      const { parts } = each;
      const compiled = compileQuery(
        parts.get('query')?.text ?? '',
        scopeOf(each, putNames, caseFile.lookups),
      );
      const error = parts.get('error');
      if (error !== undefined) {
        expect(compiled).toMatchObject({
          ok: false,
          error: { start: Number(error.words[0]), end: Number(error.words[1]) },
        });
        expect(compiled.ok ? '' : compiled.error.message).toContain(error.text.trim());
        return;
      }
      if (!compiled.ok) throw new Error(JSON.stringify(compiled.error));
      const { query, columns } = compiled;
      session.query(`USE ${database}`);
      const answer = session.queryBind(query.sql, query.parameters, 'JSONCompactEachRow');
      const expected = expectedRows(parts.get('rows')?.text ?? '');
      const pointers = expected.some((row) => row.some(([field]) => field === '@ptr'));
      const rows = parseRows(answer).map((row) =>
        formatRow(columns, row)
          .filter(({ field }) => pointers || field !== '@ptr')
          .map(({ field, value }) => [field, value]),
      );
      expect(rows).toEqual(expected);
    });
  });
}

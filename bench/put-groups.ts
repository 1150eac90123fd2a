// Queries over log events that clients put: fields are found in the JSON of their messages, at query time. The
// table is filled by the engine itself; what is measured is asking, text in, rows out.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Session } from 'chdb';
import { compileQuery } from '../src/insights/index.ts';
import { LOG_EVENT_TABLE } from '../src/store/log-event-columns.ts';
import { createLogEventTableSql } from '../src/store/log-event-table.ts';
import { figure, median } from './measure.ts';

const EVENTS = 1_000_000;
const WARM_RUNS = 7;
const FIRST_MS = Date.UTC(2026, 10, 1);
const STEP_MS = 100;

/** Texts that are equal to something in few events come first. */
const QUERIES: readonly (readonly [name: string, text: string])[] = [
  ['one request', 'filter requestId = "req-777777-x" | fields @timestamp, path'],
  ['three requests', 'filter requestId in ["req-7-x", "req-77-x", "req-777-x"] | fields path'],
  ['one request, as a pattern', 'filter requestId like /^req-777777-x$/ | fields @timestamp, path'],
  ['one user of 5,000', 'filter user.name = "user4321" | stats count(*) as n by path'],
  ['errors', 'filter status >= 500 | stats count(*) as n by bin(1h)'],
  ['everything', 'stats count(*) as n, avg(took) by path | sort n desc'],
];

const SCOPE = {
  groups: [{ name: 'app', logGroupId: 'app' }],
  account: '000000000000',
  startMs: FIRST_MS,
  endMs: FIRST_MS + EVENTS * STEP_MS,
  nowMs: FIRST_MS + EVENTS * STEP_MS,
};

function fillSql(): string {
  const time = `fromUnixTimestamp64Milli(toInt64(${FIRST_MS} + number * ${STEP_MS}), 'UTC')`;
  const members = [
    `'{"requestId":"req-', toString(number), '-x","user":{"name":"user', toString(cityHash64(number) % 5000)`,
    `'","agent":"Thunderbird/140"},"path":"/api/v1/folder', toString(number % 40)`,
    `'","status":', toString(if(cityHash64(number, 1) % 50 = 0, 503, 200))`,
    `',"took":', toString(cityHash64(number, 2) % 900), '}'`,
  ];
  return [
    `INSERT INTO ${LOG_EVENT_TABLE} (position, ingestion_time, log_group_id, log_stream, event_time, message)`,
    `SELECT number, ${time}, 'app', 'web', ${time}, concat(${members.join(', ')}) FROM numbers(${EVENTS})`,
  ].join('\n');
}

/** Prints, for each query, the median of its warm runs and its first run. */
export async function run(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'mailtrail-bench-'));
  const session = new Session(directory);
  try {
    session.query('CREATE DATABASE d');
    session.query('USE d');
    session.query(createLogEventTableSql({ engine: 'MergeTree' }));
    session.query(fillSql());
    for (const [name, text] of QUERIES) {
      const own: number[] = [];
      let rows = 0;
      for (let run = 0; run <= WARM_RUNS; run++) {
        const start = performance.now();
        const compiled = compileQuery(text, SCOPE);
        if (!compiled.ok) throw new Error(`${text}: ${compiled.error.message}`);
        const { sql, parameters } = compiled.query;
        const answer = session.queryBind(sql, parameters, 'JSONCompactEachRow');
        rows = answer.trim() === '' ? 0 : answer.trim().split('\n').length;
        own.push(performance.now() - start);
      }
      const [first = 0, ...warm] = own;
      figure(`${name} (ms)`, `${median(warm).toFixed(0)}, first ${first.toFixed(0)}, ${rows} rows`);
    }
  } finally {
    session.close();
    rmSync(directory, { recursive: true });
  }
  await Promise.resolve();
}

// How long the queries of bench/queries take over what the store has: as text in, rows out, the way
// every query of a client goes. Part of the benchmark `store`.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LOG_TYPES, logGroupName } from '../src/event/log-type.ts';
import { compileQuery, formatRow } from '../src/insights/index.ts';
import type { EmbeddedStore } from '../src/store/embedded/embedded-store.ts';
import type { Row } from '../src/store/event-store.ts';
import { figure, median } from './measure.ts';

const QUERIES = join(import.meta.dirname, '../../bench/queries');
const WARM_RUNS = 7;
const TIMEOUT_MS = 120_000;

const GROUPS = LOG_TYPES.map((logType) => ({ name: logGroupName('acme', logType), logType }));
const SCOPE = {
  groups: GROUPS,
  account: '000000000000',
  startMs: 0,
  endMs: Date.UTC(2030, 0),
  nowMs: Date.UTC(2030, 0),
};

/** Gives how many rows a query has. */
async function rowsOf(store: EmbeddedStore, text: string): Promise<number> {
  const compiled = compileQuery(text, SCOPE);
  if (!compiled.ok) throw new Error(`${text}: ${compiled.error.message}`);
  const result = await store.query(compiled.query, { timeoutMs: TIMEOUT_MS });
  let rows = 0;
  for await (const batch of result.batches) {
    rows += batch.map((row) => formatRow(compiled.columns, row)).length;
  }
  return rows;
}

/** Values of one event, which the queries for one thing look for. */
async function needles(store: EmbeddedStore): Promise<Record<string, string>> {
  const sql =
    "SELECT item_id, owner_id FROM events WHERE log_type = 'WORKMAIL_MAILBOX_ACCESS_LOGS' " +
    'AND item_id IS NOT NULL AND position % 1000 = 7 LIMIT 1';
  const result = await store.query({ sql, parameters: {} }, { timeoutMs: TIMEOUT_MS });
  const rows: Row[] = [];
  for await (const batch of result.batches) rows.push(...batch);
  return { item_id: String(rows[0]?.[0]), owner_id: String(rows[0]?.[1]) };
}

/**
 * Prints, for each query, the median of its warm runs and its first run. The engine must just have
 * been started; what the operating system kept of its files is still there.
 */
export async function queryTimes(store: EmbeddedStore): Promise<void> {
  const texts = readdirSync(QUERIES).map((file) => ({
    name: file.replace('.insights', ''),
    template: readFileSync(join(QUERIES, file), 'utf8').trim(),
  }));
  const values = await needles(store);
  for (const { name, template } of texts) {
    const text = template.replaceAll(/\{(\w+)\}/g, (_, key: string) => values[key] ?? '');
    const own: number[] = [];
    let rows = 0;
    for (let run = 0; run <= WARM_RUNS; run++) {
      const start = performance.now();
      rows = await rowsOf(store, text);
      own.push(performance.now() - start);
    }
    const [first = 0, ...warm] = own;
    figure(`${name} (ms)`, `${median(warm).toFixed(0)}, first ${first.toFixed(0)}, ${rows} rows`);
  }
}

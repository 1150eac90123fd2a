// The real engine with the real table, loaded as the server loads it, for tests of queries.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Session } from 'chdb';
import { admitRecord } from '../../src/event/admit.ts';
import type { AuditEvent } from '../../src/event/audit-event.ts';
import { journalLine } from '../../src/event/journal-line.ts';
import type { LogEvent } from '../../src/event/log-event.ts';
import {
  compileQuery,
  formatRow,
  type QueryScope,
  type ResultField,
} from '../../src/insights/index.ts';
import { parseRows } from '../../src/store/event-rows.ts';
import { loadSql } from '../../src/store/load-sql.ts';
import { createLogEventTableSql, loadLogEventsSql } from '../../src/store/log-event-table.ts';
import { createTableSql } from '../../src/store/schema.ts';

const POINTER = '@ptr';

export class QueryEngine {
  readonly #directory = mkdtempSync(join(tmpdir(), 'mailtrail-insights-'));
  readonly #session = new Session(join(this.#directory, 'engine'));
  #databases = 0;

  close(): void {
    this.#session.close();
    rmSync(this.#directory, { recursive: true });
  }

  /**
   * Makes a new store and uses it: records as POST /v1/events takes them, then log events as
   * PutLogEvents takes them. Gives the records as the journal has them.
   */
  load(records: readonly object[], put: readonly LogEvent[], sealedAtMs: number): AuditEvent[] {
    const admittedLines = records.map((record) => {
      const admitted = admitRecord(JSON.stringify(record), sealedAtMs);
      if (!admitted.ok) throw new Error(`${admitted.reason}: ${JSON.stringify(record)}`);
      return admitted.line;
    });
    const lines = [...admittedLines, ...put.map((event) => journalLine(event))];
    const path = join(this.#directory, 'events.ndjson');
    writeFileSync(path, lines.join(''));
    const database = `d${++this.#databases}`;
    this.#session.query(`CREATE DATABASE ${database}`);
    this.#session.query(`USE ${database}`);
    this.#session.query(
      createTableSql({ engine: 'MergeTree' }, { version: 1, generation: 'g', damaged: [] }),
    );
    this.#session.query(createLogEventTableSql({ engine: 'MergeTree' }));
    const place = { path, from: 0, to: lines.length, blockStarts: [0], sealedAtMs: [sealedAtMs] };
    const source = { ...place, hasLogEvents: put.length > 0 };
    this.#session.query(loadSql(source, false));
    this.#session.query(loadLogEventsSql(source, false));
    return admittedLines.map((line) => JSON.parse(line) as AuditEvent);
  }

  /** The rows without their pointers; undefined when the query is refused. */
  run(text: string, scope: QueryScope): (readonly ResultField[])[] | undefined {
    const compiled = compileQuery(text, scope);
    if (!compiled.ok) return undefined;
    const { sql, parameters } = compiled.query;
    const answer = this.#session.queryBind(sql, parameters, 'JSONCompactEachRow');
    return parseRows(answer).map((row) =>
      formatRow(compiled.columns, row).filter(({ field }) => field !== POINTER),
    );
  }
}

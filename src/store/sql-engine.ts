// What an event store needs of an engine that speaks ClickHouse's SQL. The embedded engine fulfils
// it over its child process; a cluster does with @clickhouse/client. Everything that is SQL and not
// transport (schema, retention, groups) is written against this.
import type { BoundQuery, QueryLimits, QueryRows, Row } from './event-store.ts';

/** Rejects with StoreErrors; all methods may be called concurrently. */
export interface SqlEngine {
  /** Runs a statement that gives no rows, e.g. DDL, and resolves when it is done. */
  execute(sql: string): Promise<void>;
  /** Runs one of our own small queries and gives all rows. */
  rows(sql: string): Promise<readonly Row[]>;
  /** Runs a query whose rows are streamed, within its limits. */
  query(query: BoundQuery, limits: QueryLimits): Promise<QueryRows>;
}

// What a query is run over, and what comes of compiling it.
import type { LogType } from '../event/log-type.ts';
import type { QueryError } from './error.ts';
import type { LookupTables } from './lookup-table.ts';
import type { SavedQueries } from './saved-queries.ts';

/** One of the organization's audit logs. */
export interface AuditGroup {
  readonly name: string;
  readonly logType: LogType;
}

/** A log group whose events clients put. */
export interface PutGroup {
  readonly name: string;
  readonly logGroupId: string;
  /** Older events have gone or are to go: ms since the Unix epoch. */
  readonly keptSinceMs?: number;
}

export type QueriedGroup = AuditGroup | PutGroup;

/** A log group that `SOURCE` may choose. */
export type KnownGroup = QueriedGroup & {
  readonly class?: 'STANDARD' | 'INFREQUENT_ACCESS';
  readonly tags?: Readonly<Record<string, string>>;
};

/** The audit logs among the groups. */
export function auditGroups(groups: readonly QueriedGroup[]): readonly AuditGroup[] {
  return groups.filter((group) => 'logType' in group);
}

/** The groups whose events clients put. */
export function putGroups(groups: readonly QueriedGroup[]): readonly PutGroup[] {
  return groups.filter((group) => 'logGroupId' in group);
}

export interface QueryScope {
  /** What is queried unless the text names groups itself. */
  readonly groups: readonly QueriedGroup[];
  /**
   * All groups that a text may choose with `SOURCE`. When absent, what it chooses is read but
   * `groups` are queried: a query can be checked without knowing any.
   */
  readonly known?: readonly KnownGroup[];
  /**
   * What `lookup` looks in. When absent, any table and column is taken for one without rows: a query
   * can be checked without knowing any.
   */
  readonly lookupTables?: LookupTables;
  /**
   * What `$Name(…)` calls. When absent, any call is taken for one that lets every row pass: a query can
   * be checked without knowing any.
   */
  readonly savedQueries?: SavedQueries;
  /** The account id in `@log`. */
  readonly account: string;
  /** Of `@timestamp`, both included; ms since the Unix epoch. */
  readonly startMs: number;
  readonly endMs: number;
  /** Further times that are read, to compare with; see compared.ts. */
  readonly compared?: { readonly startMs: number; readonly endMs: number };
  /** What `now()` is; ms since the Unix epoch. */
  readonly nowMs: number;
  /** Whether to take what people write and Logs Insights would probably refuse. */
  readonly lenient?: boolean;
  /** No more rows than this, whatever the text says. */
  readonly limitMax?: number;
  /** So many rows where the text does not say; 10,000 when absent, as CloudWatch Logs has it. */
  readonly limitDefault?: number;
  /**
   * For a live tail: only events that entered the journal after this point, which is the number of
   * events before it; in the order of the journal unless the text sorts.
   */
  readonly afterPosition?: number;
}

/**
 * SQL with `{name:Type}` placeholders and their values, as the store takes it. The shapes of the
 * store's contract are said again here because that contract knows of the outer world.
 */
export interface BoundQuery {
  readonly sql: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** A cell as the engine gives it in JSON. */
export type Cell = string | number | boolean | null | readonly Cell[];
export type Row = readonly Cell[];

/** How a column's cells are written. */
export type ColumnType = 'text' | 'integer' | 'number';

export interface OutputColumn {
  readonly name: string;
  readonly type: ColumnType;
}

export type Compiled =
  | {
      readonly ok: true;
      readonly query: BoundQuery;
      readonly columns: readonly OutputColumn[];
      /** At most so many rows. */
      readonly limit: number;
    }
  | { readonly ok: false; readonly error: QueryError };

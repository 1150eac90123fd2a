// The query language: text in, bound SQL and result columns out. Pure; the same code serves the
// server, the command line and an editor.
import type { Query } from './ast.ts';
import { checkLiveTail, checkQuery } from './check.ts';
import { withCompared, withImpliedPattern } from './compared.ts';
import { definitionOf } from './commands/registry.ts';
import { MalformedQuery, type QueryError } from './error.ts';
import { parsePipeline, printPipeline } from './parse/commands.ts';
import type { Plan } from './plan/plan.ts';
import { Planner } from './plan/planner.ts';
import type { Compiled, QueryScope } from './scope.ts';
import { type Expanded, expandSaved } from './saved-queries.ts';
import { withSources } from './sources.ts';
import { compilePlan, type Statement } from './sql/compile-plan.ts';

export { completions, type Completion } from './completions.ts';
export type { QueryError } from './error.ts';
export {
  compileEventFilter,
  type CompiledFilter,
  type EventRecord,
} from './evaluate/event-filter.ts';
export {
  LIMIT_DEFAULT,
  LIMIT_MAX,
  LOOKUP_TABLE_BYTES_MAX,
  LOOKUP_TABLES_MAX,
  QUERY_CHARS_MAX,
} from './limits.ts';
export {
  compileLogRead,
  type LogPlace,
  type LogRead,
  readLogEvent,
  type ReadLogEvent,
} from './log-read.ts';
export {
  isLookupTableName,
  type LookupTable,
  type LookupTables,
  readLookupTable,
} from './lookup-table.ts';
export type { SavedQueries, SavedQuery } from './saved-queries.ts';
export { pointerPosition } from './pointer.ts';
export { formatRow, type ResultField } from './results.ts';
export type {
  AuditGroup,
  BoundQuery,
  Compiled,
  KnownGroup,
  OutputColumn,
  PutGroup,
  QueriedGroup,
  QueryScope,
} from './scope.ts';
export { LOG_STREAM } from './sql/event-fields.ts';

export type Parsed =
  | { readonly ok: true; readonly ast: Query }
  | { readonly ok: false; readonly error: QueryError };

function refused(error: unknown, text: string): { readonly ok: false; readonly error: QueryError } {
  if (!(error instanceof MalformedQuery)) throw error;
  const { message, start, end, missingGroup } = error;
  // What is wrong with the whole has no place of its own.
  const whole = start === 0 && end === 0;
  const place = { message, start, end: whole ? text.length : end };
  return { ok: false, error: { ...place, ...(missingGroup !== undefined && { missingGroup }) } };
}

/** Parses a query; functions and regular expressions are checked, names are not. */
export function parseQuery(text: string, lenient = false): Parsed {
  try {
    const ast = parsePipeline(text, lenient);
    checkQuery(ast, lenient);
    return { ok: true, ast };
  } catch (error) {
    return refused(error, text);
  }
}

/** Settles the names of a parsed query. Throws MalformedQuery. */
function planQuery(ast: Query, text: string): Plan {
  const stats = ast.commands.filter(({ kind }) => kind === 'stats').length;
  const planner = new Planner(text, stats, (query) => planQuery(query, text));
  for (const command of withImpliedPattern(ast.commands)) {
    definitionOf(command).plan(command, planner);
  }
  return planner.finish();
}

function compileAst(ast: Query, text: string, scope: QueryScope): Statement {
  const planOf = (query: Query, outer: QueryScope): { plan: Plan; scope: QueryScope } => {
    // What a subquery reads is not what is new to a live tail.
    const { afterPosition: _, ...whole } = outer;
    return {
      plan: planQuery(query, text),
      scope: withCompared(query, withSources(query.sources, whole)),
    };
  };
  const own = withCompared(ast, withSources(ast.sources, scope));
  return compilePlan(planQuery(ast, text), own, planOf);
}

/**
 * Compiles a query for what it is run over. The SQL has placeholders for everything that comes from
 * the text or the scope.
 */
export function compileQuery(text: string, scope: QueryScope): Compiled {
  let expanded: Expanded | undefined;
  try {
    expanded = expandSaved(text, scope.savedQueries);
    const ast = parsePipeline(expanded.text, scope.lenient);
    checkQuery(ast, scope.lenient);
    if (scope.afterPosition !== undefined) checkLiveTail(ast);
    return { ok: true, ...compileAst(ast, expanded.text, scope) };
  } catch (error) {
    const { ok, error: found } = refused(error, text);
    return { ok, error: { ...found, ...expanded?.placeOf(found) } };
  }
}

export type Explained =
  | (Compiled & {
      readonly ok: true;
      readonly ast: Query;
      readonly plan: Plan;
      readonly printed: string;
    })
  | { readonly ok: false; readonly error: QueryError };

/** What becomes of a query on its way to SQL. */
export function explainQuery(text: string, scope: QueryScope): Explained {
  const compiled = compileQuery(text, scope);
  if (!compiled.ok) return compiled;
  const whole = expandSaved(text, scope.savedQueries).text;
  const ast = parsePipeline(whole, scope.lenient);
  return { ...compiled, ast, plan: planQuery(ast, whole), printed: printPipeline(ast) };
}

/** Writes a query so that it parses to the same tree, one command a line. */
export function printQuery(ast: Query): string {
  return printPipeline(ast);
}

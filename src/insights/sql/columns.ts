// The only names that are written into SQL: the columns of the two tables.
import { EVENT_COLUMNS, SYSTEM_COLUMNS } from '../../store/event-table.ts';
import { LOG_EVENT_COLUMNS } from '../../store/log-event-columns.ts';

const COLUMNS: ReadonlySet<string> = new Set([
  ...Object.values(SYSTEM_COLUMNS),
  ...Object.values(LOG_EVENT_COLUMNS),
  ...[...EVENT_COLUMNS.values()].map(({ column }) => column),
]);

/** A column's name as SQL. Refuses every other name, so that no query can bring in one. */
export function columnSql(column: string): string {
  if (!COLUMNS.has(column)) throw new Error(`not a column: ${column}`);
  return `\`${column}\``;
}

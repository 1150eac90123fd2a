// The row of `estimate`: how many rows the scope has, which its times and groups tell, by how large a row is on average.
import { LOG_EVENT_TABLE } from '../../store/log-event-columns.ts';
import { EVENT_TABLE } from '../../store/event-table.ts';
import { auditGroups, putGroups, type QueryScope } from '../scope.ts';
import { constantText } from './parameters.ts';
import type { Selects } from './selects.ts';

/** Makes of the scope's rows one that has the bytes; nothing of what they contain is read. */
export function estimateBytes(column: string, scope: QueryScope, selects: Selects): void {
  const tables = [
    ...(auditGroups(scope.groups).length > 0 ? [EVENT_TABLE] : []),
    ...(putGroups(scope.groups).length > 0 ? [LOG_EVENT_TABLE] : []),
  ].map(constantText);
  const ofTables = `database = currentDatabase() AND table IN (${tables.join(', ')})`;
  const average =
    tables.length === 0
      ? '0'
      : `(SELECT sum(data_uncompressed_bytes) / greatest(sum(rows), 1) FROM system.parts WHERE active AND ${ofTables})`;
  const sql = `toInt64(round(count() * ifNull(${average}, 0)))`;
  const bytes = { sql, type: 'number', integral: true } as const;
  selects.block.groupBy([], new Map([[column, bytes]]));
  selects.orderBy([]);
  selects.wrap();
}

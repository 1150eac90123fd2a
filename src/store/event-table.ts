// The one table of audit events, as the query compiler and both engines see it: which column holds
// which field. Pure; the DDL is made from this in schema.ts.
import type { FieldKind, FieldSpread } from '../event/field.ts';
import { LOG_TYPE_SPECS, type LogType } from '../event/log-type.ts';

export const EVENT_TABLE = 'events';

/**
 * The columns that are not fields of the record.
 *
 * - `position`: the event's place in the journal (UInt64), unique
 * - `ingestion_time`: when it was acknowledged (DateTime64(3))
 * - `log_type`: which log it belongs to
 * - `event_time`: the field `event_timestamp` (DateTime64(3, 'UTC')), never NULL
 * - `extra`, `event__extra`: JSON text of the fields no declaration knows, NULL when there are none
 */
export const SYSTEM_COLUMNS = {
  position: 'position',
  ingestionTime: 'ingestion_time',
  logType: 'log_type',
  eventTime: 'event_time',
  extra: 'extra',
  eventExtra: 'event__extra',
} as const;

/** One field as a column. All are Nullable (an absent key is NULL) but `texts`, which are arrays. */
export interface EventColumn {
  /** The JSON path, e.g. `event.recipient`. */
  readonly path: string;
  /** The column's name, e.g. `event__recipient`. */
  readonly column: string;
  readonly kind: FieldKind;
  readonly spread: FieldSpread;
  readonly logTypes: readonly LogType[];
}

/** The column's name for a path: levels are joined by `__`, as dots mean something to the engine. */
export function columnName(path: string): string {
  return path.replaceAll('.', '__');
}

function collectColumns(): ReadonlyMap<string, EventColumn> {
  const columns = new Map<string, EventColumn>();
  for (const { logType, fields } of LOG_TYPE_SPECS) {
    for (const field of fields) {
      if (field.path === 'event_timestamp') continue; // it is the column event_time
      const known = columns.get(field.path);
      const spread = field.spread ?? 'few';
      if (known && (known.kind !== field.kind || known.spread !== spread)) {
        throw new Error(`field ${field.path} is declared differently in ${logType}`);
      }
      columns.set(field.path, {
        path: field.path,
        column: columnName(field.path),
        kind: field.kind,
        spread,
        logTypes: [...(known?.logTypes ?? []), logType],
      });
    }
  }
  return columns;
}

/** All field columns by their JSON path, in the order of first declaration. */
export const EVENT_COLUMNS: ReadonlyMap<string, EventColumn> = collectColumns();

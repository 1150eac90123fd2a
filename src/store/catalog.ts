// What is in the store: groups, sizes, retention. The same SQL for both engines.
import { isLogType, LOG_TYPES, type LogType } from '../event/log-type.ts';
import type { GroupStats, Row } from './event-store.ts';
import { EVENT_TABLE, SYSTEM_COLUMNS } from './event-table.ts';
import { parseRetention, retentionSql, type TableEngine } from './schema.ts';
import type { SqlEngine } from './sql-engine.ts';

const HERE = `database = currentDatabase() AND table = '${EVENT_TABLE}'`;

/** Sizes of the whole table. */
export interface TableSize {
  readonly events: number;
  readonly storedBytes: number;
  readonly activeParts: number;
}

/** Rows, compressed bytes with their indexes, and parts that are in use. */
export async function readTableSize(engine: SqlEngine): Promise<TableSize> {
  const [row] = await engine.rows(
    `SELECT sum(rows), sum(bytes_on_disk), count() FROM system.parts WHERE ${HERE} AND active`,
  );
  return {
    events: Number(row?.[0] ?? 0),
    storedBytes: Number(row?.[1] ?? 0),
    activeParts: Number(row?.[2] ?? 0),
  };
}

/** How long each log type is kept, as the table has it; types kept for ever are absent. */
export async function readRetention(engine: SqlEngine): Promise<Map<LogType, number>> {
  const [row] = await engine.rows(
    `SELECT engine_full FROM system.tables WHERE database = currentDatabase() AND name = '${EVENT_TABLE}'`,
  );
  const retention = new Map<LogType, number>();
  for (const [logType, days] of parseRetention(String(row?.[0] ?? ''))) {
    if (isLogType(logType)) retention.set(logType, days);
  }
  return retention;
}

/** Sets or removes one log type's retention; the others keep theirs. */
export async function setRetention(
  engine: SqlEngine,
  tableEngine: TableEngine,
  logType: LogType,
  days: number | undefined,
): Promise<void> {
  const retention = await readRetention(engine);
  if (retention.get(logType) === days) return;
  if (days === undefined) retention.delete(logType);
  else retention.set(logType, days);
  await engine.execute(retentionSql(tableEngine, retention));
}

function groupStats(
  logType: LogType,
  row: Row | undefined,
  bytesPerEvent: number,
  days: number | undefined,
): GroupStats {
  const events = Number(row?.[1] ?? 0);
  const kept = days === undefined ? {} : { retentionDays: days };
  if (events === 0) return { logType, events, storedBytes: 0, ...kept };
  return {
    logType,
    events,
    storedBytes: Math.round(events * bytesPerEvent),
    firstEventAtMs: Number(row?.[2]),
    lastEventAtMs: Number(row?.[3]),
    ...kept,
  };
}

/** All seven groups, those without events too, in the order of their declaration. */
export async function readGroups(engine: SqlEngine): Promise<readonly GroupStats[]> {
  const { eventTime, logType } = SYSTEM_COLUMNS;
  const [rows, size, retention] = await Promise.all([
    engine.rows(
      `SELECT ${logType}, count(), toUnixTimestamp64Milli(min(${eventTime})), toUnixTimestamp64Milli(max(${eventTime})) ` +
        `FROM ${EVENT_TABLE} GROUP BY ${logType}`,
    ),
    readTableSize(engine),
    readRetention(engine),
  ]);
  const byType = new Map(rows.map((row) => [String(row[0]), row]));
  const bytesPerEvent = size.events === 0 ? 0 : size.storedBytes / size.events;
  return LOG_TYPES.map((type) => {
    return groupStats(type, byType.get(type), bytesPerEvent, retention.get(type));
  });
}

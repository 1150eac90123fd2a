// What the table of log events holds: groups, streams, sizes. The same SQL for both engines.
import { literal } from './load-sql.ts';
import type { Forgotten, LogGroupStats, LogStreamStats } from './log-event-store.ts';
import { LOG_EVENT_TABLE } from './log-event-columns.ts';
import { forgetSql, forgottenCondition } from './log-event-table.ts';
import type { TableEngine } from './schema.ts';
import type { SqlEngine } from './sql-engine.ts';

/** Streams of a group that are told: as many as a state may have. */
const STREAMS_MAX = 100_000;

/** All groups that have events. */
export async function readLogGroups(engine: SqlEngine): Promise<readonly LogGroupStats[]> {
  const [rows, [size]] = await Promise.all([
    engine.rows(
      `SELECT log_group_id, count() FROM ${LOG_EVENT_TABLE} GROUP BY log_group_id ORDER BY log_group_id`,
    ),
    engine.rows(
      `SELECT sum(rows), sum(bytes_on_disk) FROM system.parts WHERE database = currentDatabase() AND table = '${LOG_EVENT_TABLE}' AND active`,
    ),
  ]);
  const all = Number(size?.[0] ?? 0);
  const bytesPerEvent = all === 0 ? 0 : Number(size?.[1] ?? 0) / all;
  return rows.map(([groupId, events]) => ({
    groupId: String(groupId),
    events: Number(events),
    storedBytes: Math.round(Number(events) * bytesPerEvent),
  }));
}

function ms(time: string): string {
  return `toUnixTimestamp64Milli(${time})`;
}

/** The streams of a group that have events. */
export async function readLogStreams(
  engine: SqlEngine,
  groupId: string,
): Promise<readonly LogStreamStats[]> {
  const rows = await engine.rows(
    `SELECT log_stream, ${ms('min(event_time)')}, ${ms('max(event_time)')}, ${ms('max(ingestion_time)')} ` +
      `FROM ${LOG_EVENT_TABLE} WHERE log_group_id = ${literal(groupId)} GROUP BY log_stream LIMIT ${STREAMS_MAX}`,
  );
  return rows.map(([stream, first, last, ingestion]) => ({
    stream: String(stream),
    firstEventAtMs: Number(first),
    lastEventAtMs: Number(last),
    lastIngestionAtMs: Number(ingestion),
  }));
}

/** Begins to delete; parts are rewritten only where there is something to delete. */
export async function forgetLogEvents(
  engine: SqlEngine,
  tableEngine: TableEngine,
  what: Forgotten,
): Promise<void> {
  const [row] = await engine.rows(
    `SELECT 1 FROM ${LOG_EVENT_TABLE} WHERE ${forgottenCondition(what)} LIMIT 1`,
  );
  if (row !== undefined) await engine.execute(forgetSql(tableEngine, what));
}

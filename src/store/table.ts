// Brings the tables to the state this version needs, whatever state it is in.
import { StoreError } from './event-store.ts';
import { EVENT_TABLE, SYSTEM_COLUMNS } from './event-table.ts';
import { LOG_EVENT_TABLE } from './log-event-columns.ts';
import { createLogEventTableSql } from './log-event-table.ts';
import {
  createTableSql,
  migrationSql,
  noteSql,
  SCHEMA_VERSION,
  type TableEngine,
  type TableNote,
} from './schema.ts';
import type { SqlEngine } from './sql-engine.ts';

/** What is known of the table after it was prepared. */
export interface PreparedTable {
  readonly generation: string;
  /** The position after the last stored event. */
  readonly endPosition: number;
  /** What was done, for the log. */
  readonly changes: readonly string[];
  /** Parts that the engine could not read and set aside since the last start. */
  readonly damagedParts: readonly string[];
}

const BOTH = `database = currentDatabase() AND table IN ('${EVENT_TABLE}', '${LOG_EVENT_TABLE}')`;
const HERE = `database = currentDatabase() AND table = '${EVENT_TABLE}'`;

async function readNote(engine: SqlEngine): Promise<TableNote | undefined> {
  const [row] = await engine.rows(
    `SELECT comment FROM system.tables WHERE database = currentDatabase() AND name = '${EVENT_TABLE}'`,
  );
  if (!row) return undefined;
  const comment = String(row[0]);
  try {
    const note = JSON.parse(comment) as Partial<TableNote>;
    if (typeof note.version === 'number' && typeof note.generation === 'string') {
      const { version, generation, damaged = [] } = note;
      return { version, generation, damaged };
    }
  } catch {
    // told below, together with a note of another form
  }
  throw new StoreError(
    'query',
    `the table ${EVENT_TABLE} was not made by Mailtrail: its comment is ${JSON.stringify(comment)}. ` +
      'Move the store directory away; events are loaded again from the journal',
  );
}

async function migrate(engine: SqlEngine, tableEngine: TableEngine): Promise<string[]> {
  const existing = await engine.rows(
    `SELECT name, type FROM system.columns WHERE ${HERE} ORDER BY position`,
  );
  const columns = existing.map(([name, type]) => ({ name: String(name), type: String(type) }));
  let statements: readonly string[];
  try {
    statements = migrationSql(tableEngine, columns);
  } catch (error) {
    throw new StoreError('query', (error as Error).message, { cause: error });
  }
  for (const statement of statements) await engine.execute(statement);
  return [...statements];
}

async function damagedParts(engine: SqlEngine): Promise<string[]> {
  const rows = await engine.rows(
    `SELECT name FROM system.detached_parts WHERE ${BOTH} AND startsWith(ifNull(reason, ''), 'broken') ORDER BY name`,
  );
  return rows.map(([name]) => String(name));
}

/**
 * Makes the table when there is none, adds the columns that came with newer declarations, and looks
 * whether the engine had to set parts aside. `newGeneration` gives a name that was never used.
 * Rejects with a StoreError that says what to do when the table cannot be used.
 */
export async function prepareTable(
  engine: SqlEngine,
  tableEngine: TableEngine,
  newGeneration: () => string,
): Promise<PreparedTable> {
  const found = await readNote(engine);
  // It has no note of its own: what was put into it is in the journal of the same generation.
  await engine.execute(createLogEventTableSql(tableEngine));
  if (!found) {
    const note = { version: SCHEMA_VERSION, generation: newGeneration(), damaged: [] };
    await engine.execute(createTableSql(tableEngine, note));
    return {
      generation: note.generation,
      endPosition: 0,
      changes: [`made table ${EVENT_TABLE}`],
      damagedParts: [],
    };
  }
  if (found.version > SCHEMA_VERSION) {
    throw new StoreError(
      'query',
      `the table ${EVENT_TABLE} has version ${found.version}, this Mailtrail knows ${SCHEMA_VERSION} at most: ` +
        'use the newer Mailtrail, or move the store directory away',
    );
  }
  const changes = await migrate(engine, tableEngine);
  const damaged = await damagedParts(engine);
  const news = damaged.filter((part) => !found.damaged.includes(part));
  const generation = news.length > 0 ? newGeneration() : found.generation;
  if (news.length > 0)
    await engine.execute(noteSql(tableEngine, { ...found, generation, damaged }));
  const [end] = await engine.rows(endPositionSql());
  return { generation, endPosition: Number(end?.[0] ?? 0), changes, damagedParts: news };
}

function endSql(table: string): string {
  return `(SELECT if(count() = 0, 0, max(${SYSTEM_COLUMNS.position}) + 1) FROM ${table})`;
}

/** The statement that gives the position after the last stored event. */
export function endPositionSql(): string {
  return `SELECT greatest(${endSql(EVENT_TABLE)}, ${endSql(LOG_EVENT_TABLE)})`;
}

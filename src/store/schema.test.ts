import { expect, test } from 'vitest';
import type { LogType } from '../event/log-type.ts';
import { EVENT_COLUMNS } from './event-table.ts';
import {
  createTableSql,
  EVENT_TABLE_COLUMNS,
  migrationSql,
  noteSql,
  parseRetention,
  retentionSql,
} from './schema.ts';

const PLAIN = { engine: 'MergeTree' };
const NOTE = { version: 1, generation: 'g', damaged: [] };
const typeOf = (name: string): string | undefined => {
  return EVENT_TABLE_COLUMNS.find((column) => column.name === name)?.type;
};

test('every declared field has a column of its kind', () => {
  for (const { column } of EVENT_COLUMNS.values()) expect(typeOf(column)).toBeDefined();
  expect(typeOf('protocol')).toBe('LowCardinality(Nullable(String))');
  expect(typeOf('item_id')).toBe('Nullable(String)');
  expect(typeOf('event__recipients')).toBe('Array(String)');
  expect(typeOf('source_port')).toBe('Nullable(Int64)');
  expect(typeOf('auth_successful')).toBe('Nullable(Bool)');
  expect(typeOf('expires_time')).toBe('Nullable(Int64)');
  expect(typeOf('event__ruleActions')).toBe('Nullable(String)');
});

test('needles have a bloom filter, and nothing but the engine differs between engines', () => {
  const plain = createTableSql(PLAIN, NOTE);
  expect(plain).toContain('INDEX skip_item_id `item_id` TYPE bloom_filter');
  expect(plain).not.toContain('skip_protocol');
  const cluster = createTableSql(
    { engine: "ReplicatedMergeTree('/e', '{replica}')", onCluster: ' ON CLUSTER mail' },
    NOTE,
  );
  expect(
    cluster
      .replace(' ON CLUSTER mail', '')
      .replace("ReplicatedMergeTree('/e', '{replica}')", 'MergeTree'),
  ).toBe(plain);
});

test('missing columns are added with their index, others are left alone', () => {
  const existing = EVENT_TABLE_COLUMNS.filter(({ name }) => {
    return name !== 'queue_id' && name !== 'flags';
  });
  const strangers = [{ name: 'of_a_newer_version', type: 'String' }];
  expect(migrationSql(PLAIN, [...existing, ...strangers])).toEqual([
    'ALTER TABLE events ADD COLUMN IF NOT EXISTS `flags` LowCardinality(Nullable(String)) CODEC(ZSTD(1))',
    'ALTER TABLE events ADD COLUMN IF NOT EXISTS `queue_id` Nullable(String) CODEC(ZSTD(3))',
    'ALTER TABLE events ADD INDEX IF NOT EXISTS skip_queue_id `queue_id` TYPE bloom_filter(0.01) GRANULARITY 1',
  ]);
  expect(migrationSql(PLAIN, EVENT_TABLE_COLUMNS)).toEqual([]);
});

test('a column of another type is an error that names it', () => {
  const existing = EVENT_TABLE_COLUMNS.map(({ name, type }) => {
    return { name, type: name === 'message_size' ? 'String' : type };
  });
  expect(() => migrationSql(PLAIN, existing)).toThrow(
    'column message_size of table events is String, but this version of Mailtrail needs Nullable(Int64)',
  );
});

test('retention is one rule for each log type and can be read back', () => {
  const retention = new Map<LogType, number>([
    ['AUTHENTICATION_LOGS', 90],
    ['MANAGEMENT_LOGS', 3650],
  ]);
  const sql = retentionSql(PLAIN, retention);
  expect(sql).toBe(
    "ALTER TABLE events MODIFY TTL toDateTime(event_time) + toIntervalDay(90) DELETE WHERE log_type = 'AUTHENTICATION_LOGS', " +
      "toDateTime(event_time) + toIntervalDay(3650) DELETE WHERE log_type = 'MANAGEMENT_LOGS'",
  );
  // As the engine shows it: DELETE, the default, is left out.
  expect(parseRetention(sql.replaceAll(' DELETE', ''))).toEqual(retention);
  expect(retentionSql(PLAIN, new Map())).toBe('ALTER TABLE events REMOVE TTL');
  expect(parseRetention('MergeTree ORDER BY x').size).toBe(0);
});

test('the note at the table is JSON', () => {
  expect(noteSql(PLAIN, { version: 1, generation: 'g-1', damaged: ['all_1_1_0'] })).toBe(
    `ALTER TABLE events MODIFY COMMENT '{"version":1,"generation":"g-1","damaged":["all_1_1_0"]}'`,
  );
});

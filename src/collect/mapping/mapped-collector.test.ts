import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  fastClock,
  MemoryIntake,
  MemoryJournal,
  until,
} from '../../../test/collect/memory-intake.ts';
import { createLog } from '../../platform/log.ts';
import type { Collector } from '../collector.ts';
import { createMappedCollector } from './mapped-collector.ts';
import { readMappingFile } from './mapping-file.ts';
import { MappingSet } from './mapping-set.ts';

let directory = '';
let path = '';
let said: string[] = [];
const started: Collector[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mailtrail-mapped-'));
  path = join(directory, 'log');
  said = [];
});
afterEach(async () => {
  for (const collector of started.splice(0)) await collector.stop();
  rmSync(directory, { recursive: true, force: true });
});

function setOf(lines: string): MappingSet {
  const result = readMappingFile(
    `name: x
lines: ${lines}
mappings:
  - name: m
    parse: key=value
    when: { has: user }
    log_type: AUTHENTICATION_LOGS
    fields: { user: user, auth_successful: ok, server_name: "@host" }
`,
    'x.yaml',
  );
  if (!result.ok) throw new Error('the mapping is wrong');
  return new MappingSet(result.file);
}

function collect(
  journal: MemoryJournal,
  lines = 'plain',
): { intake: MemoryIntake; collector: Collector } {
  const intake = new MemoryIntake(journal);
  const clock = fastClock(1);
  const log = createLog((line) => void said.push(line), { level: 'debug', now: () => clock.now() });
  const collector = createMappedCollector({ path, set: setOf(lines), intake, clock, log });
  started.push(collector);
  return { intake, collector };
}

function users(journal: MemoryJournal): unknown[] {
  return journal.events.map((event) => ('user' in event ? event.user : undefined));
}

async function told(journal: MemoryJournal, count: number): Promise<void> {
  await until(
    () => journal.events.length >= count,
    () => `${journal.events.length} of ${count} events`,
  );
}

test('a line becomes an event, a bad one is counted and quoted with its reason', async () => {
  writeFileSync(path, 'user=a ok=true\nnothing of ours\nuser=b ok=perhaps\nuser=c ok=false\n');
  const journal = new MemoryJournal();
  const { collector } = collect(journal);
  await collector.start();
  await told(journal, 2);
  expect(users(journal)).toEqual(['a', 'c']);
  expect(collector.status()).toMatchObject({ state: 'running', seen: 4, events: 2, rejected: 1 });
  expect(said.join('')).toContain('x/m: field auth_successful: expected true or false');
});

test('nothing is lost or doubled when the process dies in the middle', async () => {
  const lines = Array.from({ length: 2000 }, (_, i) => `user=u${i} ok=true\n`);
  const journal = new MemoryJournal();
  for (let written = 0, run = 0; journal.events.length < lines.length; run++) {
    const { intake, collector } = collect(journal);
    await collector.start();
    appendFileSync(path, lines.slice(written, (written += 300)).join(''));
    await told(journal, Math.min(lines.length, (run + 1) * 200));
    intake.kill();
    await collector.stop();
  }
  expect(users(journal)).toEqual(lines.map((_, i) => `u${i}`));
});

test('a frame of syslog in a plain line is text that somebody wrote', async () => {
  writeFileSync(path, 'x: message repeated 3 times: [ user=b ok=true]\n');
  const journal = new MemoryJournal();
  const { collector } = collect(journal);
  await collector.start();
  await until(
    () => collector.status().seen === 1,
    () => 'the line was not read',
  );
  expect(collector.status()).toMatchObject({ events: 0, rejected: 1 });
  expect(journal.events).toEqual([]);
});

test('syslog lines tell time and host, and how often they were repeated', async () => {
  const head = '2026-11-23T10:00:00Z mx imap[1]:';
  writeFileSync(
    path,
    `${head} user=c ok=true\n${head} message repeated 2 times: [ user=d ok=true]\n`,
  );
  const journal = new MemoryJournal();
  await collect(journal, 'syslog').collector.start();
  await told(journal, 3);
  expect(users(journal)).toEqual(['c', 'd', 'd']);
  expect(journal.events[0]).toMatchObject({
    server_name: 'mx',
    event_timestamp: Date.UTC(2026, 10, 23, 10),
  });
});

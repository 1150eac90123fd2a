// One story of both servers in one log, in every framing: each collector makes the same events of it,
// and passes over the other's lines. And the same of two servers in one log, whose processes,
// sessions and queue ids are the same.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { assemble, goldenOf } from '../../../test/collect/assemble.ts';
import { exportRecord, FRAMINGS } from '../../../test/collect/framings.ts';
import {
  fastClock,
  MemoryIntake,
  MemoryJournal,
  until,
} from '../../../test/collect/memory-intake.ts';
import { unrevised, visible } from '../../../test/collect/visible.ts';
import type { AuditEvent } from '../../event/audit-event.ts';
import { silentLog } from '../../platform/log.ts';
import { createDovecotCollector } from '../dovecot/collector.ts';
import { DovecotServers } from '../dovecot/servers.ts';
import type { Assembler } from '../log-collector.ts';
import { PostfixAssembler } from '../postfix/assembler.ts';
import { createPostfixCollector } from '../postfix/collector.ts';

process.env['TZ'] = 'UTC';
const CORPUS = join(import.meta.dirname, '..', '..', '..', 'test', 'corpus', 'framing');
const RECORDED_MS = Date.UTC(2026, 10, 24);
const STORY = readFileSync(join(CORPUS, 'story.log'), 'utf8').trimEnd().split('\n');
const TWO_SERVERS = readFileSync(join(CORPUS, 'two-servers.log'), 'utf8').trimEnd().split('\n');

const MAKERS: Readonly<Record<string, () => Assembler>> = {
  dovecot: () => new DovecotServers({ now: () => RECORDED_MS, sharedPrefixes: ['shared/'] }),
  postfix: () => new PostfixAssembler({ now: () => RECORDED_MS, lmtpTold: () => false }),
};

function eventsOf(server: string, lines: readonly string[]): readonly AuditEvent[] {
  const assembler = MAKERS[server]?.();
  if (assembler === undefined) throw new Error(server);
  const { events, rejected } = assemble(assembler, lines.map((line) => `${line}\n`).join(''));
  expect(rejected).toEqual([]);
  return visible(events).map(withoutPlace);
}

/** Revision keys and the ids of sign-ins without a session are of this run and of the line's place. */
function withoutPlace(event: AuditEvent): AuditEvent {
  const { request_id: id } = unrevised(event);
  const generated = id?.startsWith('sign-in-') === true;
  return generated ? { ...unrevised(event), request_id: 'sign-in-' } : unrevised(event);
}

const CASES = Object.keys(MAKERS).flatMap((server) =>
  Object.keys(FRAMINGS).map((framing) => [server, framing] as const),
);

test.each(CASES)('%s in this framing: %s', async (server, framing) => {
  const frame = FRAMINGS[framing];
  if (frame === undefined) throw new Error(framing);
  const events = eventsOf(server, STORY.map(frame));
  await expect(goldenOf(events)).toMatchFileSnapshot(join(CORPUS, `story.${server}.json`));
});

test.each(Object.keys(MAKERS))('%s on two servers with equal ids', async (server) => {
  const events = eventsOf(server, TWO_SERVERS);
  await expect(goldenOf(events)).toMatchFileSnapshot(join(CORPUS, `two-servers.${server}.json`));
  const alone = ['mx1', 'mx2'].map((host) =>
    eventsOf(
      server,
      TWO_SERVERS.filter((line) => line.split(' ', 4)[3] === host),
    ),
  );
  const hosts = alone.map((told) => new Set(told.map((event) => serverName(event))));
  expect(hosts).toEqual([new Set(['mx1']), new Set(['mx2'])]);
  expect(sorted(events)).toEqual(sorted(alone.flat()));
});

function serverName(event: AuditEvent): string | undefined {
  return 'server_name' in event ? event.server_name : undefined;
}

function sorted(events: readonly AuditEvent[]): string[] {
  return events.map((event) => JSON.stringify(event)).sort();
}

test('a repetition that rsyslog counted makes the events of so many lines', () => {
  const head = 'Nov 23 11:03:26 mail postfix/smtpd[7]: ';
  const text =
    'NOQUEUE: reject: RCPT from unknown[192.0.2.9]: 554 5.7.1 <a@far.test>: Relay access denied; ' +
    'from=<x@far.test> to=<a@far.test> proto=ESMTP helo=<h>';
  const line = `${head}${text}`;
  const counted = [line, `${head}message repeated 2 times: [ ${text}]`];
  const expected = eventsOf('postfix', [line, line, line]);
  expect(expected).toHaveLength(3);
  // The journal does not count: what looks so in it was written by somebody else.
  const framings = Object.keys(FRAMINGS).filter((name) => !name.includes('journal'));
  for (const name of framings) {
    expect(eventsOf('postfix', counted.map(FRAMINGS[name] ?? String)), name).toEqual(expected);
  }
});

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'framing-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** What both collectors tell of a file of so many lines, none of which is bad. */
async function toldOf(
  content: string | Buffer,
  lines: number,
  told: number,
): Promise<AuditEvent[]> {
  const path = join(directory, 'mail.log');
  writeFileSync(path, content);
  const clock = fastClock(10);
  const journal = new MemoryJournal();
  const shared = { paths: [path], intake: new MemoryIntake(journal), clock, log: silentLog };
  const collectors = [
    createDovecotCollector({ ...shared, sharedPrefixes: ['shared/'] }),
    createPostfixCollector({ ...shared, lmtpTold: () => false }),
  ];
  for (const collector of collectors) await collector.start();
  const all = (): boolean => visible(journal.events).length >= told;
  await until(all, () => `told ${journal.events.length} of ${told}`);
  for (const collector of collectors) {
    await collector.stop();
    expect(collector.status()).toMatchObject({ seen: lines, rejected: 0 });
  }
  return visible(journal.events).map(withoutPlace);
}

test('both collectors read one file, each its own lines, and none is bad', async () => {
  const expected = ['dovecot', 'postfix'].flatMap((server) => eventsOf(server, TWO_SERVERS));
  const content = `${TWO_SERVERS.join('\n')}\n`;
  const told = await toldOf(content, TWO_SERVERS.length, expected.length);
  expect(sorted(told)).toEqual(sorted(expected));
});

test("a file of the journal's export format tells the same", async () => {
  const expected = ['dovecot', 'postfix'].flatMap((server) => eventsOf(server, TWO_SERVERS));
  const content = Buffer.concat(TWO_SERVERS.map(exportRecord));
  const told = await toldOf(content, TWO_SERVERS.length, expected.length);
  expect(sorted(told)).toEqual(sorted(expected));
});

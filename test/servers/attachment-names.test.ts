// Names of attachments out of a real Dovecot 2.3: read over IMAP, told by its log, looked up by doveadm's HTTP API.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Collector } from '../../src/collect/collector.ts';
import { createDovecotCollector } from '../../src/collect/dovecot/collector.ts';
import { createNameLookup } from '../../src/collect/dovecot/attachment-names/name-lookup.ts';
import type { NameFinder } from '../../src/collect/dovecot/attachment-names/told-attachments.ts';
import type { AccessEvent } from '../../src/collect/dovecot/access-record.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLog } from '../../src/platform/log.ts';
import { MemoryIntake, MemoryJournal, until } from '../collect/memory-intake.ts';
import { visible } from '../collect/visible.ts';
import { openImap } from './clients/imap.ts';
import { freePort } from './free-ports.ts';
import { type MailServers, startMailServers } from './mail-servers.ts';
import { NORDLYS } from './organization.ts';

const DEADLINE_MS = 30_000;
const API_KEY = 'a-key-of-the-test';

let servers: MailServers;
let port: number;
const journal = new MemoryJournal();
let collector: Collector;
const owner = NORDLYS.users[0];

function collectorOf(stored: MemoryJournal, names: NameFinder): Collector {
  return createDovecotCollector({
    paths: [servers.dovecot.auditLog],
    intake: new MemoryIntake(stored),
    clock: systemClock,
    log: silentLog,
    names,
  });
}

beforeAll(async () => {
  port = await freePort();
  servers = await startMailServers({
    extraDovecot: `
doveadm_api_key = ${API_KEY}
service doveadm {
  inet_listener http {
    address = 127.0.0.1
    port = ${port}
  }
}
`,
  });
  const url = `http://127.0.0.1:${port}`;
  collector = collectorOf(
    journal,
    createNameLookup({ url, apiKey: API_KEY }, systemClock, silentLog),
  );
  await collector.start();
}, 90_000);

afterAll(async () => {
  await collector.stop();
  await servers.stop();
});

function attachmentReads(stored = journal): AccessEvent[] {
  return visible(stored.events).filter(
    (event): event is AccessEvent => 'action' in event && event.action === 'read_attachment',
  );
}

function pathsFound(): string[] {
  return attachmentReads().map((event) => event.attachment_path ?? '');
}

/** Waits until so many reads have these paths. */
function pathsAre(paths: readonly string[]): Promise<void> {
  return until(
    () => JSON.stringify(pathsFound().toSorted()) === JSON.stringify([...paths].toSorted()),
    () =>
      `${JSON.stringify(pathsFound())}\n${readFileSync(servers.dovecot.errorLog, 'utf8').slice(-2000)}`,
    DEADLINE_MS,
  );
}

const INNER = [
  'Subject: =?utf-8?q?Alte_M=C3=A4rchen?=',
  'MIME-Version: 1.0',
  'Content-Type: multipart/mixed; boundary=in',
  '',
  '--in',
  'Content-Type: text/plain',
  '',
  'inside',
  '--in',
  'Content-Type: image/png; name="innen.png"',
  '',
  'png',
  '--in--',
].join('\r\n');

const MESSAGE = [
  'From: a@example.org',
  'Subject: parts',
  'MIME-Version: 1.0',
  'Content-Type: multipart/mixed; boundary=out',
  '',
  '--out',
  'Content-Type: text/plain',
  '',
  'hello',
  '--out',
  'Content-Type: application/pdf',
  "Content-Disposition: attachment; filename*=utf-8''Rechnung%20%C3%BC.pdf",
  '',
  'pdf',
  '--out',
  'Content-Type: message/rfc822',
  '',
  INNER,
  '--out--',
  '',
].join('\r\n');

test('attachments are told by their names, those in messages inside with the names of these', async () => {
  const { ports } = servers.dovecot;
  const endpoint = { port: ports.imap, certificateFile: servers.certificateFile };
  const imap = await openImap(endpoint, owner, { name: 'test', version: '1' });
  await imap.append('INBOX', MESSAGE);
  const lock = await imap.getMailboxLock('INBOX');
  const uid = imap.mailbox && imap.mailbox.uidNext - 1;
  for (const part of ['2', '3.2']) {
    await imap.fetchOne(String(uid), { bodyParts: [part] }, { uid: true });
  }
  lock.release();
  await pathsAre(['Rechnung ü.pdf', 'Alte Märchen/innen.png']);
  for (const event of attachmentReads()) {
    expect(event).toMatchObject({
      user_id: owner.login,
      folder_path: 'INBOX',
      item_id: `INBOX/;UID=${uid}`,
      action_allowed: true,
    });
  }
  await imap.logout();
});

test.each([
  ['is not there', { apiKey: API_KEY, away: true }],
  ['refuses the key', { apiKey: 'another', away: false }],
])('when doveadm %s the part numbers are told', async (_, { apiKey, away }) => {
  const again = new MemoryJournal();
  const url = `http://127.0.0.1:${away ? await freePort() : port}`;
  const names = createNameLookup({ url, apiKey }, systemClock, silentLog);
  const other = collectorOf(again, names);
  await other.start();
  await until(
    () => names.status().failed > 0,
    () => JSON.stringify(names.status()),
    DEADLINE_MS,
  );
  const paths = attachmentReads(again).map((event) => event.attachment_path);
  expect(paths).toEqual(['2', '3.2']);
  await other.stop();
});

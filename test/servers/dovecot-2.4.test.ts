// Dovecot 2.4's exporters `file` and `unix` on the real server, through the real collectors: thousands of
// commands a second, the rotation that the printed configuration asks for, and a listener that is away.
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import type { Collector } from '../../src/collect/collector.ts';
import { createDovecotCollector } from '../../src/collect/dovecot/collector.ts';
import { createExporterSocket } from '../../src/collect/exporter-socket/exporter-socket.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLog } from '../../src/platform/log.ts';
import { MemoryIntake, until } from '../collect/memory-intake.ts';
import { ImapConnection } from '../scenarios/clients/imap.ts';
import { Transcript } from '../scenarios/clients/transcript.ts';
import { enterRoot, prepareRoot, type ExporterDriver } from './dovecot-2.4.ts';
import { dovecotAuditLog, dovecotExporterSocket } from './dovecot.ts';
import { mailServersDirectory, startMailServers, type MailServers } from './mail-servers.ts';
import { NORDLYS, type MailUser } from './organization.ts';

const WAIT_MS = 30_000;
/** The command that is counted: it names a folder, and every one has a name of its own. */
const STATUS = (folder: string): string => `STATUS "${folder}" (MESSAGES)`;
const PACKET = 50;

const ending: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  while (ending.length > 0) await ending.pop()?.();
});

interface World {
  readonly servers: MailServers;
  readonly intake: MemoryIntake;
  readonly log: string;
  readonly socket: string;
  /** The folders whose status was told, in the order of telling. */
  readonly told: () => string[];
}

async function world(driver: ExporterDriver): Promise<World> {
  const directory = mailServersDirectory('mailtrail-exporter-');
  enterRoot(prepareRoot(), directory);
  const log = dovecotAuditLog(directory);
  const intake = new MemoryIntake();
  const servers = await startMailServers({ directory, dovecot24: driver });
  ending.push(() => servers.stop());
  const collector = createDovecotCollector({
    paths: [log],
    intake,
    clock: systemClock,
    log: silentLog,
  });
  await collector.start();
  ending.push(() => collector.stop());
  const told = (): string[] =>
    intake.journal.events.flatMap((event) => {
      const { command, folder_path: folder } = event as { command?: string; folder_path?: string };
      return command === 'STATUS' && folder !== undefined ? [folder] : [];
    });
  return { servers, intake, log, socket: dovecotExporterSocket(directory), told };
}

async function session({ servers }: World, user: MailUser, port: number): Promise<ImapConnection> {
  const source = { address: '192.0.2.1', port };
  const { dovecot, certificateFile } = servers;
  const route = { port: dovecot.ports.imapProxy, source, certificateFile };
  const imap = await ImapConnection.open(route, new Transcript());
  await imap.login(user.login, user.password);
  return imap;
}

function names(from: string, count: number): string[] {
  return Array.from({ length: count }, (_, n) => `${from}-${n}`);
}

/** Asks for folders that are not there, in packets: each question is an event. */
async function ask(imap: ImapConnection, folders: readonly string[]): Promise<void> {
  for (let at = 0; at < folders.length; at += PACKET) {
    await imap.pipeline(folders.slice(at, at + PACKET).map(STATUS));
  }
}

function doveadm({ servers }: World, ...args: string[]): void {
  const [command, ...first] = servers.dovecot.doveadm;
  execFileSync(command, [...first, '-c', servers.dovecot.configFile, ...args]);
}

test('exporter file: nothing is lost or doubled at full speed and over a rotation', async () => {
  const here = await world('file');
  const users = NORDLYS.users.slice(0, 4);
  const sessions = await Promise.all(users.map((user, n) => session(here, user, 40_001 + n)));
  const askAll = (round: string): Promise<void[]> =>
    Promise.all(sessions.map((imap, n) => ask(imap, names(`${round}-${n}`, 500))));
  await askAll('before');
  // As logrotate does it, while people go on working.
  const during = askAll('during');
  const { uid, gid } = statSync(here.log);
  renameSync(here.log, `${here.log}.1`);
  writeFileSync(here.log, '', { flag: 'a' });
  chownSync(here.log, uid, gid);
  chmodSync(here.log, 0o640);
  doveadm(here, 'log', 'reopen');
  doveadm(here, 'stats', 'reopen');
  await during;
  await askAll('after');
  await Promise.all(sessions.map((imap) => imap.logout()));

  const wanted = ['before', 'during', 'after'].flatMap((round) =>
    sessions.flatMap((_, n) => names(`${round}-${n}`, 500)),
  );
  const explain = (): string => `${here.told().length} of ${wanted.length} were told`;
  await until(() => here.told().length >= wanted.length, explain, WAIT_MS);
  expect(here.told().toSorted()).toEqual(wanted.toSorted());
  expect(statSync(here.log).size).toBeGreaterThan(0);
});

test('exporter unix: what is sent while nobody listens is lost, everything before and after is told', async () => {
  const here = await world('unix');
  const [user] = NORDLYS.users;
  const listening = async (): Promise<Collector> => {
    const { socket: path, log: logPath } = here;
    const collector = createExporterSocket({ path, logPath, clock: systemClock, log: silentLog });
    await collector.start();
    ending.push(() => collector.stop());
    return collector;
  };
  const isTold = (folder: string): Promise<void> =>
    until(
      () => here.told().includes(folder),
      () => `${folder} was not told, only ${here.told().join(', ')}`,
      WAIT_MS,
    );

  let listener = await listening();
  const imap = await session(here, user, 40_001);
  const before = names('before', 100);
  for (const folder of before) await imap.run(STATUS(folder));
  await isTold('before-99');
  expect(listener.status().rejected).toBe(0);

  await listener.stop();
  for (const folder of names('away', 3)) await imap.run(STATUS(folder));
  // Lines of the log itself go on; behind one of them, the events would have come.
  await imap.ok('CREATE away');
  doveadm(here, 'stats', 'dump');

  listener = await listening();
  const after = names('after', 100);
  for (const folder of after) await imap.run(STATUS(folder));
  await imap.logout();
  await isTold('after-99');
  expect(here.told()).toEqual([...before, ...after]);
  expect(listener.status()).toMatchObject({ state: 'running', rejected: 0 });
});

// A real S3 server for the tests: the RADOS gateway of Ceph, from Debian's packages, with a monitor and a
// store in memory. All of it is on loopback, in a directory of its own, and gone at the end.
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePorts } from './free-ports.ts';
import { type ProcessGroup, startGroup, untilListening } from './process-group.ts';

const run = promisify(execFile);

const START_WITHIN_MS = 60_000;
const POLL_MS = 50;
/** Ceph's daemons find ports of their own in so many from the first. */
const PORTS_OF_DAEMONS = 40;
const STORE_BYTES = 2 * 1024 ** 3;
const USER = 'archive';

export interface S3Server {
  readonly endpoint: string;
  readonly port: number;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Another account's, which may do nothing with the first one's buckets. */
  readonly stranger: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** The gateway goes at once, as if it were killed; what it stored stays. */
  stopGateway(): Promise<void>;
  startGateway(): Promise<void>;
  /** radosgw-admin: quotas, users. */
  admin(...args: readonly string[]): Promise<string>;
  stop(): Promise<void>;
}

interface Paths {
  readonly directory: string;
  readonly conf: string;
  readonly keyring: string;
}

function confOf(
  { directory, keyring }: Paths,
  ports: Record<'s3' | 'mon' | 'daemons', number>,
): string {
  return `[global]
fsid = ${randomUUID()}
mon host = v2:127.0.0.1:${ports.mon}
mon initial members = a
public network = 127.0.0.0/8
ms bind ipv4 = true
ms bind ipv6 = false
ms bind msgr1 = false
ms bind port min = ${ports.daemons}
ms bind port max = ${ports.daemons + PORTS_OF_DAEMONS}
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
keyring = ${keyring}
run dir = ${directory}/run
admin socket = ${directory}/run/$name.asok
log file = ${directory}/log/$name.log
log to stderr = false
err to stderr = true
mon cluster log file = ${directory}/log/cluster.log
crash dir = ${directory}/crash
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pgp num = 4
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon max pg per osd = 1000
# Changes of the map would otherwise wait a second each.
paxos propose interval = 0.05
paxos min wait = 0.01
[mon]
mon data = ${directory}/mon
mon data avail warn = 1
mon data avail crit = 0
[osd]
osd data = ${directory}/osd
osd objectstore = memstore
memstore device bytes = ${STORE_BYTES}
# Keys of S3 are up to 1,024 bytes, and the store's names have more around them.
osd max object name len = 2048
osd class update on start = true
osd crush update on start = true
[client.rgw]
rgw data = ${directory}/rgw
# Without tcp_nodelay small answers take 40 ms more.
rgw frontends = beast endpoint=127.0.0.1:${ports.s3} tcp_nodelay=1
rgw rados pool pg num min = 1
rgw override bucket index max shards = 1
rgw dynamic resharding = false
rgw enable usage log = false
[client]
rgw rados pool pg num min = 1
rgw override bucket index max shards = 1
`;
}

async function makeKeyring({ keyring }: Paths): Promise<void> {
  const entries: readonly (readonly string[])[] = [
    ['mon.', 'mon', 'allow *'],
    ['client.admin', 'mon', 'allow *', 'osd', 'allow *', 'mgr', 'allow *'],
    ['client.rgw', 'mon', 'allow *', 'osd', 'allow *', 'mgr', 'allow *'],
    ['osd.0', 'mon', 'allow profile osd', 'osd', 'allow *', 'mgr', 'allow profile osd'],
  ];
  for (const [index, [name = '', ...caps]] of entries.entries()) {
    const each = caps.flatMap((cap, at) =>
      at % 2 === 0 ? ['--cap', cap, caps[at + 1] ?? ''] : [],
    );
    const create = index === 0 ? ['--create-keyring'] : [];
    await run('ceph-authtool', [...create, keyring, '--gen-key', '-n', name, ...each]);
  }
}

function logOf(directory: string, name: string): string {
  try {
    return readFileSync(join(directory, 'log', name), 'latin1');
  } catch {
    return '';
  }
}

/** A gateway that is started before the store is in the map would wait five seconds. */
async function untilStoreIsUp(directory: string, osd: ProcessGroup): Promise<void> {
  const deadline = Date.now() + START_WITHIN_MS;
  while (!logOf(directory, 'osd.0.log').includes('state: booting -> active')) {
    const ended = osd.ended();
    if (ended !== undefined || Date.now() > deadline) {
      throw new Error(`${ended ?? 'ceph-osd does not come up'}\n${logOf(directory, 'osd.out')}`);
    }
    await pause(POLL_MS);
  }
}

/** Starts the server with one user and a stranger; it has no bucket yet. */
export async function startS3(): Promise<S3Server> {
  const directory = mkdtempSync(join(tmpdir(), 'mailtrail-s3-'));
  const paths = {
    directory,
    conf: join(directory, 'ceph.conf'),
    keyring: join(directory, 'keyring'),
  };
  for (const name of ['run', 'log', 'mon', 'osd', 'rgw']) mkdirSync(join(directory, name));
  const ports = await freePorts(['s3', 'mon', 'daemons']);
  writeFileSync(paths.conf, confOf(paths, ports));
  const groups = new Map<string, ProcessGroup>();
  const start = (name: string, command: string, ...args: readonly string[]): ProcessGroup => {
    const outputFile = join(directory, 'log', `${name}.out`);
    const group = startGroup({
      name,
      command,
      args: ['-c', paths.conf, '-f', ...args],
      outputFile,
    });
    groups.set(name, group);
    return group;
  };
  const stop = async (): Promise<void> => {
    // Nothing of it is needed again.
    for (const name of ['rgw', 'osd', 'mon']) await groups.get(name)?.kill();
    rmSync(directory, { recursive: true, force: true });
  };
  const admin = async (...args: readonly string[]): Promise<string> =>
    (await run('radosgw-admin', ['-c', paths.conf, ...args])).stdout;
  const startGateway = async (): Promise<void> => {
    const rgw = start('rgw', 'radosgw', '-n', 'client.rgw');
    await untilListening(rgw, ports.s3, START_WITHIN_MS, () => logOf(directory, 'rgw.out'));
  };
  try {
    await makeKeyring(paths);
    const map = join(directory, 'monmap');
    const address = `[v2:127.0.0.1:${ports.mon}]`;
    await run('monmaptool', ['-c', paths.conf, '--create', '--addv', 'a', address, map]);
    await run('ceph-mon', [
      '-c',
      paths.conf,
      '--mkfs',
      '-i',
      'a',
      '--monmap',
      map,
      '--keyring',
      paths.keyring,
    ]);
    start('mon', 'ceph-mon', '-i', 'a');
    const uuid = randomUUID();
    await run('ceph', ['-c', paths.conf, '--connect-timeout', '20', 'osd', 'new', uuid]);
    await run('ceph-osd', ['-c', paths.conf, '-i', '0', '--mkfs', '--osd-uuid', uuid]);
    await untilStoreIsUp(directory, start('osd', 'ceph-osd', '-i', '0'));
    const users = [USER, 'stranger'].map((uid) => ({
      uid,
      accessKeyId: `TEST${uid.toUpperCase()}`,
      secretAccessKey: randomUUID(),
    }));
    for (const { uid, accessKeyId, secretAccessKey } of users) {
      const keys = ['--access-key', accessKeyId, '--secret-key', secretAccessKey];
      await admin('user', 'create', '--uid', uid, '--display-name', uid, ...keys);
    }
    await startGateway();
    const [credentials, stranger] = users;
    if (credentials === undefined || stranger === undefined) throw new Error('no users');
    return {
      endpoint: `http://127.0.0.1:${ports.s3}`,
      port: ports.s3,
      credentials,
      stranger,
      stopGateway: async () => groups.get('rgw')?.kill(),
      startGateway,
      admin,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The user whose keys `credentials` are, for radosgw-admin. */
export const S3_USER = USER;

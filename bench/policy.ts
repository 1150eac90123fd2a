// Dovecot's auth policy at 200 requests a second, each answer given after its record is durable,
// beside the disk's own fdatasync: alone before and after, and at the same time in the same place,
// since the engine's own writes make the disk slower for both.
import { fdatasyncSync, openSync, closeSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { startServer, temporaryDirectory, type RunningServer } from '../test/e2e/running-server.ts';
import { figure, percentile } from './measure.ts';

const REQUESTS = 3000;
const REQUESTS_PER_SECOND = 200;
const SYNCS = 500;
const RECORD_BYTES = 600;
const BESIDE_PAUSE_MS = 20;

/** The disk alone: writes of one record into a file that has its blocks already, each synced. */
function diskLatencies(directory: string): number[] {
  const file = openSync(join(directory, 'disk-alone'), 'w');
  writeSync(file, Buffer.alloc(SYNCS * RECORD_BYTES, 0x0a), 0, SYNCS * RECORD_BYTES, 0);
  fdatasyncSync(file);
  const latencies: number[] = [];
  for (let i = 0; i < SYNCS; i++) {
    const from = performance.now();
    writeSync(file, Buffer.alloc(RECORD_BYTES, 0x61), 0, RECORD_BYTES, i * RECORD_BYTES);
    fdatasyncSync(file);
    latencies.push(performance.now() - from);
  }
  closeSync(file);
  return latencies;
}

/** The disk meanwhile: the same writes at a slow pace until `ended`, each waited for. */
async function diskBeside(directory: string, ended: () => boolean): Promise<number[]> {
  const file = await open(join(directory, 'disk-beside'), 'w');
  await file.write(Buffer.alloc(SYNCS * RECORD_BYTES, 0x0a), 0, SYNCS * RECORD_BYTES, 0);
  await file.datasync();
  const record = Buffer.alloc(RECORD_BYTES, 0x61);
  const latencies: number[] = [];
  for (let i = 0; !ended(); i = (i + 1) % SYNCS) {
    const from = performance.now();
    await file.write(record, 0, RECORD_BYTES, i * RECORD_BYTES);
    await file.datasync();
    latencies.push(performance.now() - from);
    await new Promise((resolve) => setTimeout(resolve, BESIDE_PAUSE_MS));
  }
  await file.close();
  return latencies;
}

function allow(server: RunningServer, agent: Agent, n: number): Promise<number> {
  const body = JSON.stringify({
    login: `user${n % 500}@nordlys-biotech.example`,
    user: `user${n % 500}@nordlys-biotech.example`,
    remote: `203.0.113.${n % 250}`,
    rport: '40492',
    protocol: 'imap',
    session_id: `N2nC${n}`,
    device_id: '',
    tls: true,
  });
  return new Promise((resolve, reject) => {
    const from = performance.now();
    const call = request(`${server.url}/dovecot/policy?command=allow`, {
      method: 'POST',
      agent,
      headers: {
        authorization: `Bearer ${server.token}`,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
      },
    });
    call.on('response', (response) => {
      if (response.statusCode !== 200) reject(new Error(`status ${response.statusCode}`));
      response.resume().on('end', () => resolve(performance.now() - from));
    });
    call.on('error', reject).end(body);
  });
}

const show = (latencies: readonly number[]): string =>
  `${percentile(latencies, 0.5).toFixed(2)} / ${percentile(latencies, 0.99).toFixed(2)}`;

export async function run(): Promise<void> {
  const directory = temporaryDirectory();
  const server = await startServer(directory.path);
  const agent = new Agent({ keepAlive: true });
  try {
    figure('fdatasync alone before, p50 / p99 (ms)', show(diskLatencies(directory.path)));
    const pending: Promise<number>[] = [];
    let ended = false;
    const beside = diskBeside(directory.path, () => ended);
    const start = performance.now();
    for (let n = 0; n < REQUESTS; n++) {
      const wait = start + (n * 1000) / REQUESTS_PER_SECOND - performance.now();
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      pending.push(allow(server, agent, n));
    }
    const latencies = await Promise.all(pending);
    ended = true;
    figure(`answer at ${REQUESTS_PER_SECOND}/s, p50 / p99 (ms)`, show(latencies));
    figure('fdatasync meanwhile, p50 / p99 (ms)', show(await beside));
    figure('fdatasync alone after, p50 / p99 (ms)', show(diskLatencies(directory.path)));
  } finally {
    agent.destroy();
    await server.stop();
    directory.remove();
  }
}

// Durable ingest over HTTP in batches of 1,000, with the store loading at the same time.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { childrenOf, startServer, temporaryDirectory, until } from '../test/e2e/running-server.ts';
import { cpuSeconds, figure, percentile, residentMiB } from './measure.ts';

const SECONDS = 20;
const CONNECTIONS = 8;
const EVENTS_PER_REQUEST = 1000;

interface ClientResult {
  readonly acknowledged: number;
  readonly refused: number;
  readonly elapsedMs: number;
  readonly latencies: readonly number[];
  readonly bytesPerEvent: number;
}

async function load(url: string, token: string): Promise<ClientResult> {
  const client = spawn(
    process.execPath,
    [
      join(import.meta.dirname, 'load-client.js'),
      url,
      token,
      String(CONNECTIONS),
      String(SECONDS),
      String(EVENTS_PER_REQUEST),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let out = '';
  client.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  await once(client, 'close');
  return JSON.parse(out) as ClientResult;
}

export async function run(): Promise<void> {
  const directory = temporaryDirectory();
  const server = await startServer(directory.path);
  try {
    const pid = server.process.pid ?? 0;
    const [engine = 0] = childrenOf(pid);
    figure(
      'resident idle, server + engine (MiB)',
      `${residentMiB(pid).now} + ${residentMiB(engine).now}`,
    );
    const cpuBefore = { server: cpuSeconds(pid), engine: cpuSeconds(engine) };
    const result = await load(server.url, server.token);
    const cpu = {
      server: cpuSeconds(pid) - cpuBefore.server,
      engine: cpuSeconds(engine) - cpuBefore.engine,
    };
    const eventsPerSecond = result.acknowledged / (result.elapsedMs / 1000);
    figure('bytes an event', Math.round(result.bytesPerEvent));
    figure('acknowledged events/s', Math.round(eventsPerSecond));
    figure('refused requests', result.refused);
    figure(
      'answer p50 / p99 (ms)',
      `${percentile(result.latencies, 0.5).toFixed(1)} / ${percentile(result.latencies, 0.99).toFixed(1)}`,
    );
    figure(
      'processor, server / engine (µs an event)',
      `${((cpu.server * 1e6) / result.acknowledged).toFixed(2)} / ${((cpu.engine * 1e6) / result.acknowledged).toFixed(2)}`,
    );
    const from = performance.now();
    await until(
      async () => {
        const [row] = await server.query('stats count(*) as n', { startTime: 0 });
        return Number(row?.['n'] ?? 0) >= result.acknowledged ? true : undefined;
      },
      120_000,
      () => `the store did not catch up\n${server.log()}`,
    );
    figure('store behind at the end (ms)', Math.round(performance.now() - from));
    figure(
      'resident peak, server + engine (MiB)',
      `${residentMiB(pid).peak} + ${residentMiB(engine).peak}`,
    );
  } finally {
    await server.stop();
    directory.remove();
  }
}

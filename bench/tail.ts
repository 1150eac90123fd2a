// A backlog of logs read by the running program: from file to journal, durable. First Dovecot's lines
// alone, then both servers' logs of the same messages, joined by delivery.
import { closeSync, openSync, writeSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startServer, temporaryDirectory, until } from '../test/e2e/running-server.ts';
import { dovecotDelivery, dovecotRead, postfixDelivery } from './log-lines.ts';
import { cpuSeconds, figure } from './measure.ts';

const READS = 300_000;
const DELIVERIES = 50_000;
const PIECES_AT_A_TIME = 1000;

/** Writes the pieces 0 to `count`; the number of lines. */
function writeLog(path: string, count: number, piece: (n: number) => string): number {
  const file = openSync(path, 'w');
  let lines = 0;
  for (let from = 0; from < count; from += PIECES_AT_A_TIME) {
    let text = '';
    for (let n = from; n < from + PIECES_AT_A_TIME; n++) text += piece(n);
    lines += text.split('\n').length - 1;
    writeSync(file, text);
  }
  closeSync(file);
  return lines;
}

interface Status {
  readonly collectors: readonly {
    readonly name: string;
    readonly seen: number;
    readonly behindBytes?: number;
  }[];
}

async function measure(name: string, write: (directory: string) => number): Promise<void> {
  const directory = temporaryDirectory();
  const config = join(directory.path, 'mailtrail.yaml');
  const lines = write(directory.path);
  const logs = (server: string): string => join(directory.path, `${server}.log`);
  writeFileSync(
    config,
    `dovecot:\n  logs: [${logs('dovecot')}]\npostfix:\n  logs: [${logs('postfix')}]\n`,
  );
  const from = performance.now();
  const server = await startServer(join(directory.path, 'data'), {
    arguments: ['--config', config],
    waitForStore: false,
  });
  try {
    const headers = { authorization: `Bearer ${server.token}` };
    await until(
      async () => {
        const response = await fetch(`${server.url}/v1/status`, { headers });
        const { collectors } = (await response.json()) as Status;
        const seen = collectors.reduce((sum, collector) => sum + collector.seen, 0);
        return seen >= lines ? true : undefined;
      },
      120_000,
      () => `the backlog was not read\n${server.log()}`,
    );
    const seconds = (performance.now() - from) / 1000;
    const used = cpuSeconds(server.process.pid ?? 0);
    figure(`${name}: lines/s, start of the program included`, Math.round(lines / seconds));
    figure(
      `${name}: processor (µs a line), lines/s of one core`,
      `${((used * 1e6) / lines).toFixed(1)}, ${Math.round(lines / used)}`,
    );
  } finally {
    await server.stop();
    directory.remove();
  }
}

export async function run(): Promise<void> {
  await measure('Dovecot', (directory) => {
    writeLog(join(directory, 'postfix.log'), 0, postfixDelivery);
    return writeLog(join(directory, 'dovecot.log'), READS, dovecotRead);
  });
  await measure('joined', (directory) => {
    const postfix = writeLog(join(directory, 'postfix.log'), DELIVERIES, postfixDelivery);
    return postfix + writeLog(join(directory, 'dovecot.log'), DELIVERIES, dovecotDelivery);
  });
}

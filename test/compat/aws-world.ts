// The built program and AWS's own clients before it: the SDK for JavaScript, and Debian's command line.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { type RunningServer, startServer, temporaryDirectory } from '../e2e/running-server.ts';

const run = promisify(execFile);

export const REGION = 'us-east-1';

interface Key {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** The administrator's key as the server wrote it. */
export function keyOf(directory: string): Key {
  const text = readFileSync(join(directory, 'credentials'), 'utf8');
  const setting = (name: string): string =>
    new RegExp(`^${name} = (.*)$`, 'm').exec(text)?.[1] ?? '';
  return {
    accessKeyId: setting('aws_access_key_id'),
    secretAccessKey: setting('aws_secret_access_key'),
  };
}

export interface AwsWorld {
  readonly directory: string;
  server: RunningServer;
  client: CloudWatchLogsClient;
  /** `aws logs …` with JSON as its answer; rejects with what it wrote to standard error. */
  readonly cli: (...words: readonly string[]) => Promise<Record<string, unknown>>;
  /** `aws workmail …` with JSON as its answer; rejects likewise. */
  readonly workmail: (...words: readonly string[]) => Promise<Record<string, unknown>>;
  /** `aws logs …` and what it writes. */
  readonly text: (...words: readonly string[]) => Promise<string>;
  /** Ends the server by the signal and starts another on the same data. */
  restart(signal: NodeJS.Signals): Promise<void>;
  remove(): Promise<void>;
}

function parsed(stdout: string): Record<string, unknown> {
  return stdout.trim() === '' ? {} : (JSON.parse(stdout) as Record<string, unknown>);
}

export async function startAwsWorld(): Promise<AwsWorld> {
  const directory = temporaryDirectory();
  const clientOf = (server: RunningServer): CloudWatchLogsClient =>
    new CloudWatchLogsClient({
      endpoint: server.url,
      region: REGION,
      credentials: keyOf(directory.path),
      disableHostPrefix: true,
    });
  const aws = async (...words: readonly string[]): Promise<string> => {
    const key = keyOf(directory.path);
    const endpoint = ['--endpoint-url', world.server.url];
    const { stdout } = await run('/usr/bin/aws', [...words, ...endpoint], {
      env: {
        PATH: '/usr/bin:/bin',
        HOME: directory.path,
        AWS_ACCESS_KEY_ID: key.accessKeyId,
        AWS_SECRET_ACCESS_KEY: key.secretAccessKey,
        AWS_DEFAULT_REGION: REGION,
        AWS_EC2_METADATA_DISABLED: 'true',
        AWS_MAX_ATTEMPTS: '1',
        LANG: 'C.UTF-8',
      },
    });
    return stdout;
  };
  const server = await startServer(directory.path);
  const world: AwsWorld = {
    directory: directory.path,
    server,
    client: clientOf(server),
    cli: async (...words) => parsed(await aws('logs', ...words, '--output', 'json')),
    workmail: async (...words) => parsed(await aws('workmail', ...words, '--output', 'json')),
    text: (...words) => aws('logs', ...words),
    async restart(signal) {
      await world.server.stop(signal);
      world.server = await startServer(directory.path);
      world.client.destroy();
      world.client = clientOf(world.server);
    },
    async remove() {
      world.client.destroy();
      await world.server.stop('SIGKILL');
      directory.remove();
    },
  };
  return world;
}

// The built Mailtrail, started the way an administrator starts it: a configuration file, `serve`, and
// the command line to ask it.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tailOf } from '../test/servers/dovecot.ts';
import { freePorts } from '../test/servers/free-ports.ts';
import { startGroup, type ProcessGroup } from '../test/servers/process-group.ts';
import { projectRoot } from '../test/servers/snippet.ts';
import type { Row } from './facts.ts';

/** How long the server may take until it is ready, engine included. */
const READY_DEADLINE_MS = 60_000;
const POLL_MS = 50;
/** How long one query may take. */
const QUERY_TIMEOUT_MS = 60_000;
/** The program, from the project's folder. */
const MAIN = join('dist', 'main.js');

export interface MailtrailOptions {
  readonly directory: string;
  readonly organizationName: string;
  /** The files it reads. */
  readonly dovecotLog: string;
  readonly postfixLog: string;
  /** The path where Dovecot 2.4 may send its events; off where nothing is said. */
  readonly exporterSocket?: string;
  /** The path where the milter listens; off where nothing is said. */
  readonly milterSocket?: string;
  /** Access rules, as in the configuration file. */
  readonly rules: readonly object[];
}

export interface Mailtrail {
  /** e.g. `http://127.0.0.1:4650` */
  readonly url: string;
  readonly configFile: string;
  readonly credentialsFile: string;
  readonly bearerToken: string;
  /** Where Postfix asks, e.g. `127.0.0.1:4651`. */
  readonly policyService: string;
  readonly logFile: string;
  /** Its processes, which are others after each start. */
  readonly group: ProcessGroup;
  /** Starts it again with the same configuration and data, after it was stopped or killed. */
  startAgain(): Promise<void>;
  /** The full name of a log group. */
  groupName(end: string): string;
  /** Runs the program's command line with this server's address and key. */
  command(args: readonly string[]): Promise<string>;
  /** The rows of an answer. */
  query(query: string, group?: string): Promise<Row[]>;
}

/** What can be put into the environment so that the command line finds the server. */
export function environmentOf(
  mailtrail: Pick<Mailtrail, 'url' | 'credentialsFile'>,
): Record<string, string> {
  return {
    MAILTRAIL_ENDPOINT: mailtrail.url,
    AWS_SHARED_CREDENTIALS_FILE: mailtrail.credentialsFile,
  };
}

interface Listeners {
  readonly api: number;
  readonly policy: number;
}

/** JSON is YAML, and needs no quoting rules of its own. */
function configuration(options: MailtrailOptions, ports: Listeners, data: string): string {
  return [
    `organization: { name: ${options.organizationName} }`,
    `server: { listen: 127.0.0.1:${ports.api} }`,
    `data: ${JSON.stringify(data)}`,
    'dovecot:',
    `  logs: ${JSON.stringify([options.dovecotLog])}`,
    ...(options.exporterSocket === undefined
      ? []
      : [`  exporterListen: unix:${options.exporterSocket}`]),
    'postfix:',
    `  logs: ${JSON.stringify([options.postfixLog])}`,
    `  policyListen: 127.0.0.1:${ports.policy}`,
    ...(options.milterSocket === undefined ? [] : [`  milterListen: unix:${options.milterSocket}`]),
    'access:',
    '  rules:',
    ...options.rules.map((rule) => `    - ${JSON.stringify(rule)}`),
    '',
  ].join('\n');
}

/** Runs the program to its end; what it wrote to standard output. */
function run(args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [MAIN, ...args], {
      cwd: projectRoot(),
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: QUERY_TIMEOUT_MS,
    });
    let output = '';
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (code === 0) resolve(output);
      else {
        const shown = `node ${MAIN} ${args.join(' ')}`;
        reject(new Error(`${shown}\nended with ${signal ?? `code ${code}`}: ${errors.trim()}`));
      }
    });
  });
}

async function readiness(url: string): Promise<string | undefined> {
  try {
    const response = await fetch(`${url}/readyz`);
    return response.status === 200 ? undefined : await response.text();
  } catch (error) {
    return String(error);
  }
}

async function untilReady(url: string, group: ProcessGroup, logFile: string): Promise<void> {
  const end = Date.now() + READY_DEADLINE_MS;
  for (;;) {
    const reason = await readiness(url);
    if (reason === undefined) return;
    const ended = group.ended();
    if (ended !== undefined) throw new Error(`${ended}\n${tailOf(logFile)}`);
    if (Date.now() > end) throw new Error(`Mailtrail is not ready: ${reason}\n${tailOf(logFile)}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function bearerTokenIn(file: string): string {
  const token = /^bearer_token\s*=\s*(\S+)/m.exec(readFileSync(file, 'utf8'))?.[1];
  if (token === undefined) throw new Error(`${file} has no bearer_token`);
  return token;
}

/** Starts `mailtrail serve` and waits until it is ready. On failure nothing runs. */
export async function startMailtrail(options: MailtrailOptions): Promise<Mailtrail> {
  const root = join(options.directory, 'mailtrail');
  const data = join(root, 'data');
  mkdirSync(root, { recursive: true });
  const main = join(projectRoot(), MAIN);
  if (!existsSync(main)) throw new Error(`${main} is missing; run "npm run build" first`);
  const ports = await freePorts(['api', 'policy'] as const);
  const configFile = join(root, 'mailtrail.yaml');
  writeFileSync(configFile, configuration(options, ports, data));
  const logFile = join(root, 'mailtrail.log');
  // Keys of the person who runs this are none of the program's business.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(AWS|MAILTRAIL)_/.test(name)),
  );
  const url = `http://127.0.0.1:${ports.api}`;
  let group: ProcessGroup | undefined;
  const start = async (): Promise<ProcessGroup> => {
    group = startGroup({
      name: 'Mailtrail',
      command: process.execPath,
      args: [main, 'serve', '--config', configFile],
      outputFile: logFile,
      env,
    });
    await untilReady(url, group, logFile);
    return group;
  };
  try {
    let running = await start();
    const credentialsFile = join(data, 'credentials');
    const clientEnv = { ...env, ...environmentOf({ url, credentialsFile }) };
    const groupName = (end: string): string => `/mailtrail/${options.organizationName}/${end}`;
    const command = (args: readonly string[]): Promise<string> => run(args, clientEnv);
    return {
      url,
      configFile,
      credentialsFile,
      bearerToken: bearerTokenIn(credentialsFile),
      policyService: `127.0.0.1:${ports.policy}`,
      logFile,
      get group() {
        return running;
      },
      startAgain: async () => {
        running = await start();
      },
      groupName,
      command,
      query: async (query, end) => {
        const within = end === undefined ? [] : ['--log-group', groupName(end)];
        const output = await command(['query', query, ...within, '--output', 'json']);
        const rows = JSON.parse(output) as Record<string, unknown>[];
        return rows.map((row) =>
          Object.fromEntries(Object.entries(row).map(([name, value]) => [name, String(value)])),
        );
      },
    };
  } catch (error) {
    await group?.stop();
    throw error;
  }
}

// A daemon and everything it starts, as one process group: started, awaited, and ended so that
// nothing of it is left.
import { spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import type { Writable } from 'node:stream';

/** How long a group may take to end by itself after SIGTERM, in ms; then it is killed. */
const TERM_WAIT_MS = 10_000;
const POLL_MS = 25;

export interface ProcessGroup {
  readonly name: string;
  /** The process group, which is the pid of its first process. */
  readonly id: number;
  /** Why it is not running; undefined while it is. */
  ended(): string | undefined;
  stop(): Promise<void>;
  /** Kills all of it, as a power cut would, and waits until nothing is left. */
  kill(): Promise<void>;
}

export interface ProcessGroupOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Standard output and standard error go there. */
  readonly outputFile: string;
  readonly env?: NodeJS.ProcessEnv;
  /** The account it runs as; the one of this process where nothing is said. */
  readonly runAs?: string;
}

/** What this process started and nobody has stopped yet. */
const started = new Set<number>();

/**
 * A shell that is told what starts (`+ id`) and stops (`- id`), and ends the rest when we are gone,
 * however we went: its standard input ends then. The kernel's parent death signal would not do, it
 * is lost when a daemon changes its account.
 */
const WATCHER = `ids=' '
while read -r sign id; do
  case $sign in
    +) ids="$ids$id " ;;
    -) ids="\${ids%% $id *} \${ids#* $id }" ;;
  esac
done
for id in $ids; do kill -TERM "$id"; done`;

let watcher: Writable | undefined;

function tellWatcher(line: string): void {
  if (watcher === undefined) {
    const child = spawn('sh', ['-c', WATCHER], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    child.unref();
    // A pipe is a socket for Node; without this it would keep the process waiting.
    (child.stdin as Socket).unref();
    watcher = child.stdin;
  }
  watcher.write(`${line}\n`);
}

function remember(group: number): void {
  started.add(group);
  tellWatcher(`+ ${group}`);
}

function forget(group: number): void {
  if (started.delete(group)) tellWatcher(`- ${group}`);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** The processes of a group that still run; zombies, which only wait for their parent, do not. */
export function membersOf(group: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        // pid (name) state ppid pgrp …; the name may hold anything, so it is cut off from behind.
        const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
        const [state, , processGroup] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        return Number(processGroup) === group && state !== 'Z';
      } catch {
        return false;
      }
    });
}

function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Asks the first process of a group to end, and kills what is left after ten seconds. */
export async function stopGroup(group: number): Promise<void> {
  try {
    process.kill(group, 'SIGTERM');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    signalGroup(group, 'SIGTERM');
  }
  const end = Date.now() + TERM_WAIT_MS;
  while (membersOf(group).length > 0) {
    if (Date.now() > end) {
      signalGroup(group, 'SIGKILL');
      break;
    }
    await pause(POLL_MS);
  }
  while (membersOf(group).length > 0) await pause(POLL_MS);
  forget(group);
}

async function killGroup(group: number): Promise<void> {
  signalGroup(group, 'SIGKILL');
  while (membersOf(group).length > 0) await pause(POLL_MS);
  forget(group);
}

/** Stops everything this process started and has not stopped: for a run that is interrupted. */
export async function stopStartedGroups(): Promise<void> {
  await Promise.all([...started].map(stopGroup));
}

/** Lets everything that runs go on when this process ends. */
export function letStartedGroupsGoOn(): void {
  for (const group of started) forget(group);
}

/**
 * Starts a program as a process group of its own, which ends when this process ends, even when it is
 * killed. A program that cannot be started is told by `ended`, like one that ended by itself.
 */
export function startGroup(options: ProcessGroupOptions): ProcessGroup {
  const output = openSync(options.outputFile, 'a');
  const account = options.runAs;
  const [command, args] =
    account === undefined
      ? [options.command, options.args]
      : [
          'setpriv',
          ['--reuid', account, '--regid', account, '--clear-groups', '--', options.command].concat(
            options.args,
          ),
        ];
  const child = spawn(command, args, {
    stdio: ['ignore', output, output],
    detached: true,
    env: options.env ?? process.env,
  });
  closeSync(output);
  let ended: string | undefined;
  child.once('error', (error) => (ended = error.message));
  child.once('exit', (code, signal) => (ended ??= `ended with ${signal ?? `code ${code}`}`));
  const id = child.pid;
  if (id !== undefined) remember(id);
  return {
    name: options.name,
    id: id ?? 0,
    ended: () => (ended === undefined ? undefined : `${options.name} ${ended}`),
    stop: async () => {
      if (id !== undefined) await stopGroup(id);
    },
    kill: async () => {
      if (id !== undefined) await killGroup(id);
    },
  };
}

/** Whether something accepts connections on the port. */
function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/**
 * Waits until the port accepts connections. Throws when the group ended before, or at the deadline,
 * with what `explain` adds (a log's end).
 */
export async function untilListening(
  group: ProcessGroup,
  port: number,
  deadlineMs: number,
  explain: () => string,
): Promise<void> {
  const end = Date.now() + deadlineMs;
  while (!(await accepts(port))) {
    const ended = group.ended();
    if (ended !== undefined) throw new Error(`${ended}\n${explain()}`);
    if (Date.now() > end) {
      throw new Error(`${group.name} does not listen on port ${port}\n${explain()}`);
    }
    await pause(POLL_MS);
  }
}

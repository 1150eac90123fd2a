// The machine that `doctor` looks at, so that tests can bring their own.
import { execFile } from 'node:child_process';
import { constants, readFileSync } from 'node:fs';
import { access, open, stat, statfs } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { errorCode } from '../cli-error.ts';

/** A program that says nothing for so long hangs. */
const RUN_TIMEOUT_MS = 10_000;
/** A complete `doveconf` is some 40 KiB. */
const RUN_OUTPUT_BYTES_MAX = 4 * 1024 * 1024;

export interface FileFacts {
  readonly kind: 'file' | 'directory' | 'other';
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly bytes: number;
  readonly modifiedAtMs: number;
}

export interface ProgramOutput {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Host {
  /** `v20.19.0` */
  readonly nodeVersion: string;
  /** The version of the embedded engine's package; undefined when it is not installed. */
  engineVersion(): string | undefined;
  /** Undefined when there is no such file; rejects with the system's error otherwise. */
  facts(path: string): Promise<FileFacts | undefined>;
  /** Whether this user may read the file's content or the directory's names. */
  readable(path: string): Promise<boolean>;
  writable(path: string): Promise<boolean>;
  freeBytes(path: string): Promise<{ readonly free: number; readonly total: number }>;
  /** Undefined when the program is not installed. */
  run(program: string, args: readonly string[]): Promise<ProgramOutput | undefined>;
}

function engineVersion(): string | undefined {
  try {
    const path = createRequire(import.meta.url).resolve('chdb/package.json');
    return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
  } catch {
    return undefined;
  }
}

async function facts(path: string): Promise<FileFacts | undefined> {
  try {
    const found = await stat(path);
    return {
      kind: found.isFile() ? 'file' : found.isDirectory() ? 'directory' : 'other',
      mode: found.mode & 0o7777,
      uid: found.uid,
      bytes: found.size,
      modifiedAtMs: found.mtimeMs,
    };
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

async function allowed(path: string, mode: number): Promise<boolean> {
  try {
    await access(path, mode);
    return true;
  } catch {
    return false;
  }
}

function run(program: string, args: readonly string[]): Promise<ProgramOutput | undefined> {
  return new Promise((resolve) => {
    const options = {
      timeout: RUN_TIMEOUT_MS,
      maxBuffer: RUN_OUTPUT_BYTES_MAX,
      // Administration programs are not on every user's path.
      env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`, LC_ALL: 'C' },
    };
    execFile(program, args, options, (error, stdout, stderr) => {
      if (errorCode(error) === 'ENOENT') resolve(undefined);
      else resolve({ exitCode: error === null ? 0 : 1, stdout, stderr });
    });
  });
}

/** The machine this runs on. */
export const systemHost: Host = {
  nodeVersion: process.version,
  engineVersion,
  facts,
  async readable(path) {
    if (!(await allowed(path, constants.R_OK))) return false;
    // Permission bits are not all: a security module may still refuse.
    try {
      await (await open(path, 'r')).close();
      return true;
    } catch {
      return false;
    }
  },
  writable: (path) => allowed(path, constants.W_OK),
  async freeBytes(path) {
    const { bavail, blocks, bsize } = await statfs(path);
    return { free: bavail * bsize, total: blocks * bsize };
  },
  run,
};

// Runs a client that is a program of its own, with what it must read in a private directory.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** How long a client may take, in ms. */
const CLIENT_TIMEOUT_MS = 30_000;

export interface ProgramResult {
  readonly code: number | null;
  readonly output: string;
}

/** Runs a program with the text as its standard input; its exit code and what it wrote. */
export function runProgram(
  command: string,
  args: readonly string[],
  input: string,
): Promise<ProgramResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { timeout: CLIENT_TIMEOUT_MS });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    }
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
    // A client that ends before it read everything is told by its exit code.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}

/** Writes the files into a directory that only lives while the work goes on. */
export async function withFiles<T>(
  files: Readonly<Record<string, string>>,
  work: (path: (name: string) => string) => Promise<T>,
): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'mailtrail-client-'));
  const path = (name: string): string => join(directory, name);
  try {
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(path(name), text, { mode: 0o600 });
    }
    return await work(path);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

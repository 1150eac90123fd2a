// The engine's process is compiled code: tests that run from sources compile it first.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..', '..');
/** Inside the project, so that the compiled code finds the project's packages. */
const OUT = join(ROOT, 'build', 'engine-under-test');

let built = false;

/** Compiles the store's sources once a test file and gives the folder they are compiled to. */
export function builtSources(): string {
  if (built) return OUT;
  execFileSync(
    process.execPath,
    [
      join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'),
      '-p',
      join(import.meta.dirname, 'tsconfig.engine.json'),
    ],
    { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] },
  );
  built = true;
  return OUT;
}

/** The compiled entry of the engine's process. */
export function builtEngine(): string {
  return join(builtSources(), 'store', 'embedded', 'engine-process.js');
}

/** A directory that is gone after the test. */
export function temporaryDirectory(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'mailtrail-store-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Waits for a condition; fails with the text when it does not come in time. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  deadlineMs = 30_000,
): Promise<void> {
  const endMs = Date.now() + deadlineMs;
  while (!(await condition())) {
    if (Date.now() > endMs) throw new Error(`waited ${deadlineMs} ms for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

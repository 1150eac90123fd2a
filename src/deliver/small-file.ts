// A small file of a delivery that is always whole: after a crash there is the old or the new one.
import { join } from 'node:path';
import type { Disk } from '../platform/disk.ts';

/** The file's text; undefined when there is none. */
export async function readWhole(
  disk: Disk,
  directory: string,
  name: string,
): Promise<string | undefined> {
  if (!(await disk.list(directory)).includes(name)) return undefined;
  const file = await disk.open(join(directory, name), 'read');
  try {
    const bytes = new Uint8Array(await file.size());
    await file.read(bytes, 0);
    return new TextDecoder().decode(bytes);
  } finally {
    await file.close();
  }
}

/** Resolves when the new text is durable. */
export async function replaceWhole(
  disk: Disk,
  directory: string,
  name: string,
  text: string,
  permissions?: number,
): Promise<void> {
  const path = join(directory, name);
  const file = await disk.open(`${path}.new`, 'replace', permissions);
  try {
    await file.write([new TextEncoder().encode(text)], 0);
    await file.datasync();
  } finally {
    await file.close();
  }
  await disk.rename(`${path}.new`, path);
  await disk.syncDirectory(directory);
}

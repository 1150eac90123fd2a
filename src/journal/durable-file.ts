// Small files that must always be whole: cursors, the anchor, the head.
import { join } from 'node:path';
import type { Disk } from '../platform/disk.ts';
import { isMissing } from './disk-error.ts';

/** Larger than any file this module writes; a bigger one is not ours. */
const SMALL_FILE_BYTES_MAX = 64 * 1024;

/**
 * Replaces the file's content so that after a crash there is either the old or the new one.
 * Rejects with the operating system's error; the old content is then still in place.
 */
export async function replaceFile(
  disk: Disk,
  directory: string,
  name: string,
  text: string,
): Promise<void> {
  const temporary = join(directory, `.${name}.new`);
  try {
    const file = await disk.open(temporary, 'replace');
    try {
      await file.write([Buffer.from(text)], 0);
      await file.sync();
    } finally {
      await file.close();
    }
    await disk.rename(temporary, join(directory, name));
  } catch (error) {
    await disk.remove(temporary).catch(() => {});
    throw error;
  }
  await disk.syncDirectory(directory);
}

/** The file's text, or nothing when there is no such file. */
export async function readSmallFile(disk: Disk, path: string): Promise<string | undefined> {
  let file;
  try {
    file = await disk.open(path, 'read');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  try {
    const bytes = Math.min(await file.size(), SMALL_FILE_BYTES_MAX);
    const buffer = Buffer.alloc(bytes);
    return buffer.toString('utf8', 0, await file.read(buffer, 0));
  } finally {
    await file.close();
  }
}

// A file that a command writes: whole or not at all, and never over another one by accident.
import { randomBytes } from 'node:crypto';
import { constants, rmSync } from 'node:fs';
import { access, link, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { CliError } from './cli-error.ts';
import { EXIT } from './exit-code.ts';

/** A file under way; it has its name when `finish` has resolved. */
export interface OutputFile {
  write(text: string): Promise<void>;
  finish(): Promise<void>;
  /** Leaves no trace; after `finish` it does nothing. */
  discard(): Promise<void>;
}

/** Results are about people: nobody but the owner reads them unless he says so. */
const FILE_MODE = 0o600;

function exists(path: string): CliError {
  return new CliError(EXIT.usage, `${path} exists; choose another name, or --force to replace it`);
}

function failed(path: string, error: unknown): CliError {
  const said = (error as Error).message;
  return new CliError(EXIT.failure, `${path} cannot be written: ${said}`, { cause: error });
}

class NamedWhenWhole implements OutputFile {
  readonly #path: string;
  readonly #temporary: string;
  readonly #handle: FileHandle;
  readonly #replace: boolean;
  /** A signal ends the program in the middle of a write: nothing is waited for any more then. */
  readonly #atExit = (): void => rmSync(this.#temporary, { force: true });
  #done = false;

  constructor(path: string, temporary: string, handle: FileHandle, replace: boolean) {
    this.#path = path;
    this.#temporary = temporary;
    this.#handle = handle;
    this.#replace = replace;
    process.once('exit', this.#atExit);
  }

  async write(text: string): Promise<void> {
    try {
      await this.#handle.writeFile(text);
    } catch (error) {
      throw failed(this.#path, error);
    }
  }

  async finish(): Promise<void> {
    try {
      await this.#handle.sync();
      await this.#handle.close();
      // link(2) fails when the name was taken meanwhile, where rename(2) would replace what is there.
      if (this.#replace) await rename(this.#temporary, this.#path);
      else await link(this.#temporary, this.#path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw exists(this.#path);
      throw failed(this.#path, error);
    }
    this.#done = true;
    if (!this.#replace) await rm(this.#temporary, { force: true });
    process.off('exit', this.#atExit);
  }

  async discard(): Promise<void> {
    if (this.#done) return;
    this.#done = true;
    await this.#handle.close().catch(() => {});
    await rm(this.#temporary, { force: true });
    process.off('exit', this.#atExit);
  }
}

/** Begins a file. Rejects with a CliError when there is one already, unless it may be replaced. */
export async function openOutputFile(
  path: string,
  { replace }: { readonly replace: boolean },
): Promise<OutputFile> {
  const taken = await access(path, constants.F_OK).then(
    () => true,
    () => false,
  );
  if (taken && !replace) throw exists(path);
  const suffix = randomBytes(4).toString('hex');
  const temporary = join(dirname(path), `.${basename(path)}.${suffix}.part`);
  try {
    const handle = await open(temporary, 'wx', FILE_MODE);
    return new NamedWhenWhole(path, temporary, handle, replace);
  } catch (error) {
    throw failed(path, error);
  }
}

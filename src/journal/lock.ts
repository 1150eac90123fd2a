// One process owns a data directory. The owner listens on a Unix socket in it: the kernel closes
// the socket with the process, however it ends, so a socket that refuses is a leftover.
//
// Two starters can never both win. Each first listens on a socket of its own name and only then
// asks the others. So of any two, the one that listened later finds the other listening. A
// candidate gives way to an owner and to a candidate with a lower name, and waits for a candidate
// with a higher name to decide (which gives way, or had asked before and owns by now).
import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rm, stat, type FileHandle } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { errorCode, refusalFor } from './disk-error.ts';
import { JournalError } from './journal.ts';

/** Held until it is released or the process ends. */
export interface DataLock {
  release(): Promise<void>;
}

/** sun_path of unix(7) has 108 bytes with its closing zero. */
const SOCKET_PATH_BYTES_MAX = 107;
const FOLDER = 'lock';
const SUFFIX = '.sock';
/** An owner that is busy may take a moment; one that is stopped still owns. */
const ANSWER_TIMEOUT_MS = 2000;
const PAUSE_MS = 20;
/** Giving way and asking again ends when the other has decided: some tens of milliseconds. */
const ATTEMPTS_MAX = 250;

type Standing = 'owner' | 'candidate';
type Answer = { kind: Standing; pid: string } | { kind: 'gone' } | { kind: 'unknown'; why: string };

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, PAUSE_MS));

/** The folder of the sockets, reached through a descriptor when its path is too long for a socket. */
class SocketFolder {
  readonly path: string;
  readonly #handle: FileHandle;
  private constructor(path: string, handle: FileHandle) {
    this.path = path;
    this.#handle = handle;
  }

  static async open(directory: string): Promise<SocketFolder> {
    const path = join(directory, FOLDER);
    await mkdir(path, { recursive: true, mode: 0o750 });
    return new SocketFolder(path, await open(path, 'r'));
  }

  socket(name: string): string {
    const path = join(this.path, name);
    if (Buffer.byteLength(path) <= SOCKET_PATH_BYTES_MAX) return path;
    return `/proc/self/fd/${this.#handle.fd}/${name}`;
  }

  async names(): Promise<string[]> {
    return (await readdir(this.path)).filter((name) => name.endsWith(SUFFIX)).sort();
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

/** Asks the process behind a socket what it is. */
function ask(path: string): Promise<Answer> {
  return new Promise((resolve) => {
    const socket = connect(path);
    let said = '';
    socket.setEncoding('utf8').setTimeout(ANSWER_TIMEOUT_MS, () => {
      socket.destroy();
      resolve({ kind: 'unknown', why: `it did not answer in ${ANSWER_TIMEOUT_MS} ms` });
    });
    socket.on('data', (text: string) => {
      said += text;
    });
    socket.on('error', (error) => {
      const gone = ['ECONNREFUSED', 'ENOENT', 'ECONNRESET', 'EPIPE'].includes(
        errorCode(error) ?? '',
      );
      resolve(gone ? { kind: 'gone' } : { kind: 'unknown', why: error.message });
    });
    socket.on('close', () => {
      const [, kind, pid = ''] = /^(owner|candidate) (\d+)\n$/.exec(said) ?? [];
      if (kind === 'owner' || kind === 'candidate') resolve({ kind, pid });
      // Closed before it said anything: it ended just now.
      else resolve({ kind: 'gone' });
    });
  });
}

/** Our own socket; `standing` is what it answers. */
class Claim {
  standing: Standing = 'candidate';
  readonly name = `${randomBytes(8).toString('hex')}${SUFFIX}`;
  readonly #server: Server;
  private constructor() {
    this.#server = createServer((socket) => {
      socket.on('error', () => {});
      socket.end(`${this.standing} ${process.pid}\n`);
    });
  }

  static async listen(folder: SocketFolder): Promise<Claim> {
    const claim = new Claim();
    await new Promise<void>((resolve, reject) => {
      claim.#server.once('error', reject);
      claim.#server.listen(folder.socket(claim.name), resolve);
    });
    claim.#server.unref();
    return claim;
  }

  /** Closes the socket and removes its name. */
  withdraw(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
    });
  }
}

function inUse(directory: string, answer: Answer): JournalError {
  const who =
    answer.kind === 'unknown'
      ? `a process that cannot be asked (${answer.why})`
      : `process ${'pid' in answer ? answer.pid : ''}`;
  const advice = 'stop it first, or give this one another data directory';
  return new JournalError('in-use', `${directory} is in use by ${who}; ${advice}`);
}

/** Whether the claim wins against everybody else; `again` when it gave way to a candidate. */
async function contest(
  folder: SocketFolder,
  claim: Claim,
): Promise<{ won: boolean; owner?: Answer; leftovers: string[] }> {
  const leftovers: string[] = [];
  for (const name of await folder.names()) {
    if (name === claim.name) continue;
    let answer = await ask(folder.socket(name));
    while (answer.kind === 'candidate' && name > claim.name) {
      await pause();
      answer = await ask(folder.socket(name));
    }
    if (answer.kind === 'gone') leftovers.push(name);
    else if (answer.kind === 'candidate') return { won: false, leftovers };
    else return { won: false, owner: answer, leftovers };
  }
  // An owner that came between our bind and our listen took our socket for a leftover.
  const there = await stat(join(folder.path, claim.name)).catch(() => undefined);
  return { won: there !== undefined, leftovers };
}

async function claimFolder(directory: string, folder: SocketFolder): Promise<Claim> {
  for (const name of await folder.names()) {
    const answer = await ask(folder.socket(name));
    if (answer.kind === 'owner' || answer.kind === 'unknown') throw inUse(directory, answer);
  }
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const claim = await Claim.listen(folder);
    const { won, owner, leftovers } = await contest(folder, claim);
    if (won) {
      claim.standing = 'owner';
      for (const name of leftovers) await rm(join(folder.path, name), { force: true });
      return claim;
    }
    await claim.withdraw();
    if (owner !== undefined) throw inUse(directory, owner);
    await pause();
  }
  const why = 'others keep trying to start at the same moment';
  throw inUse(directory, { kind: 'unknown', why });
}

/**
 * Takes a directory for this process. Rejects with a JournalError: `in-use` with the owner's
 * process number, or what the disk answered (`read-only`, `disk-full`, `failed`).
 */
export async function acquireDataLock(directory: string): Promise<DataLock> {
  let folder: SocketFolder;
  try {
    folder = await SocketFolder.open(directory);
  } catch (error) {
    throw refusalFor(error, 'cannot use', directory);
  }
  try {
    const claim = await claimFolder(directory, folder);
    return {
      async release() {
        await claim.withdraw();
        await folder.close();
      },
    };
  } catch (error) {
    await folder.close();
    throw refusalFor(error, 'cannot lock', join(directory, FOLDER));
  }
}

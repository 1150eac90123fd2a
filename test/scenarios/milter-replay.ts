// Shows a recorded milter conversation to the real milter: each piece when the milter has answered
// what it had answered when the piece came.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { MilterRecord } from './record/recorder.ts';

/** Nothing of a recording takes longer to be answered, in ms of real time. */
const ANSWER_DEADLINE_MS = 10_000;

interface Connection {
  readonly socket: Socket;
  answered: number;
}

/** Postfix's side of the conversations of one recording. */
export class MilterReplay {
  readonly #path: string;
  readonly #connections = new Map<number, Connection>();
  /** How much must be answered after each record: what had been when the next one came. */
  readonly #answers = new Map<MilterRecord, number>();

  constructor(path: string, records: readonly MilterRecord[]) {
    this.#path = path;
    const last = new Map<number, MilterRecord>();
    for (const record of records) {
      const before = last.get(record.connection);
      if (before !== undefined) this.#answers.set(before, record.answered);
      last.set(record.connection, record);
    }
  }

  /** Sends the piece, or ends the connection, and awaits the answers that came then. */
  async show(record: MilterRecord): Promise<void> {
    const connection = await this.#connection(record.connection);
    const { socket } = connection;
    if (record.data === undefined) {
      // The milter may have closed it already: Postfix says when it quits.
      socket.end();
      if (!socket.closed) await once(socket, 'close');
      return;
    }
    socket.write(Buffer.from(record.data, 'base64'));
    const wanted = this.#answers.get(record) ?? 0;
    const end = Date.now() + ANSWER_DEADLINE_MS;
    while (connection.answered < wanted) {
      if (Date.now() > end) {
        throw new Error(`the milter answered ${connection.answered} bytes, not ${wanted}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  stop(): void {
    for (const { socket } of this.#connections.values()) socket.destroy();
  }

  async #connection(id: number): Promise<Connection> {
    const known = this.#connections.get(id);
    if (known !== undefined) return known;
    const socket = connect(this.#path);
    await once(socket, 'connect');
    const connection: Connection = { socket, answered: 0 };
    socket.on('data', (data: Buffer) => (connection.answered += data.length));
    this.#connections.set(id, connection);
    return connection;
  }
}

// What the whole audit set-up costs IMAP's clients: the same commands against a bare Dovecot and
// against one that tells Mailtrail everything, with Mailtrail reading along, in turns on one machine.
import { writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { freePorts } from '../test/servers/free-ports.ts';
import {
  mailLogPaths,
  mailServersDirectory,
  startMailServers,
} from '../test/servers/mail-servers.ts';
import type { MailUser } from '../test/servers/organization.ts';
import {
  type RunningServer,
  startServer,
  temporaryDirectory,
  until,
} from '../test/e2e/running-server.ts';
import { figure, median } from './measure.ts';

const CONNECTIONS = 4;
const MESSAGES = 100;
const FETCHES = 20_000;
const ROUNDS = 7;
const BODY = 'A line of a message that somebody wrote to somebody.\r\n'.repeat(60);

/** An IMAP client that says one thing after the other and reads no further than it must. */
class ImapConnection {
  readonly #socket: Socket;
  #received = '';
  #waiting: { tag: string; done: (reply: string) => void } | undefined;
  #tags = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#take(chunk.toString('latin1')));
  }

  static async open(port: number, user: MailUser): Promise<ImapConnection> {
    const socket = connect(port, '127.0.0.1');
    await new Promise((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    const connection = new ImapConnection(socket);
    await connection.run(`LOGIN ${user.login} ${user.password}`);
    return connection;
  }

  /** Sends a command and waits for its tagged reply, which must be OK. */
  async run(command: string, literal?: string): Promise<void> {
    const tag = `a${++this.#tags}`;
    const reply = await new Promise<string>((done) => {
      this.#waiting = { tag, done };
      // Dovecot takes literals without being asked first (RFC 7888).
      this.#socket.write(
        literal === undefined
          ? `${tag} ${command}\r\n`
          : `${tag} ${command} {${literal.length}+}\r\n${literal}\r\n`,
      );
    });
    if (!reply.startsWith(`${tag} OK`)) throw new Error(`${command}: ${reply}`);
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(text: string): void {
    this.#received = (this.#received + text).slice(-8192);
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    const at = this.#received.lastIndexOf(`\r\n${waiting.tag} `);
    const from = this.#received.startsWith(`${waiting.tag} `) ? 0 : at < 0 ? -1 : at + 2;
    if (from < 0 || !this.#received.endsWith('\r\n')) return;
    this.#waiting = undefined;
    const reply = this.#received.slice(from);
    this.#received = '';
    waiting.done(reply);
  }
}

interface Site {
  readonly connections: readonly ImapConnection[];
  stop(): Promise<void>;
}

async function connectAll(port: number, users: readonly MailUser[]): Promise<ImapConnection[]> {
  const connections: ImapConnection[] = [];
  for (let n = 0; n < CONNECTIONS; n++) {
    const user = users[n % users.length];
    if (user === undefined) throw new Error('no users');
    const connection = await ImapConnection.open(port, user);
    await connection.run(`CREATE Bench${n}`);
    for (let m = 0; m < MESSAGES; m++) {
      await connection.run(
        `APPEND Bench${n}`,
        `Subject: m${m}\r\nMessage-ID: <${n}.${m}@bench.test>\r\n\r\n${BODY}`,
      );
    }
    await connection.run(`SELECT Bench${n}`);
    connections.push(connection);
  }
  return connections;
}

async function startBare(): Promise<Site> {
  const servers = await startMailServers({ bareDovecot: true });
  const connections = await connectAll(servers.dovecot.ports.imap, servers.organization.users);
  return {
    connections,
    stop: async () => {
      for (const connection of connections) connection.close();
      await servers.stop();
    },
  };
}

interface Audited extends Site {
  readonly mailtrail: RunningServer;
}

async function startAudited(): Promise<Audited> {
  const data = temporaryDirectory();
  const directory = mailServersDirectory();
  const logs = mailLogPaths(directory);
  const config = join(data.path, 'mailtrail.yaml');
  const { http } = await freePorts(['http']);
  writeFileSync(
    config,
    `dovecot:\n  logs: [${logs.dovecot}]\npostfix:\n  logs: [${logs.postfix}]\n`,
  );
  const mailtrail = await startServer(join(data.path, 'data'), {
    arguments: ['--config', config, '--listen', `127.0.0.1:${http}`],
  });
  const servers = await startMailServers({
    directory,
    endpoint: { policyUrl: `${mailtrail.url}/dovecot/policy`, bearerToken: mailtrail.token },
  });
  const connections = await connectAll(servers.dovecot.ports.imap, servers.organization.users);
  return {
    mailtrail,
    connections,
    stop: async () => {
      for (const connection of connections) connection.close();
      await servers.stop();
      await mailtrail.stop();
      data.remove();
    },
  };
}

/** Commands a second, over all connections. */
async function fetchesPerSecond(site: Site): Promise<number> {
  const from = performance.now();
  await Promise.all(
    site.connections.map(async (connection) => {
      for (let n = 0; n < FETCHES / CONNECTIONS; n++) {
        await connection.run(`UID FETCH ${(n % MESSAGES) + 1} (BODY.PEEK[])`);
      }
    }),
  );
  return FETCHES / ((performance.now() - from) / 1000);
}

/** The reads that Mailtrail knows of: each FETCH is one. */
async function readsKnown(mailtrail: RunningServer): Promise<number> {
  const [row] = await mailtrail.query("filter action = 'read' | stats count(*) as n", {
    logGroups: ['/mailtrail/default/mailbox-access'],
  });
  return Number(row?.['n'] ?? 0);
}

export async function run(): Promise<void> {
  const bare = await startBare();
  const audited = await startAudited();
  try {
    const rates: { bare: number[]; audited: number[] } = { bare: [], audited: [] };
    for (let round = 0; round <= ROUNDS; round++) {
      const one = await fetchesPerSecond(bare);
      const other = await fetchesPerSecond(audited);
      if (round === 0) continue; // warming up
      rates.bare.push(one);
      rates.audited.push(other);
    }
    const sent = FETCHES * (ROUNDS + 1);
    let known = 0;
    await until(
      async () => {
        known = await readsKnown(audited.mailtrail);
        return known >= sent ? true : undefined;
      },
      60_000,
      () => `${known} of ${sent} reads are known`,
    );
    const lost = rates.bare.map((rate, n) => 1 - (rates.audited[n] ?? 0) / rate);
    figure('FETCH/s of a bare Dovecot', Math.round(median(rates.bare)));
    figure('FETCH/s with everything told and read', Math.round(median(rates.audited)));
    figure(
      'cost (%), each round',
      `${Math.round(median(lost) * 100)}, ${lost.map((share) => Math.round(share * 100)).join(' ')}`,
    );
    figure('reads sent, known', `${sent}, ${known}`);
  } finally {
    await audited.stop();
    await bare.stop();
  }
}

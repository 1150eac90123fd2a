// Stands where Mailtrail stands when the servers ask, report and show messages: answers by the same
// rules and keeps what was asked, so that a recording can be replayed into the real handlers.
import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { DEFAULT_RULE } from '../../../src/access/decide.ts';
import { createPolicyHandler, type PolicyHandler } from '../../../src/collect/dovecot/policy.ts';
import { createMessageContentsJoin } from '../../../src/collect/message-contents.ts';
import { createMilter } from '../../../src/collect/milter/milter-server.ts';
import { createPolicyService } from '../../../src/collect/postfix/policy-service.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { systemDisk } from '../../../src/platform/disk.ts';
import { silentLog } from '../../../src/platform/log.ts';
import { accessByRules } from '../../access/in-force.ts';
import { MemoryIntake } from '../../collect/memory-intake.ts';
import { RULE } from '../scenario.ts';

/** Of Dovecot's and of Postfix's log, in bytes. */
export type LogLengths = readonly [dovecot: number, postfix: number];

/** One question or report, as it is kept: one to a line of `policy.ndjson`. */
export type PolicyRecord =
  | {
      /** When it came, in ms. */
      readonly at: number;
      /** How long the logs of Dovecot and of Postfix were then, in bytes of the recording. */
      readonly logs: LogLengths;
      readonly service: 'dovecot';
      readonly command: 'allow' | 'report';
      readonly body: Readonly<Record<string, unknown>>;
    }
  | {
      readonly at: number;
      readonly logs: LogLengths;
      readonly service: 'postfix';
      /** The request as Postfix sent it: `name=value` lines, without the empty one at the end. */
      readonly request: string;
    };

/** What Postfix sent to the milter in one piece; one to a line of `milter.ndjson`. */
export interface MilterRecord {
  readonly at: number;
  readonly logs: LogLengths;
  readonly service: 'milter';
  /** Numbers the connections in the order in which they were made. */
  readonly connection: number;
  /** How many bytes the milter had answered on the connection by then. */
  readonly answered: number;
  /** The bytes, in base64; absent when Postfix ended the connection. */
  readonly data?: string;
}

export interface Recorder {
  readonly policyUrl: string;
  /** `host:port` for Postfix. */
  readonly policyService: string;
  /** The path of the milter's socket. */
  readonly milterSocket: string;
  readonly records: readonly PolicyRecord[];
  readonly milterRecords: readonly MilterRecord[];
  stop(): Promise<void>;
}

async function listening(server: Server | HttpServer): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Where something listens. */
type Address = { readonly host: string; readonly port: number } | { readonly path: string };

/** What passes between Postfix and one of its services. */
interface Overheard {
  /** Postfix sent something; the services had answered so many bytes before. */
  sent(data: Buffer, connection: number, answered: number): void;
  ended(connection: number, answered: number): void;
}

/** Stands between Postfix and a service, hands on what is said and tells of what Postfix says. */
function relay(target: Address, overheard: Overheard, sockets: Set<Socket>): Server {
  let connections = 0;
  return createServer((client) => {
    const service = connect(target);
    const connection = ++connections;
    let answered = 0;
    for (const socket of [client, service]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => sockets.delete(socket));
    }
    client.on('data', (data: Buffer) => overheard.sent(data, connection, answered));
    client.on('end', () => overheard.ended(connection, answered));
    service.on('data', (data: Buffer) => (answered += data.length));
    client.pipe(service).pipe(client);
  });
}

/** Answers Dovecot's questions as the server does, and keeps them. */
function policyServer(
  handler: PolicyHandler,
  keep: (record: PolicyRecord) => void,
  logs: () => LogLengths,
): HttpServer {
  return createHttpServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (part: string) => (text += part));
    request.on('end', () => {
      const asked = new URL(request.url ?? '', 'http://localhost').searchParams.get('command');
      const command = asked === 'report' ? 'report' : 'allow';
      const body = JSON.parse(text) as Readonly<Record<string, unknown>>;
      keep({ at: Date.now(), logs: logs(), service: 'dovecot', command, body });
      void (async () => {
        const answer = await handler.handle(command, body);
        response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
      })();
    });
  });
}

/** Puts together the requests that come in pieces, for each connection. */
function requestsOf(keep: (request: string) => void): Overheard {
  const texts = new Map<number, string>();
  return {
    sent: (data, connection) => {
      const requests = `${texts.get(connection) ?? ''}${data.toString('utf8')}`.split('\n\n');
      texts.set(connection, requests.pop() ?? '');
      for (const request of requests) keep(request);
    },
    ended: (connection) => texts.delete(connection),
  };
}

/**
 * Starts to answer and to record.
 *
 * @param directory where the milter's socket and notes are
 * @param logs how long the logs are now
 */
export async function startRecorder(directory: string, logs: () => LogLengths): Promise<Recorder> {
  const records: PolicyRecord[] = [];
  const milterRecords: MilterRecord[] = [];
  const access = accessByRules([RULE, DEFAULT_RULE]);
  const clock = systemClock;
  const common = { access: () => access, intake: new MemoryIntake(), clock };
  const handler = createPolicyHandler(common);
  const http = policyServer(handler, (record) => records.push(record), logs);
  const log = silentLog;
  const service = createPolicyService({ ...common, listen: { host: '127.0.0.1', port: 0 }, log });
  const milterPath = join(directory, 'recorded-milter');
  const milter = createMilter({
    listen: { path: milterPath },
    contents: createMessageContentsJoin(clock),
    directory: join(directory, 'milter-notes'),
    disk: systemDisk,
    intake: common.intake,
    clock,
    log,
  });
  await service.start();
  await milter.start();
  const sockets = new Set<Socket>();
  const host = '127.0.0.1';
  const servicePort = Number(service.address().split(':').at(-1));
  const front = relay(
    { host, port: servicePort },
    requestsOf((request) => {
      records.push({ at: Date.now(), logs: logs(), service: 'postfix', request });
    }),
    sockets,
  );
  const heard = (connection: number, answered: number, data?: Buffer): void => {
    milterRecords.push({
      at: Date.now(),
      logs: logs(),
      service: 'milter',
      connection,
      answered,
      ...(data !== undefined && { data: data.toString('base64') }),
    });
  };
  const milterFront = relay(
    { path: milterPath },
    { sent: (data, connection, answered) => heard(connection, answered, data), ended: heard },
    sockets,
  );
  const milterSocket = join(directory, 'milter.socket');
  milterFront.listen(milterSocket);
  await once(milterFront, 'listening');
  // Postfix's processes connect as their own user.
  chmodSync(milterSocket, 0o666);
  const [httpPort, frontPort] = [await listening(http), await listening(front)];
  return {
    policyUrl: `http://127.0.0.1:${httpPort}/dovecot/policy`,
    policyService: `127.0.0.1:${frontPort}`,
    milterSocket,
    records,
    milterRecords,
    stop: async () => {
      http.closeAllConnections();
      for (const server of [http, front, milterFront]) server.close();
      for (const socket of sockets) socket.destroy();
      await service.stop();
      await milter.stop();
    },
  };
}

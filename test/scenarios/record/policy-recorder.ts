// Stands where Mailtrail stands when the servers ask and report: answers by the same rules and keeps
// what was asked, so that a recording can be replayed into the real handlers.
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { compileRules, DEFAULT_RULE } from '../../../src/access/decide.ts';
import { createPolicyHandler } from '../../../src/collect/dovecot/policy.ts';
import { createPolicyService } from '../../../src/collect/postfix/policy-service.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { silentLog } from '../../../src/platform/log.ts';
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

export interface PolicyRecorder {
  readonly policyUrl: string;
  /** `host:port` for Postfix. */
  readonly policyService: string;
  readonly records: readonly PolicyRecord[];
  stop(): Promise<void>;
}

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Hands on what Postfix asks and keeps a copy. */
function relay(target: number, keep: (request: string) => void, sockets: Set<Socket>): Server {
  return createServer((client) => {
    const service = connect({ host: '127.0.0.1', port: target });
    for (const socket of [client, service]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => sockets.delete(socket));
    }
    let text = '';
    client.on('data', (data: Buffer) => {
      text += data.toString('utf8');
      const requests = text.split('\n\n');
      text = requests.pop() ?? '';
      for (const request of requests) keep(request);
    });
    client.pipe(service).pipe(client);
  });
}

/**
 * Starts to answer and to record.
 *
 * @param logs how long the logs are now
 */
export async function startPolicyRecorder(logs: () => LogLengths): Promise<PolicyRecorder> {
  const records: PolicyRecord[] = [];
  const compiled = compileRules([RULE, DEFAULT_RULE]);
  const common = {
    rules: () => compiled,
    intake: new MemoryIntake(),
    clock: systemClock,
  };
  const handler = createPolicyHandler(common);
  const http = createHttpServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (part: string) => (text += part));
    request.on('end', () => {
      const asked = new URL(request.url ?? '', 'http://localhost').searchParams.get('command');
      const command = asked === 'report' ? 'report' : 'allow';
      const body = JSON.parse(text) as Readonly<Record<string, unknown>>;
      records.push({ at: Date.now(), logs: logs(), service: 'dovecot', command, body });
      void (async () => {
        const answer = await handler.handle(command, body);
        response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
      })();
    });
  });
  const service = createPolicyService({
    ...common,
    listen: { host: '127.0.0.1', port: 0 },
    log: silentLog,
  });
  await service.start();
  const sockets = new Set<Socket>();
  const target = Number(service.address().split(':').at(-1));
  const keep = (request: string): void => {
    records.push({ at: Date.now(), logs: logs(), service: 'postfix', request });
  };
  const front = relay(target, keep, sockets);
  const [httpPort, frontPort] = [await listening(http), await listening(front)];
  return {
    policyUrl: `http://127.0.0.1:${httpPort}/dovecot/policy`,
    policyService: `127.0.0.1:${frontPort}`,
    records,
    stop: async () => {
      http.closeAllConnections();
      http.close();
      front.close();
      for (const socket of sockets) socket.destroy();
      await service.stop();
    },
  };
}

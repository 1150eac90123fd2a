// Postfix's policy service: asked at every recipient, it lets the rules in force decide once for each
// message that an authenticated user submits. The decision is on disk before Postfix hears it; if
// it cannot be, the connection is closed unanswered, and `smtpd_policy_service_default_action`
// decides.
import { chmod, lstat, unlink } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { accessEvents, evaluate, type AccessInForce } from '../../access/evaluation.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { Collector, CollectorStatus, Intake } from '../collector.ts';
import { policyAction, submissionAttempt, submissionDetails, value } from './policy-decision.ts';
import {
  policyAnswer,
  PolicyProtocolError,
  PolicyRequestReader,
  type PolicyAttributes,
} from './policy-protocol.ts';

/** Most connections at a time: Postfix opens one for each smtpd process, 100 by default. */
export const POLICY_CONNECTIONS_MAX = 1_000;
/** A connection that is silent for longer is closed, in ms; Postfix drops its own after 300 s. */
export const POLICY_IDLE_MS = 600_000;
/** Most messages whose decision is remembered for their further recipients; the oldest goes first. */
export const POLICY_INSTANCES_MAX = 10_000;

/** Where the service listens. */
export type PolicyListen =
  | { readonly host: string; readonly port: number }
  | { readonly path: string };

export interface PolicyServiceOptions {
  readonly listen: PolicyListen;
  /** The rules in force now. */
  readonly access: () => AccessInForce;
  readonly intake: Intake;
  readonly clock: Clock;
  readonly log: Log;
}

/** The policy service; `address` is where it listens once it was started. */
export interface PolicyService extends Collector {
  address(): string;
}

class Service implements PolicyService {
  readonly #options: PolicyServiceOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** `instance` to the action that was answered: every recipient of a message gets the same one. */
  readonly #answered = new Map<string, string>();
  #state: CollectorStatus['state'] = 'stopped';
  #reason: string | undefined;
  #seen = 0;
  #events = 0;
  #rejected = 0;

  constructor(options: PolicyServiceOptions) {
    this.#options = options;
    this.#server = createServer((socket) => this.#connected(socket));
    this.#server.maxConnections = POLICY_CONNECTIONS_MAX;
  }

  async start(): Promise<void> {
    const { listen } = this.#options;
    if ('path' in listen) await removeStaleSocket(listen.path);
    await new Promise<void>((resolve, reject) => {
      const failed = (error: Error): void => {
        const reason = `the Postfix policy service cannot listen on ${describe(listen)}: ${error.message}`;
        this.#state = 'failed';
        this.#reason = reason;
        reject(new Error(reason, { cause: error }));
      };
      this.#server.once('error', failed);
      this.#server.listen(listen, () => {
        this.#server.off('error', failed);
        this.#server.on('error', (error) => this.#options.log.warn(error.message));
        resolve();
      });
    });
    // Postfix's smtpd runs as its own user; who may reach the socket is decided by its directory.
    if ('path' in listen) await chmod(listen.path, 0o666);
    this.#state = 'running';
  }

  async stop(): Promise<void> {
    this.#state = 'stopped';
    for (const socket of this.#sockets) socket.destroy();
    if (!this.#server.listening) return;
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  address(): string {
    const address = this.#server.address();
    if (address === null) return describe(this.#options.listen);
    return typeof address === 'string' ? address : `${address.address}:${address.port}`;
  }

  status(): CollectorStatus {
    return {
      name: `postfix-policy:${this.address()}`,
      state: this.#state,
      ...(this.#reason !== undefined && { reason: this.#reason }),
      seen: this.#seen,
      events: this.#events,
      rejected: this.#rejected,
    };
  }

  #connected(socket: Socket): void {
    this.#sockets.add(socket);
    socket.setTimeout(POLICY_IDLE_MS, () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#sockets.delete(socket));
    const reader = new PolicyRequestReader();
    let answering: Promise<void> = Promise.resolve();
    socket.on('data', (chunk: Buffer) => {
      socket.pause();
      answering = answering.then(() => this.#received(socket, reader, chunk));
    });
  }

  async #received(socket: Socket, reader: PolicyRequestReader, chunk: Buffer): Promise<void> {
    try {
      for (const request of reader.take(chunk)) {
        this.#seen++;
        const action = await this.#decide(request);
        if (!socket.destroyed) socket.write(policyAnswer(action));
      }
      socket.resume();
    } catch (error) {
      this.#giveUp(socket, error);
    }
  }

  #giveUp(socket: Socket, error: unknown): void {
    if (error instanceof PolicyProtocolError) {
      this.#rejected++;
      this.#options.log.warn('a policy connection was closed', { reason: error.message });
    } else {
      this.#options.log.error('a decision could not be recorded; Postfix decides by its default', {
        reason: error instanceof Error ? error.message : String(error),
      });
    }
    socket.destroy();
  }

  async #decide(attributes: PolicyAttributes): Promise<string> {
    const user = value(attributes, 'sasl_username');
    if (value(attributes, 'request') !== 'smtpd_access_policy') {
      throw new PolicyProtocolError('the request is not an smtpd_access_policy; is this Postfix?');
    }
    if (user === '') return 'DUNNO';
    const instance = value(attributes, 'instance');
    const before = this.#answered.get(instance);
    if (before !== undefined) return before;
    const attempt = submissionAttempt(attributes, this.#options.clock.now());
    const verdict = evaluate(this.#options.access(), attempt);
    await this.#options.intake.accept(
      accessEvents(attempt, verdict, submissionDetails(attributes)),
    );
    this.#events += verdict.evaluations.length;
    const action = policyAction(verdict);
    if (instance !== '') this.#remember(instance, action);
    return action;
  }

  #remember(instance: string, action: string): void {
    if (this.#answered.size >= POLICY_INSTANCES_MAX) {
      for (const oldest of this.#answered.keys()) {
        this.#answered.delete(oldest);
        break;
      }
    }
    this.#answered.set(instance, action);
  }
}

/** A socket that an earlier run left behind is in the way; any other file there is not ours. */
async function removeStaleSocket(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found?.isSocket() === true) await unlink(path);
}

function describe(listen: PolicyListen): string {
  return 'path' in listen ? `unix:${listen.path}` : `${listen.host}:${listen.port}`;
}

/** Makes the policy service; `start` rejects with the reason when it cannot listen. */
export function createPolicyService(options: PolicyServiceOptions): PolicyService {
  return new Service(options);
}

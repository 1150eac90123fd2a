// The HTTP server: one listener for feeds, Dovecot, queries and health. Each request is recognized,
// its caller checked, its body read and handed to its endpoint; each ends with an answer.
import { randomBytes } from 'node:crypto';
import { getRequestListener } from '@hono/node-server';
import type { CollectorStatus } from '../collect/collector.ts';
import type { RandomBytes } from '../config/credentials.ts';
import type { Position } from '../journal/journal.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { Actor, State } from '../state/state.ts';
import type { EventStore } from '../store/event-store.ts';
import { actorOf } from './actor.ts';
import { ApiError } from './api-error.ts';
import { AwsEndpoint } from './aws/endpoint.ts';
import type { AwsService } from './aws/operation.ts';
import { createAuthenticator, type Authenticator } from './authenticator.ts';
import { EVENT_LIMITS, EventFeed, type EventFeedOptions } from './events.ts';
import { DECIDE_PATH, DecideEndpoint, type DecideService } from './decide.ts';
import { BodyBudget, type Exchange } from './exchange.ts';
import { FeedBodies } from './feed-bodies.ts';
import { Gate } from './gate.ts';
import { type ApiKeys, KeyRing } from './key-ring.ts';
import { KeysEndpoint } from './keys.ts';
import { AWS_IN_FLIGHT_BYTES_MAX, REST_BODY_BYTES_MAX } from './limits.ts';
import {
  createListener,
  type ListenAddress,
  type Listener,
  type ListenerLimits,
  type TlsKeys,
} from './listener.ts';
import type { DeliveriesEndpoint } from './deliveries/deliveries-endpoint.ts';
import type { PutGroups } from './groups.ts';
import { OtlpEndpoint, type OtlpLogs } from './otlp-logs.ts';
import { isPolicyPath, PolicyEndpoint, type PolicyService } from './policy-endpoint.ts';
import { QueryEndpoint } from './query.ts';
import type { QueryLanguage } from './query-language.ts';
import {
  type AccessControlEndpoints,
  createRestApp,
  routeOf,
  type Readiness,
  type RestApp,
  type RestBindings,
  type Version,
} from './rest.ts';
import { TailEndpoint, type TailOptions } from './tail.ts';

/** The parts of the program that the server speaks for. */
export interface HttpServerOptions {
  /** The administrator's key now. */
  readonly keys: () => ApiKeys;
  /** The deliveries, to be seen and tried; there are none when absent. */
  readonly deliveries?: DeliveriesEndpoint;
  /** What decides about access, to be changed and asked; nothing does when absent. */
  readonly accessControl?: AccessControlEndpoints;
  /** Further keys, and where acts are recorded; there are none when absent. */
  readonly state?: State;
  readonly admit: EventFeedOptions['admit'];
  /** The journal's `append`. */
  readonly append: EventFeedOptions['append'];
  /** The mapping files. */
  readonly mapped?: NonNullable<EventFeedOptions['mapped']>;
  /** What makes events of OTLP's logs; they are not taken when absent. */
  readonly otlp?: OtlpLogs;
  readonly policy: PolicyService;
  /** Who decides for front ends. */
  readonly decisions?: DecideService;
  /** What `POST /` offers to AWS's clients; nothing when absent. */
  readonly aws?: readonly AwsService[];
  readonly store: Pick<EventStore, 'query' | 'groups'>;
  readonly language: QueryLanguage;
  /** How far the store has loaded the journal. */
  readonly loadedTo: () => Position;
  /** The alias in the names of the log groups. */
  readonly organization: string;
  /** Log groups that clients made. */
  readonly putGroups?: PutGroups;
  /** The account id in `@log`. */
  readonly account: string;
  readonly version: Version;
  readonly readiness: () => Readiness;
  /** Everything `mailtrail doctor` needs to know but the server's own state, as JSON. */
  readonly status: () => object | Promise<object>;
  readonly clock: Clock;
  readonly log: Log;
  /** What new keys are made of; a test owns it. */
  readonly randomBytes?: RandomBytes;
  /** HTTPS instead of HTTP. */
  readonly tls?: TlsKeys;
  /** For tests. */
  readonly eventLimits?: NonNullable<EventFeedOptions['limits']>;
  readonly tail?: Pick<TailOptions, 'pollMs' | 'heartbeatMs' | 'rowsMax' | 'tailsMax'>;
  readonly queries?: {
    readonly queriesMax?: number;
    readonly exportsMax?: number;
    readonly timeoutMs?: number;
  };
  readonly listenerLimits?: Partial<ListenerLimits>;
}

/** The server's own state, under `http` in GET /v1/status. */
export interface HttpStatus {
  readonly requestsInFlight: number;
  readonly queriesRunning: number;
  readonly tailsFollowed: number;
  /** Requests whose caller could not be authenticated. */
  readonly authenticationFailures: number;
  readonly feed: CollectorStatus;
  /** POST /v1/logs. */
  readonly otlp?: CollectorStatus;
}

export interface HttpServer {
  /** Listens; rejects with a ListenError that says what to do. Resolves to where it listens. */
  start(listen: ListenAddress): Promise<ListenAddress>;
  /**
   * Takes no more connections, ends live tails, and lets what is in flight end for so long. Then
   * the rest is cut off.
   */
  stop(options: { readonly drainMs: number }): Promise<void>;
  status(): HttpStatus;
}

const EVENTS_PATH = '/v1/events';
const OTLP_LOGS_PATH = '/v1/logs';
const AWS_PATH = '/';
const NO_BODY = Buffer.alloc(0);
/** Who asks for a path that is open to strangers. */
const NOBODY: Actor = { userId: '' };

function methodNotAllowed(exchange: Exchange, methods: readonly string[]): ApiError {
  const allow = methods.join(', ');
  const message = `${exchange.path} takes ${allow}, not ${exchange.method}`;
  return new ApiError(405, 'MethodNotAllowed', message, { headers: { allow } });
}

class Server implements HttpServer {
  readonly #log: Log;
  readonly #authenticator: Authenticator;
  readonly #gate: Gate;
  readonly #feed: EventFeed;
  readonly #otlp: OtlpEndpoint | undefined;
  readonly #policy: PolicyEndpoint;
  readonly #decide: DecideEndpoint;
  readonly #aws: AwsEndpoint;
  readonly #query: QueryEndpoint;
  readonly #tail: TailEndpoint;
  readonly #rest: RestApp;
  readonly #listener: Listener;
  readonly #stopping = new AbortController();

  constructor(options: HttpServerOptions) {
    const log = options.log.for('http');
    const ring = new KeyRing({ ...options, log });
    const authenticator = createAuthenticator({ ...options, ring, log });
    const gate = new Gate({ ...options, authenticator, log });
    this.#log = log;
    this.#authenticator = authenticator;
    this.#gate = gate;
    const { admit, append, mapped, otlp, clock, eventLimits } = options;
    const bodies = new FeedBodies({ ...EVENT_LIMITS, ...eventLimits }, clock);
    this.#feed = new EventFeed({
      gate,
      admit,
      append,
      clock,
      bodies,
      ...(mapped && { mapped }),
      ...(eventLimits && { limits: eventLimits }),
    });
    this.#otlp = otlp && new OtlpEndpoint({ gate, bodies, logs: otlp });
    this.#policy = new PolicyEndpoint({ gate, policy: options.policy });
    const { decisions } = options;
    this.#decide = new DecideEndpoint({ gate, ...(decisions && { decisions }) });
    this.#aws = new AwsEndpoint({
      gate,
      services: options.aws ?? [],
      budget: new BodyBudget(AWS_IN_FLIGHT_BYTES_MAX),
      log,
    });
    this.#query = new QueryEndpoint({ ...options, ...options.queries, log });
    this.#tail = new TailEndpoint({ ...options, ...options.tail, log });
    this.#rest = createRestApp({
      ...options,
      status: async () => ({ ...(await options.status()), http: this.status() }),
      query: this.#query,
      tail: this.#tail,
      keys: new KeysEndpoint({ ...options, ring, randomBytes: options.randomBytes ?? randomBytes }),
      stopping: this.#stopping.signal,
    });
    this.#listener = createListener({
      handle: (exchange) => {
        this.#handle(exchange).catch((error: unknown) => exchange.refuse(error, log));
      },
      clock,
      log,
      ...(options.tls && { tls: options.tls }),
      ...(options.listenerLimits && { limits: options.listenerLimits }),
    });
  }

  start(listen: ListenAddress): Promise<ListenAddress> {
    return this.#listener.start(listen);
  }

  stop(options: { readonly drainMs: number }): Promise<void> {
    this.#stopping.abort();
    return this.#listener.stop(options.drainMs);
  }

  status(): HttpStatus {
    return {
      requestsInFlight: this.#listener.inFlight,
      queriesRunning: this.#query.running,
      tailsFollowed: this.#tail.running,
      authenticationFailures: this.#authenticator.refusals,
      feed: this.#feed.status(),
      ...(this.#otlp && { otlp: this.#otlp.status() }),
    };
  }

  #handle(exchange: Exchange): Promise<void> {
    if (exchange.path === EVENTS_PATH) {
      return this.#post(exchange, () => this.#feed.handle(exchange));
    }
    const otlp = this.#otlp;
    if (otlp !== undefined && exchange.path === OTLP_LOGS_PATH) {
      return this.#post(exchange, () => otlp.handle(exchange));
    }
    if (isPolicyPath(exchange.path)) {
      return this.#post(exchange, () => this.#policy.handle(exchange));
    }
    if (exchange.path === DECIDE_PATH) {
      return this.#post(exchange, () => this.#decide.handle(exchange));
    }
    if (exchange.path === AWS_PATH && exchange.method === 'POST') return this.#aws.handle(exchange);
    return this.#handleRest(exchange);
  }

  async #post(exchange: Exchange, handle: () => Promise<void>): Promise<void> {
    if (exchange.method !== 'POST') throw methodNotAllowed(exchange, ['POST']);
    await handle();
  }

  async #handleRest(exchange: Exchange): Promise<void> {
    const route = routeOf(exchange.path);
    if (route === undefined) {
      const shown = JSON.stringify(exchange.path.slice(0, 100));
      throw new ApiError(404, 'NotFound', `there is nothing at ${shown}`);
    }
    if (!route.methods.includes(exchange.method)) throw methodNotAllowed(exchange, route.methods);
    let bindings: RestBindings = { exchange, body: NO_BODY, actor: NOBODY };
    if (!route.open) {
      const client = this.#gate.admit(exchange);
      const body = await exchange.body(client, REST_BODY_BYTES_MAX);
      bindings = { exchange, body, actor: actorOf(exchange, client) };
    }
    const listen = getRequestListener((request) => this.#rest.fetch(request, bindings), {
      hostname: 'localhost',
      overrideGlobalObjects: false,
      autoCleanupIncoming: false,
      errorHandler: (error) => exchange.refuse(asBadRequest(error), this.#log),
    });
    await listen(exchange.incoming, exchange.outgoing);
  }
}

/** A Host header or target that makes no URL is the client's mistake. */
function asBadRequest(error: unknown): unknown {
  if (!(error instanceof Error) || error.name !== 'RequestError') return error;
  return new ApiError(400, 'BadRequest', error.message);
}

/** Makes the HTTP server; nothing listens before `start`. */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  return new Server(options);
}

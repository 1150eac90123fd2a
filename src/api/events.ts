// POST /v1/events: NDJSON from other programs. A request is one batch: checked whole, kept whole,
// and acknowledged after the journal has it on disk. With ?mapping=NAME it is another program's own form.
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { CollectorStatus } from '../collect/collector.ts';
import type { AppendBatch, Position } from '../journal/journal.ts';
import type { Clock } from '../platform/clock.ts';
import { admitSliced, type AdmitLines, type AdmittedLines } from './admit-sliced.ts';
import { ApiError, retryAfter, tooLarge } from './api-error.ts';
import type { Authenticator } from './authenticator.ts';
import { BodyBudget, type Exchange } from './exchange.ts';
import {
  CLIENT_REQUESTS_BURST,
  CLIENT_REQUESTS_PER_SECOND,
  EVENTS_BODY_BYTES_MAX,
  EVENTS_IN_FLIGHT_BYTES_MAX,
  EVENTS_PER_REQUEST_MAX,
  EVENTS_UNPACKED_BYTES_MAX,
  RATED_CLIENTS_MAX,
  RETRY_SOON_SECONDS,
} from './limits.ts';
import { type MappedBodies, takeMapped } from './mapped-events.ts';
import { otlpFormOf, takeOtlp, type OtlpLogs } from './otlp-logs.ts';
import { RequestRate } from './request-rate.ts';

/** The bounds a test may set. */
export interface EventLimits {
  readonly bodyBytesMax: number;
  readonly unpackedBytesMax: number;
  readonly eventsMax: number;
  readonly inFlightBytesMax: number;
  readonly requestsPerSecond: number;
  readonly requestsBurst: number;
}

export const EVENT_LIMITS: EventLimits = {
  bodyBytesMax: EVENTS_BODY_BYTES_MAX,
  unpackedBytesMax: EVENTS_UNPACKED_BYTES_MAX,
  eventsMax: EVENTS_PER_REQUEST_MAX,
  inFlightBytesMax: EVENTS_IN_FLIGHT_BYTES_MAX,
  requestsPerSecond: CLIENT_REQUESTS_PER_SECOND,
  requestsBurst: CLIENT_REQUESTS_BURST,
};

export interface EventFeedOptions {
  readonly authenticator: Authenticator;
  readonly admit: AdmitLines;
  /** The journal's `append`. */
  readonly append: (batch: AppendBatch) => Promise<Position>;
  /** The mapping files; there are none when absent. */
  readonly mapped?: MappedBodies;
  /** What takes log records of OpenTelemetry. */
  readonly otlp?: OtlpLogs;
  readonly clock: Clock;
  readonly limits?: Partial<EventLimits>;
}

const NO_MAPPINGS: MappedBodies = {
  names: [],
  signatureKey: () => undefined,
  map: async () => undefined,
  keep: () => Promise.reject(new Error('there is no mapping')),
};

const unpack = promisify(gunzip);
/** Pieces in which zlib gives out what it unpacked: large ones, as the whole is wanted. */
const UNPACK_CHUNK_BYTES = 256 * 1024;

function encodingOf(exchange: Exchange): 'identity' | 'gzip' {
  const encoding = (exchange.incoming.headers['content-encoding'] ?? '').trim().toLowerCase();
  if (encoding === '' || encoding === 'identity') return 'identity';
  if (encoding === 'gzip' || encoding === 'x-gzip') return 'gzip';
  throw new ApiError(
    415,
    'UnsupportedMediaType',
    `Content-Encoding ${JSON.stringify(encoding.slice(0, 40))} is not supported; send the body as it is or with gzip`,
    { headers: { 'accept-encoding': 'gzip' } },
  );
}

/** The feed of events over HTTP. */
export class EventFeed {
  readonly #options: EventFeedOptions;
  readonly #limits: EventLimits;
  readonly #budget: BodyBudget;
  readonly #rate: RequestRate;
  #events = 0;
  #rejected = 0;

  constructor(options: EventFeedOptions) {
    this.#options = options;
    this.#limits = { ...EVENT_LIMITS, ...options.limits };
    this.#budget = new BodyBudget(this.#limits.inFlightBytesMax);
    this.#rate = new RequestRate({
      perSecond: this.#limits.requestsPerSecond,
      burst: this.#limits.requestsBurst,
      clientsMax: RATED_CLIENTS_MAX,
    });
  }

  status(): CollectorStatus {
    return {
      name: 'http-events',
      state: 'running',
      seen: this.#events + this.#rejected,
      events: this.#events,
      rejected: this.#rejected,
    };
  }

  /** Handles one POST. Throws what is to be refused. */
  async handle(exchange: Exchange): Promise<void> {
    const mapping = exchange.parameters().get('mapping');
    const { mapped = NO_MAPPINGS, authenticator } = this.#options;
    const key = mapping === null ? undefined : mapped.signatureKey(mapping);
    await this.#withBody(exchange, authenticator, key, async (body) => {
      if (mapping !== null) {
        const counts = await takeMapped(exchange, mapping, body, mapped);
        this.#events += counts.events;
        this.#rejected += counts.rejected;
        return;
      }
      const partial = partialOf(exchange);
      const admitted = await admitSliced(body, this.#options.admit, this.#options.clock.now());
      await this.#keep(exchange, admitted, partial);
    });
  }

  /** Handles one POST of OpenTelemetry's log records. Throws what is to be refused. */
  async handleOtlp(exchange: Exchange): Promise<void> {
    const { otlp, authenticator } = this.#options;
    if (otlp === undefined) throw new ApiError(404, 'NotFound', 'log records are not taken');
    await this.#withBody(exchange, authenticator, undefined, async (body) => {
      const counts = await takeOtlp(exchange, body, otlpFormOf(exchange), otlp);
      this.#events += counts.events;
      this.#rejected += counts.rejected;
    });
  }

  /** Reads the body of somebody who may send one, unpacked, within the limits. */
  async #withBody(
    exchange: Exchange,
    authenticator: Authenticator,
    key: string | undefined,
    take: (body: Buffer) => Promise<void>,
  ): Promise<void> {
    const client = exchange.authenticate(authenticator, false, key);
    if (!this.#rate.take(exchange.client, this.#options.clock.now())) {
      const message = `more than ${this.#limits.requestsPerSecond} requests a second from ${exchange.client}; put more events into each`;
      throw retryAfter(429, 'ThrottlingException', message, RETRY_SOON_SECONDS);
    }
    const encoding = encodingOf(exchange);
    const packed = await exchange.body(client, this.#limits.bodyBytesMax, this.#budget);
    let taken = packed.length;
    try {
      const body = encoding === 'gzip' ? await this.#unpacked(packed) : packed;
      if (encoding === 'gzip') {
        this.#budget.take(body.length);
        taken += body.length;
      }
      await take(body);
    } finally {
      this.#budget.give(taken);
    }
  }

  async #unpacked(packed: Buffer): Promise<Buffer> {
    const { unpackedBytesMax } = this.#limits;
    try {
      return await unpack(packed, {
        maxOutputLength: unpackedBytesMax,
        chunkSize: UNPACK_CHUNK_BYTES,
      });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
        throw tooLarge(
          `the body is longer than ${unpackedBytesMax} bytes when unpacked, which is the limit; send it in parts`,
        );
      }
      const message = `the body is not whole gzip: ${(error as Error).message}`;
      throw new ApiError(400, 'InvalidEvents', message);
    }
  }

  async #keep(exchange: Exchange, admitted: AdmittedLines, partial: boolean): Promise<void> {
    const { count, rejected, rejectedCount } = admitted;
    this.#rejected += rejectedCount;
    if (count === 0 && rejectedCount === 0) {
      const message = 'the body has no events: send one JSON object on each line';
      throw new ApiError(400, 'InvalidEvents', message);
    }
    if (rejectedCount > 0 && !(partial && count > 0)) {
      const hint = partial ? '' : '; ?partial=true takes the good ones';
      const bad = `${rejectedCount} of ${count + rejectedCount} lines`;
      const message = `${bad} cannot be taken, so nothing was${hint}`;
      const refusal = new ApiError(400, 'InvalidEvents', message);
      exchange.json(400, { ...refusal.body(), rejected, rejectedCount, accepted: 0 });
      return;
    }
    const { eventsMax, unpackedBytesMax } = this.#limits;
    if (count > eventsMax) {
      throw tooLarge(`${count} events in one request; at most ${eventsMax} are taken`);
    }
    if (admitted.lines.length > unpackedBytesMax) {
      throw tooLarge(
        `the events need ${admitted.lines.length} bytes in the journal, and ${unpackedBytesMax} is the limit; send fewer`,
      );
    }
    const position = await this.#options.append({ lines: admitted.lines, count });
    this.#events += count;
    exchange.json(200, {
      accepted: count,
      position,
      ...(rejectedCount > 0 && { rejected, rejectedCount }),
    });
  }
}

function partialOf(exchange: Exchange): boolean {
  const partial = exchange.parameters().get('partial');
  if (partial === null || partial === 'false') return false;
  if (partial === 'true') return true;
  const message = `partial must be true or false, not ${JSON.stringify(partial.slice(0, 40))}`;
  throw new ApiError(400, 'InvalidParameterException', message);
}

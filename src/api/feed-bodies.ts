// The bodies of all feeds over HTTP: how many requests a client may send, gzip, and how much of bodies is in
// memory at one time, whichever feed they are for.
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { Clock } from '../platform/clock.ts';
import { ApiError, retryAfter, tooLarge } from './api-error.ts';
import type { Admitted } from './authenticator.ts';
import { BodyBudget, type Exchange } from './exchange.ts';
import { RATED_CLIENTS_MAX, RETRY_SOON_SECONDS } from './limits.ts';
import { RequestRate } from './request-rate.ts';

export interface FeedBodyLimits {
  readonly bodyBytesMax: number;
  readonly unpackedBytesMax: number;
  readonly inFlightBytesMax: number;
  readonly requestsPerSecond: number;
  readonly requestsBurst: number;
}

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

/** See the head of this file. */
export class FeedBodies {
  readonly #limits: FeedBodyLimits;
  readonly #clock: Clock;
  readonly #budget: BodyBudget;
  readonly #rate: RequestRate;

  constructor(limits: FeedBodyLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
    this.#budget = new BodyBudget(limits.inFlightBytesMax);
    this.#rate = new RequestRate({
      perSecond: limits.requestsPerSecond,
      burst: limits.requestsBurst,
      clientsMax: RATED_CLIENTS_MAX,
    });
  }

  /** Throws an ApiError of status 429 when the client sends more requests than one may. */
  checkRate(exchange: Exchange): void {
    if (this.#rate.take(exchange.client, this.#clock.now())) return;
    const message = `more than ${this.#limits.requestsPerSecond} requests a second from ${exchange.client}; put more events into each`;
    throw retryAfter(429, 'ThrottlingException', message, RETRY_SOON_SECONDS);
  }

  /**
   * Reads and unpacks the body, and holds its room until `use` is done with it. Throws an ApiError when the
   * body is too long, is not the one that was signed, or there is no room.
   */
  async read<T>(
    exchange: Exchange,
    client: Admitted,
    use: (body: Buffer) => Promise<T>,
  ): Promise<T> {
    const encoding = encodingOf(exchange);
    const packed = await exchange.body(client, this.#limits.bodyBytesMax, this.#budget);
    let taken = packed.length;
    try {
      const body = encoding === 'gzip' ? await this.#unpacked(packed) : packed;
      if (encoding === 'gzip') {
        this.#budget.take(body.length);
        taken += body.length;
      }
      return await use(body);
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
}

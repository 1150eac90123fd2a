// How many requests a client may send: a token bucket for each address.

export interface RequestRateLimits {
  readonly perSecond: number;
  readonly burst: number;
  /** Clients remembered; at the limit the one unseen longest is forgotten, and starts afresh. */
  readonly clientsMax: number;
}

interface Bucket {
  tokens: number;
  filledAtMs: number;
}

/** The rates of all clients. */
export class RequestRate {
  readonly #limits: RequestRateLimits;
  /** In the order of last use. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(limits: RequestRateLimits) {
    this.#limits = limits;
  }

  /** Counts one request. Whether it is within the rate; a clock that jumps back costs nobody. */
  take(client: string, nowMs: number): boolean {
    const { perSecond, burst, clientsMax } = this.#limits;
    const bucket = this.#buckets.get(client) ?? { tokens: burst, filledAtMs: nowMs };
    this.#buckets.delete(client);
    this.#buckets.set(client, bucket);
    if (this.#buckets.size > clientsMax) {
      for (const oldest of this.#buckets.keys()) {
        this.#buckets.delete(oldest);
        break;
      }
    }
    const passedMs = Math.max(0, nowMs - bucket.filledAtMs);
    bucket.tokens = Math.min(burst, bucket.tokens + (passedMs * perSecond) / 1000);
    bucket.filledAtMs = nowMs;
    if (bucket.tokens < 1) return false;
    bucket.tokens--;
    return true;
  }
}

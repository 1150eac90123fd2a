// Tokens of pages: what the next page begins with, opaque to the client, good for one kind of list.
import { ApiError } from '../api-error.ts';

/** How long AWS keeps `nextToken`s of the Describe operations, GetLogEvents and FilterLogEvents. */
export const PAGE_TOKEN_LIFE_MS = 24 * 60 * 60 * 1000;
/** A token of ours holds one name and some numbers. */
const TOKEN_LENGTH_MAX = 4096;

/** Makes and reads the tokens of one operation. */
export class PageTokens<T> {
  readonly #operation: string;
  readonly #now: () => number;
  readonly #lifeMs: number;

  /** @param operation tokens of another operation are refused */
  constructor(operation: string, now: () => number, lifeMs: number = PAGE_TOKEN_LIFE_MS) {
    this.#operation = operation;
    this.#now = now;
    this.#lifeMs = lifeMs;
  }

  make(place: T): string {
    const token = { o: this.#operation, t: this.#now(), p: place };
    return Buffer.from(JSON.stringify(token)).toString('base64url');
  }

  /** Throws InvalidParameterException when the token is not of this operation or too old. */
  read(token: string | undefined): T | undefined {
    if (token === undefined) return undefined;
    const { o, t, p } = this.#parse(token);
    if (o !== this.#operation || typeof t !== 'number' || p === undefined) throw this.#invalid();
    if (this.#now() - t > this.#lifeMs) {
      throw new ApiError(400, 'InvalidParameterException', 'The specified nextToken has expired.');
    }
    return p as T;
  }

  #parse(token: string): { readonly o?: unknown; readonly t?: unknown; readonly p?: unknown } {
    if (token.length > TOKEN_LENGTH_MAX) throw this.#invalid();
    try {
      const value: unknown = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
      if (typeof value === 'object' && value !== null) return value;
    } catch {
      // told below
    }
    throw this.#invalid();
  }

  #invalid(): ApiError {
    return new ApiError(400, 'InvalidParameterException', 'The specified nextToken is invalid.');
  }
}

/** One page of a list that is in the order of its keys, and the key that the next one begins after. */
export function pageAfter<T>(
  items: Iterable<T>,
  keyOf: (item: T) => string,
  after: string | undefined,
  limit: number,
): { readonly page: readonly T[]; readonly next: string | undefined } {
  const page: T[] = [];
  for (const item of items) {
    const key = keyOf(item);
    if (after !== undefined && key <= after) continue;
    const last = page.at(-1);
    if (page.length === limit && last !== undefined) return { page, next: keyOf(last) };
    page.push(item);
  }
  return { page, next: undefined };
}

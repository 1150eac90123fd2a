// One request and its answer on node:http: reading the body within a limit, answering JSON, and
// refusing without waiting for a body that nobody will read.
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Log } from '../platform/log.ts';
import { type ApiError, asApiError, ClientGoneError, retryAfter, tooLarge } from './api-error.ts';
import type { Admitted, Authenticator } from './authenticator.ts';
import {
  DISCARD_BYTES_MAX,
  DISCARD_MS,
  KNOWN_CLIENT_DISCARD_BYTES_MAX,
  RETRY_SOON_SECONDS,
} from './limits.ts';

/** Bytes that bodies may take in memory together. */
export class BodyBudget {
  readonly #bytesMax: number;
  #taken = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Takes bytes of the budget; throws an ApiError of status 429 when they are not there. */
  take(bytes: number): void {
    if (this.#taken + bytes > this.#bytesMax) {
      const message = `request bodies of ${this.#taken} bytes are being worked on, of at most ${this.#bytesMax}; send again in a second`;
      throw retryAfter(429, 'ThrottlingException', message, RETRY_SOON_SECONDS);
    }
    this.#taken += bytes;
  }

  give(bytes: number): void {
    this.#taken -= bytes;
  }
}

/** A request target without scheme and authority, which RFC 9112, section 3.2.2, lets clients send. */
function originForm(url: string): string {
  return url.startsWith('/') ? url : url.replace(/^https?:\/\/[^/?#]*/i, '') || '/';
}

/** One request and its answer. */
export class Exchange {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly requestId = randomUUID();
  /** Path and query as they were sent. */
  readonly target: string;
  readonly path: string;
  readonly method: string;
  /** The client asked by `Expect: 100-continue` whether to send its body at all. */
  readonly #asksToContinue: boolean;
  #gone: AbortController | undefined;
  #discardBytesMax = DISCARD_BYTES_MAX;

  constructor(incoming: IncomingMessage, outgoing: ServerResponse, asksToContinue = false) {
    this.incoming = incoming;
    this.outgoing = outgoing;
    this.target = originForm(incoming.url ?? '/');
    this.path = this.target.split('?', 1)[0] ?? '';
    this.method = incoming.method ?? 'GET';
    this.#asksToContinue = asksToContinue;
    outgoing.setHeader('x-request-id', this.requestId);
  }

  /** Aborts when the client went away before it had its answer. */
  get gone(): AbortSignal {
    if (this.#gone === undefined) {
      const { outgoing } = this;
      const gone = new AbortController();
      const abort = (): void => {
        if (!outgoing.writableFinished) gone.abort(new ClientGoneError('the client left'));
      };
      if (outgoing.closed) abort();
      else outgoing.once('close', abort);
      this.#gone = gone;
    }
    return this.#gone.signal;
  }

  get client(): string {
    return this.incoming.socket.remoteAddress ?? '';
  }

  /**
   * Throws an ApiError unless the caller is known.
   *
   * @param apiKeyHeader whether the token may come as `X-API-Key`
   * @param webhookKey the key by which the body must be signed instead
   */
  authenticate(authenticator: Authenticator, apiKeyHeader = false, webhookKey?: string): Admitted {
    const { method, target, client } = this;
    const { rawHeaders } = this.incoming;
    const admitted = authenticator.authenticate({
      method,
      target,
      client,
      rawHeaders,
      apiKeyHeader,
      ...(webhookKey !== undefined && { webhookKey }),
    });
    if (webhookKey === undefined) this.#discardBytesMax = KNOWN_CLIENT_DISCARD_BYTES_MAX;
    return admitted;
  }

  /** The parameters of the query string. */
  parameters(): URLSearchParams {
    return new URLSearchParams(this.target.slice(this.path.length));
  }

  /**
   * Reads the body as it was sent and lets the authenticator compare it. Throws an ApiError when it
   * is longer than the limit or not the one that was signed, and a ClientGoneError when it ended
   * before it was whole. The caller gives the body's bytes back to the budget.
   */
  async body(admitted: Admitted, bytesMax: number, budget?: BodyBudget): Promise<Buffer> {
    const limit = Math.min(bytesMax, admitted.bodyBytesMax);
    const hint = limit < bytesMax ? ' when x-amz-content-sha256 is not sent' : '; send it in parts';
    const over = (): ApiError =>
      tooLarge(`the body is longer than ${limit} bytes, which is the limit${hint}`);
    if (Number(this.incoming.headers['content-length'] ?? 0) > limit) throw over();
    if (this.#asksToContinue) this.outgoing.writeContinue();
    const body = await this.#read(limit, over, budget);
    try {
      await admitted.checkBody(body);
    } catch (error) {
      budget?.give(body.length);
      throw error;
    }
    return body;
  }

  #read(limit: number, over: () => ApiError, budget: BodyBudget | undefined): Promise<Buffer> {
    const { incoming } = this;
    const chunks: Buffer[] = [];
    let bytes = 0;
    return new Promise<Buffer>((resolve, reject) => {
      const settle = (act: () => void): void => {
        incoming.off('data', onData).off('end', onEnd).off('error', onGone).off('close', onGone);
        act();
      };
      const fail = (error: Error): void =>
        settle(() => {
          budget?.give(bytes);
          incoming.pause();
          reject(error);
        });
      const onData = (chunk: Buffer): void => {
        if (bytes + chunk.length > limit) return fail(over());
        try {
          budget?.take(chunk.length);
        } catch (error) {
          return fail(error as Error);
        }
        bytes += chunk.length;
        chunks.push(chunk);
      };
      const onEnd = (): void =>
        settle(() => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
      const onGone = (): void => fail(new ClientGoneError('the body ended before it was whole'));
      incoming.on('data', onData).on('end', onEnd).on('error', onGone).on('close', onGone);
    });
  }

  /** Answers JSON. */
  json(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): void {
    // A string goes out in one piece with the headers, a buffer would not.
    this.#answer(status, `${JSON.stringify(value)}\n`, 'application/json', headers);
  }

  /** Answers bytes of the media type. */
  bytes(
    status: number,
    bytes: Buffer,
    mediaType: string,
    headers: Readonly<Record<string, string>> = {},
  ): void {
    this.#answer(status, bytes, mediaType, headers);
  }

  #answer(
    status: number,
    content: string | Buffer,
    mediaType: string,
    headers: Readonly<Record<string, string>>,
  ): void {
    const all = {
      ...headers,
      'content-type': mediaType,
      'content-length': Buffer.byteLength(content),
    };
    if (this.outgoing.headersSent || this.outgoing.destroyed) return;
    if (this.#bodyIsWhole()) {
      this.outgoing.writeHead(status, all).end(this.method === 'HEAD' ? undefined : content);
      return;
    }
    // The client is still sending. Closing at once would reset the connection and take the answer
    // with it, so that a little more is read and thrown away.
    this.outgoing.writeHead(status, { ...all, connection: 'close' });
    this.outgoing.write(content);
    this.#discardThenEnd();
  }

  #bodyIsWhole(): boolean {
    const { complete, headers } = this.incoming;
    const length = Number(headers['content-length'] ?? 0);
    return complete || (length === 0 && headers['transfer-encoding'] === undefined);
  }

  #discardThenEnd(): void {
    const { incoming, outgoing } = this;
    let bytes = 0;
    const end = (): void => {
      clearTimeout(timer);
      incoming.off('data', count).off('end', end).off('close', end);
      incoming.pause();
      outgoing.end();
    };
    const count = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes > this.#discardBytesMax) end();
    };
    const timer = setTimeout(end, DISCARD_MS);
    timer.unref();
    incoming.on('data', count).on('end', end).on('close', end);
    incoming.resume();
  }

  /** Logs what nobody foresaw under the request's id. */
  logMistake(cause: unknown, log: Log): void {
    log.error('a request failed', {
      request: `${this.method} ${this.path.slice(0, 100)}`,
      requestId: this.requestId,
      error: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause),
    });
  }

  /** Answers any error; one that nobody foresaw is logged under the request's id. */
  refuse(error: unknown, log: Log): void {
    if (error instanceof ClientGoneError || this.outgoing.destroyed) return;
    const refusal = asApiError(error);
    if (refusal.status === 500) this.logMistake(refusal.cause ?? error, log);
    this.json(refusal.status, refusal.body(), refusal.headers);
  }
}

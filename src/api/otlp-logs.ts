// POST /v1/logs: OTLP/HTTP, for what OpenTelemetry's SDKs and its Collector send. It is answered after the
// events are on disk; a record that cannot be taken is counted in the answer and never stops the others.
import type { CollectorStatus } from '../collect/collector.ts';
import { ApiError, tooLarge } from './api-error.ts';
import type { Exchange } from './exchange.ts';
import type { FeedBodies } from './feed-bodies.ts';
import type { Gate } from './gate.ts';
import { answerRefusal, answerTaken, type OtlpEncoding, otlpEncodingOf } from './otlp-answer.ts';

/** What makes events of requests. */
export interface OtlpLogs<Event = object> {
  take(
    body: Buffer,
    encoding: OtlpEncoding,
  ): Promise<
    | {
        readonly ok: true;
        readonly events: readonly Event[];
        readonly rejectedCount: number;
        /** The first reasons. */
        readonly rejected: readonly string[];
      }
    | { readonly ok: false; readonly tooLarge: boolean; readonly reason: string }
  >;
  /** Resolves when the events are durable. */
  keep(events: readonly Event[]): Promise<number>;
}

export interface OtlpEndpointOptions<Event> {
  readonly gate: Gate;
  readonly bodies: FeedBodies;
  readonly logs: OtlpLogs<Event>;
}

/** See the head of this file. */
export class OtlpEndpoint<Event = object> {
  readonly #options: OtlpEndpointOptions<Event>;
  #events = 0;
  #rejected = 0;

  constructor(options: OtlpEndpointOptions<Event>) {
    this.#options = options;
  }

  status(): CollectorStatus {
    return {
      name: 'otlp-logs',
      state: 'running',
      seen: this.#events + this.#rejected,
      events: this.#events,
      rejected: this.#rejected,
    };
  }

  /** Handles one POST. Throws what is to be refused in our own form: what does not speak OTLP. */
  async handle(exchange: Exchange): Promise<void> {
    const { gate, bodies } = this.#options;
    const type = exchange.incoming.headers['content-type'];
    const encoding = otlpEncodingOf(type);
    try {
      const client = gate.admit(exchange);
      if (encoding === undefined) {
        const found = type === undefined ? 'none' : JSON.stringify(type.slice(0, 60));
        const message = `expected Content-Type application/x-protobuf or application/json, found ${found}`;
        throw new ApiError(415, 'UnsupportedMediaType', message);
      }
      bodies.checkRate(exchange);
      await bodies.read(exchange, client, (body) => this.#take(exchange, encoding, body));
    } catch (error) {
      if (encoding === undefined) throw error;
      answerRefusal(exchange, encoding, error);
    }
  }

  async #take(exchange: Exchange, encoding: OtlpEncoding, body: Buffer): Promise<void> {
    const { logs } = this.#options;
    const outcome = await logs.take(body, encoding);
    if (!outcome.ok) {
      const { reason } = outcome;
      if (outcome.tooLarge) throw tooLarge(reason);
      const message = `the body is no ExportLogsServiceRequest: ${reason}`;
      throw new ApiError(400, 'InvalidEvents', message);
    }
    const { events, rejected, rejectedCount } = outcome;
    if (events.length > 0) await this.#keep(events);
    this.#events += events.length;
    this.#rejected += rejectedCount;
    answerTaken(exchange, encoding, rejectedCount, rejected.join('\n'));
  }

  /** The journal takes a batch whole or not at all, and not one that is too large. */
  async #keep(events: readonly Event[]): Promise<void> {
    try {
      await this.#options.logs.keep(events);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw tooLarge(`what the records become is too large: ${error.message}; send fewer at once`);
    }
  }
}

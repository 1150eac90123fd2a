// POST /v1/events: NDJSON from other programs. A request is one batch: checked whole, kept whole,
// and acknowledged after the journal has it on disk. With ?mapping=NAME it is another program's own form.
import type { CollectorStatus } from '../collect/collector.ts';
import type { AppendBatch, Position } from '../journal/journal.ts';
import type { Clock } from '../platform/clock.ts';
import { admitSliced, type AdmitLines, type AdmittedLines } from './admit-sliced.ts';
import { ApiError, tooLarge } from './api-error.ts';
import type { Exchange } from './exchange.ts';
import { FeedBodies } from './feed-bodies.ts';
import type { Gate } from './gate.ts';
import {
  CLIENT_REQUESTS_BURST,
  CLIENT_REQUESTS_PER_SECOND,
  EVENTS_BODY_BYTES_MAX,
  EVENTS_IN_FLIGHT_BYTES_MAX,
  EVENTS_PER_REQUEST_MAX,
  EVENTS_UNPACKED_BYTES_MAX,
} from './limits.ts';
import { type MappedBodies, takeMapped } from './mapped-events.ts';

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
  readonly gate: Gate;
  readonly admit: AdmitLines;
  /** The journal's `append`. */
  readonly append: (batch: AppendBatch) => Promise<Position>;
  /** The mapping files; there are none when absent. */
  readonly mapped?: MappedBodies;
  readonly clock: Clock;
  /** What reads bodies, where other feeds share its limits. */
  readonly bodies?: FeedBodies;
  readonly limits?: Partial<EventLimits>;
}

const NO_MAPPINGS: MappedBodies = {
  names: [],
  signatureKey: () => undefined,
  map: async () => undefined,
  keep: () => Promise.reject(new Error('there is no mapping')),
};

/** The feed of events over HTTP. */
export class EventFeed {
  readonly #options: EventFeedOptions;
  readonly #limits: EventLimits;
  readonly #bodies: FeedBodies;
  #events = 0;
  #rejected = 0;

  constructor(options: EventFeedOptions) {
    this.#options = options;
    this.#limits = { ...EVENT_LIMITS, ...options.limits };
    this.#bodies = options.bodies ?? new FeedBodies(this.#limits, options.clock);
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
    const { mapped = NO_MAPPINGS, gate } = this.#options;
    const key = mapping === null ? undefined : mapped.signatureKey(mapping);
    const client = gate.admit(exchange, { ...(key !== undefined && { webhookKey: key }) });
    this.#bodies.checkRate(exchange);
    const partial = partialOf(exchange);
    await this.#bodies.read(exchange, client, async (body) => {
      if (mapping !== null) {
        const counts = await takeMapped(exchange, mapping, body, mapped);
        this.#events += counts.events;
        this.#rejected += counts.rejected;
        return;
      }
      const admitted = await admitSliced(body, this.#options.admit, this.#options.clock.now());
      await this.#keep(exchange, admitted, partial);
    });
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

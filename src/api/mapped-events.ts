// POST /v1/events?mapping=NAME: what other programs post in their own form, e.g. a webhook. A mapping file makes events
// of it. Unlike events of our own form a body is taken as far as it is good: the program that sent it
// cannot mend it, and would only send it again.
import { isUtf8 } from 'node:buffer';
import { ApiError, tooLarge } from './api-error.ts';
import type { Exchange } from './exchange.ts';
import { EVENTS_PER_REQUEST_MAX, MAPPED_BODY_BYTES_MAX } from './limits.ts';

/** What the mapping files make of bodies. */
export interface MappedBodies<Event = object> {
  readonly names: readonly string[];
  /** The key by which bodies for the mapping are signed; undefined where none is configured. */
  signatureKey(mapping: string): string | undefined;
  /** Makes events of a body; undefined when there is no such mapping. */
  map(
    mapping: string,
    text: string,
  ): Promise<
    | {
        readonly events: readonly Event[];
        readonly passed: number;
        readonly rejected: readonly { readonly line: number; readonly reason: string }[];
        readonly rejectedCount: number;
      }
    | undefined
  >;
  /** Resolves to the position after the events when they are durable. */
  keep(events: readonly Event[]): Promise<number>;
}

/** How many events of a body were taken and refused. */
export interface MappedCounts {
  readonly events: number;
  readonly rejected: number;
}

function unknownMapping(mapping: string, names: readonly string[]): ApiError {
  const known = names.length === 0 ? 'there is none' : `there are ${names.join(', ')}`;
  return new ApiError(
    404,
    'ResourceNotFoundException',
    `no mapping file has the name ${JSON.stringify(mapping.slice(0, 100))}; ${known}`,
  );
}

/**
 * Takes a body and answers: 200 when something of it is on disk or nothing of it is an event, 400 when all
 * that is meant to be an event is refused. Throws what is to be refused as a whole.
 */
export async function takeMapped<Event>(
  exchange: Exchange,
  mapping: string,
  body: Buffer,
  bodies: MappedBodies<Event>,
): Promise<MappedCounts> {
  if (body.length > MAPPED_BODY_BYTES_MAX) {
    throw tooLarge(`the body is longer than ${MAPPED_BODY_BYTES_MAX} bytes; send it in parts`);
  }
  if (!isUtf8(body)) throw new ApiError(400, 'InvalidEvents', 'the body is not valid UTF-8');
  const mapped = await bodies.map(mapping, body.toString('utf8'));
  if (mapped === undefined) throw unknownMapping(mapping, bodies.names);
  const { events, passed, rejected, rejectedCount } = mapped;
  const told = rejectedCount > 0 ? { rejected, rejectedCount } : {};
  if (events.length === 0) {
    if (rejectedCount === 0) exchange.json(200, { accepted: 0, passed });
    else {
      const message = `none of ${rejectedCount} records can be taken`;
      const refusal = new ApiError(400, 'InvalidEvents', message);
      exchange.json(400, { ...refusal.body(), ...told, passed, accepted: 0 });
    }
    return { events: 0, rejected: rejectedCount };
  }
  if (events.length > EVENTS_PER_REQUEST_MAX) {
    throw tooLarge(
      `${events.length} events in one request; at most ${EVENTS_PER_REQUEST_MAX} are taken`,
    );
  }
  const position = await keep(events, bodies);
  exchange.json(200, { accepted: events.length, position, passed, ...told });
  return { events: events.length, rejected: rejectedCount };
}

/** The journal takes a batch whole or not at all, and not one that is too large. */
async function keep<Event>(events: readonly Event[], bodies: MappedBodies<Event>): Promise<number> {
  try {
    return await bodies.keep(events);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw tooLarge(`what the body becomes is too large: ${error.message}; send fewer records`);
  }
}

// /v1/deliveries: deliveries as people describe them, with how each is; made, changed, paused, sent again and
// removed. A path names one delivery by its id, or all of a destination by its name.
import type { DeliveryStatus } from '../../deliver/delivery-run.ts';
import type { Destination, DestinationTest } from '../../deliver/destination.ts';
import { checkDescription, type DeliveryDescription } from '../../deliver/description.ts';
import { writtenOf } from '../../deliver/written-description.ts';
import type { StateDocuments } from '../../state/documents.ts';
import type { Actor, StateView } from '../../state/state.ts';
import { ApiError } from '../api-error.ts';
import type { DeliveryActs } from './acts.ts';

/** The deliveries at work. */
export interface DeliveriesAtWork {
  /** How each is, by its id. */
  status(): readonly DeliveryStatus[];
  /** Why a delivery does not run at all; undefined when it does. */
  unstarted(id: string): string | undefined;
  /** Writes a probe to where the delivery goes; undefined when there is no such delivery. */
  test(id: string, signal: AbortSignal): Promise<DestinationTest | undefined>;
}

export interface DeliveriesEndpointOptions {
  readonly state: Pick<StateView, 'get' | 'list'>;
  readonly acts: DeliveryActs;
  readonly atWork: DeliveriesAtWork;
}

/** A delivery as it is told: its description, where it stands in the state, and how it is. */
export interface ToldDelivery {
  readonly id: string;
  readonly name: string;
  readonly sourceName: string;
  readonly logType: string;
  readonly createdAtMs: number;
  readonly declared?: true;
  readonly status?: DeliveryStatus;
  /** Why there is none: it could not be started, and is tried again. */
  readonly unstarted?: string;
  readonly [member: string]: unknown;
}

type Test = Awaited<ReturnType<Destination['test']>>;

/** See the head of this file. */
export class DeliveriesEndpoint {
  readonly #options: DeliveriesEndpointOptions;

  constructor(options: DeliveriesEndpointOptions) {
    this.#options = options;
  }

  /** All in the order of their ids. */
  list(): readonly ToldDelivery[] {
    const status = new Map(this.#options.atWork.status().map((each) => [each.id, each]));
    return [...this.#options.state.list('delivery')].map(([id, delivery]) =>
      this.#told(id, delivery, status.get(id)),
    );
  }

  /** Those that the path names. Throws an ApiError when there are none. */
  find(key: string): readonly ToldDelivery[] {
    const ids = this.#idsOf(key);
    return this.list().filter(({ id }) => ids.includes(id));
  }

  /** Makes what the body describes. Throws an ApiError or a StateError. */
  async create(body: Buffer, actor: Actor): Promise<readonly ToldDelivery[]> {
    const description = described(parsed(body));
    await this.#options.acts.put(description, actor, 'create');
    return this.find(description.name);
  }

  /** Makes the deliveries of the name as the body describes them. Throws an ApiError or a StateError. */
  async put(name: string, body: Buffer, actor: Actor): Promise<readonly ToldDelivery[]> {
    const input = parsed(body);
    const description = described(
      typeof input === 'object' && input !== null ? { name, ...input } : input,
    );
    if (description.name !== name) {
      throw invalid(`name: expected ${name} as in the path, found ${description.name}`);
    }
    await this.#options.acts.put(description, actor);
    return this.find(name);
  }

  /** Removes those that the path names, which it resolves with. */
  async remove(key: string, actor: Actor): Promise<readonly ToldDelivery[]> {
    const found = this.find(key);
    await this.#options.acts.remove(
      found.map(({ id }) => id),
      actor,
    );
    return found;
  }

  /** Pauses those that the path names, or lets them go on. */
  async setPaused(key: string, paused: boolean, actor: Actor): Promise<readonly ToldDelivery[]> {
    await this.#options.acts.setPaused(this.#idsOf(key), paused, actor);
    return this.find(key);
  }

  /** Tries where those that the path names go; `ok` when all can be written to. */
  async test(key: string, signal: AbortSignal): Promise<Test> {
    const tests: Test[] = [];
    const ids = this.#idsOf(key);
    for (const id of ids) {
      const tested = await this.#options.atWork.test(id, signal);
      if (tested !== undefined) tests.push(tested);
    }
    const messages = [...new Set(tests.map(({ message }) => message))];
    return { ok: tests.every(({ ok }) => ok), message: messages.join('\n') };
  }

  #idsOf(key: string): readonly string[] {
    const { state } = this.#options;
    if (state.get('delivery', key) !== undefined) return [key];
    const ids = [...state.list('delivery')]
      .filter(([, { destinationName }]) => destinationName === key)
      .map(([id]) => id);
    if (ids.length > 0) return ids;
    const message = `there is no delivery ${JSON.stringify(key.slice(0, 64))}; "mailtrail deliveries list" tells which there are`;
    throw new ApiError(404, 'ResourceNotFoundException', message);
  }

  #told(
    id: string,
    delivery: StateDocuments['delivery'],
    status: DeliveryStatus | undefined,
  ): ToldDelivery {
    const { state } = this.#options;
    const { sourceName, destinationName, createdAtMs, declared } = delivery;
    const destination = state.get('delivery-destination', destinationName);
    const unstarted = this.#options.atWork.unstarted(id);
    return {
      id,
      name: destinationName,
      sourceName,
      logType: state.get('delivery-source', sourceName)?.logType ?? '',
      ...(destination && writtenOf(destination, delivery)),
      createdAtMs,
      ...(declared && { declared }),
      ...(status !== undefined && { status }),
      ...(unstarted !== undefined && { unstarted }),
    };
  }
}

function invalid(message: string): ApiError {
  return new ApiError(400, 'InvalidParameterException', message);
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch (error) {
    throw invalid(`the body is not JSON: ${(error as Error).message}`);
  }
}

function described(input: unknown): DeliveryDescription {
  const checked = checkDescription(input);
  if (checked.ok) return checked.description;
  const told = checked.problems.map(({ path, message }) =>
    path.length === 0 ? message : `${path.join('.')}: ${message}`,
  );
  throw invalid(told.join('; '));
}

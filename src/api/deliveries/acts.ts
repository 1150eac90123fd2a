// Deliveries that are described as a whole: made, changed, paused and removed by REST and by the configuration
// file, as the sources, destinations and deliveries that the API of CloudWatch Logs has, too. Each change is a
// management event with AWS's name.
import { createHash } from 'node:crypto';
import { deliveryArn, type DeliveryObject, type DeliveryOwner } from '../../deliver/arn.ts';
import type {
  DeliveryDestinationDocument,
  DeliveryDocument,
  DeliverySourceDocument,
} from '../../deliver/delivery.ts';
import type { DeliveryDescription } from '../../deliver/description.ts';
import { resourceArnOf } from '../../deliver/resource-arn.ts';
import { logTypeSpec, type LogType } from '../../event/log-type.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { Actor, DocumentChange, State, StateView } from '../../state/state.ts';
import { ApiError } from '../api-error.ts';

const EVENT_SOURCE = 'logs.amazonaws.com';
const ID_LENGTH = 16;

export interface DeliveryActsOptions {
  readonly state: State;
  readonly organization: () => DeliveryOwner & { readonly arn: string };
  /** The journal's end: where a delivery begins that is made now. */
  readonly end: () => number;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Pick<Log, 'error'>;
}

/** The id of the delivery of a log to a destination that was described. */
export function describedId(name: string, logType: LogType): string {
  return createHash('sha256').update(`${name}\0${logType}`).digest('hex').slice(0, ID_LENGTH);
}

/** A conflict, with what to do. */
function conflict(message: string): ApiError {
  return new ApiError(409, 'ConflictException', message);
}

/** Why what is declared in the configuration file is not changed elsewhere. */
export function declaredRefusal(what: string): ApiError {
  return conflict(
    `${what} is declared in the configuration file; change it there and send the server SIGHUP`,
  );
}

/** Whether a name may be there already: `create` refuses it, and only `declare` changes what is declared. */
type How = 'create' | 'put' | 'declare';

type Change = { readonly eventName: string; readonly change: DocumentChange };

/** See the head of this file. */
export class DeliveryActs {
  readonly #options: DeliveryActsOptions;

  constructor(options: DeliveryActsOptions) {
    this.#options = options;
  }

  /**
   * Makes the deliveries that are described, or makes those of the name as they are described. Throws an
   * ApiError where the name is somebody else's.
   *
   * @param how `create` refuses a name that is there
   */
  async put(
    description: DeliveryDescription,
    actor: Actor,
    how: Exclude<How, 'declare'> = 'put',
  ): Promise<void> {
    await this.#make(description, actor, how);
  }

  /** Deletes deliveries by their ids, with what nothing else uses of what was made with them. */
  async remove(ids: readonly string[], actor: Actor): Promise<void> {
    for (const id of ids) {
      const delivery = this.#options.state.get('delivery', id);
      if (delivery?.declared === true) throw declaredRefusal(`the delivery ${id}`);
    }
    for (const id of ids) await this.#change(actor, () => deletion(this.#options.state, id));
    await this.#sweep(actor);
  }

  /** Pauses deliveries, or lets them go on. */
  async setPaused(ids: readonly string[], paused: boolean, actor: Actor): Promise<void> {
    for (const id of ids) {
      await this.#change(actor, (view) => {
        const known = view.get('delivery', id);
        if (known === undefined || (known.paused === true) === paused) return undefined;
        const { paused: _, ...others } = known;
        const value = { ...others, ...(paused && { paused: true as const }) };
        const eventName = paused ? 'PauseDelivery' : 'ResumeDelivery';
        return { eventName, change: { kind: 'delivery', id, value } };
      });
    }
  }

  /**
   * Makes the declared deliveries those of the configuration, each difference a change. A name that the API of
   * CloudWatch Logs has used is left alone, and the log says so: its deliveries would silently go elsewhere.
   */
  async declare(descriptions: readonly DeliveryDescription[], actor: Actor): Promise<void> {
    const { state, log } = this.#options;
    const names = new Set(descriptions.map(({ name }) => name));
    for (const description of descriptions) {
      try {
        await this.#make(description, actor, 'declare');
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        const { message: reason } = error;
        log.error('a delivery of the configuration was not made', {
          name: description.name,
          reason,
        });
      }
    }
    const gone = [...state.list('delivery')].filter(
      ([, each]) => each.declared === true && !names.has(each.destinationName),
    );
    for (const [id] of gone) await this.#change(actor, (view) => deletion(view, id));
    await this.#sweep(actor);
    await this.#release(names, actor);
  }

  /** Destinations that are not declared any more, and that deliveries of others still use, can be changed again. */
  async #release(declared: ReadonlySet<string>, actor: Actor): Promise<void> {
    const kind = 'delivery-destination';
    const destinations = Array.from(this.#options.state.list(kind));
    for (const [id] of destinations.filter(([name]) => !declared.has(name))) {
      await this.#change(actor, (view) => {
        const known = view.get(kind, id);
        if (known?.declared !== true) return undefined;
        const { declared: _, ...value } = known;
        return { eventName: 'PutDeliveryDestination', change: { kind, id, value } };
      });
    }
  }

  async #make(
    { name, logTypes, settings, outputFormat, delivery, paused }: DeliveryDescription,
    actor: Actor,
    how: How,
  ): Promise<void> {
    const owner = this.#options.organization();
    const mark = { implicit: true as const, ...(how === 'declare' && { declared: true as const }) };
    await this.#change(actor, (view) => {
      const known = view.get('delivery-destination', name);
      if (known !== undefined) refuseTaken(name, known, how);
      const kept = { ...this.#keptOf(known), ...mark };
      const policy = known?.policy;
      const value: DeliveryDestinationDocument = {
        destinationResourceArn: resourceArnOf(settings, owner, name),
        outputFormat,
        settings,
        ...kept,
        ...(policy !== undefined && { policy }),
      };
      const change = { kind: 'delivery-destination', id: name, value } as const;
      return same(known, value) ? undefined : { eventName: 'PutDeliveryDestination', change };
    });
    for (const logType of logTypes) {
      const sourceName = await this.#source(logType, actor);
      const id = describedId(name, logType);
      await this.#change(actor, (view) => {
        const known = view.get('delivery', id);
        const value: DeliveryDocument = {
          ...delivery,
          sourceName,
          destinationName: name,
          ...this.#keptOf(known),
          ...mark,
          // Where nothing is said, what somebody paused stays so until somebody resumes it.
          ...((paused ?? known?.paused) === true && { paused: true as const }),
          beginPosition: known?.beginPosition ?? this.#options.end(),
        };
        const eventName = known === undefined ? 'CreateDelivery' : 'UpdateDeliveryConfiguration';
        return same(known, value)
          ? undefined
          : { eventName, change: { kind: 'delivery', id, value } };
      });
    }
    const kept = new Set(logTypes.map((logType) => describedId(name, logType)));
    const { state } = this.#options;
    const dropped = [...state.list('delivery')].filter(
      ([id, each]) => each.destinationName === name && each.implicit === true && !kept.has(id),
    );
    for (const [id] of dropped) await this.#change(actor, (view) => deletion(view, id));
    await this.#sweep(actor);
  }

  /** The source of a log, of which there is one: made where it is missing. */
  async #source(logType: LogType, actor: Actor): Promise<string> {
    const { state, organization } = this.#options;
    const known = (view: StateView): string | undefined =>
      [...view.list('delivery-source')].find(([, source]) => source.logType === logType)?.[0];
    await this.#change(actor, (view) => {
      if (known(view) !== undefined) return undefined;
      const value: DeliverySourceDocument = {
        logType,
        resourceArn: organization().arn,
        ...this.#keptOf(undefined),
        implicit: true,
      };
      const id = freeName(view, logTypeSpec(logType).groupSuffix);
      return { eventName: 'PutDeliverySource', change: { kind: 'delivery-source', id, value } };
    });
    const name = known(state);
    if (name === undefined) throw new Error(`the source of ${logType} was made and is not there`);
    return name;
  }

  #keptOf(known: { readonly tags: object; readonly createdAtMs: number } | undefined) {
    const tags = (known?.tags ?? {}) as Readonly<Record<string, string>>;
    return { tags, createdAtMs: known?.createdAtMs ?? this.#options.clock.now() };
  }

  /** Deletes destinations and sources that were made with deliveries and that none uses any more. */
  async #sweep(actor: Actor): Promise<void> {
    const { state } = this.#options;
    for (const [kind, member, eventName] of [
      ['delivery-destination', 'destinationName', 'DeleteDeliveryDestination'],
      ['delivery-source', 'sourceName', 'DeleteDeliverySource'],
    ] as const) {
      const documents = Array.from(state.list(kind));
      for (const [id, document] of documents) {
        if (document.implicit !== true) continue;
        await this.#change(actor, (view) => {
          const used = [...view.list('delivery')].some(([, delivery]) => delivery[member] === id);
          return used ? undefined : { eventName, change: { kind, id, value: undefined } };
        });
      }
    }
  }

  async #change(actor: Actor, decide: (view: StateView) => Change | undefined): Promise<void> {
    const { state, organization } = this.#options;
    await state.change(actor, (view) => {
      const decided = decide(view);
      if (decided === undefined) return undefined;
      const { eventName, change } = decided;
      const resource = deliveryArn(organization(), change.kind as DeliveryObject, change.id);
      return { eventName, eventSource: EVENT_SOURCE, resource, changes: [change] };
    });
  }
}

/** Throws an ApiError where the destination of the name is not to be changed in this way. */
function refuseTaken(
  name: string,
  known: Pick<DeliveryDestinationDocument, 'declared' | 'implicit'>,
  how: How,
): void {
  if (known.declared === true && how !== 'declare')
    throw declaredRefusal(`the destination ${name}`);
  if (how === 'create') {
    throw conflict(`there is a destination ${name} already; choose another name, or put it`);
  }
  if (known.implicit === true) return;
  throw conflict(
    `the destination ${name} was made by the API of CloudWatch Logs; change it there, or choose another name`,
  );
}

function deletion(view: StateView, id: string): Change | undefined {
  if (view.get('delivery', id) === undefined) return undefined;
  return { eventName: 'DeleteDelivery', change: { kind: 'delivery', id, value: undefined } };
}

function freeName(view: StateView, wanted: string): string {
  for (let number = 1; ; number++) {
    const name = number === 1 ? wanted : `${wanted}-${number}`;
    if (view.get('delivery-source', name) === undefined) return name;
  }
}

/** Whether two documents say the same, in whatever order. */
function same(known: object | undefined, value: object): boolean {
  if (known === undefined) return false;
  return JSON.stringify(sorted(known)) === JSON.stringify(sorted(value));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, each]) => [key, sorted(each)] as const);
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

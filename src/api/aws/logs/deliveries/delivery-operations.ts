// Log delivery: sources, destinations and the deliveries that join them.
// @see CloudWatch Logs API reference, PutDeliverySource, PutDeliveryDestination, CreateDelivery and those beside them
import type { z } from 'zod';
import type {
  DeliveryDestinationDocument,
  DeliveryDocument,
  DeliverySourceDocument,
} from '../../../../deliver/delivery.ts';
import { deliveryArn, nameInArn, settingsOfArn } from '../../../../deliver/arn.ts';
import { isLogType } from '../../../../event/log-type.ts';
import type { DocumentChange, StateView } from '../../../../state/state.ts';
import { type Answer, type Call, operation, type Operation } from '../../operation.ts';
import { pageAfter, PageTokens } from '../../page-token.ts';
import { EVENT_SOURCE, type LogsOptions } from '../logs-options.ts';
import { DESCRIBE_LIMIT_DEFAULT } from '../shapes.ts';
import {
  documentOf,
  type Kind,
  missing,
  NOUNS,
  present,
  refusal,
  refuseFields,
  refuseS3,
  refuseTagsOf,
  tagsOf,
  typeOf,
} from './delivery-refusals.ts';
import * as shape from './shapes.ts';

/** An operation on deliveries: what breaks its constraints is a ValidationException. */
function delivering<S extends z.ZodType>(
  permission: 'read' | 'admin',
  input: S,
  handle: (input: z.infer<S>, call: Call) => Answer | Promise<Answer>,
): Operation {
  return { ...operation(permission, input, handle), invalidInput: 'ValidationException' };
}

/** The operations by name; see the head of this file. */
export class DeliveryOperations {
  readonly #options: LogsOptions;

  constructor(options: LogsOptions) {
    this.#options = options;
  }

  operations(): Readonly<Record<string, Operation>> {
    return {
      PutDeliverySource: delivering('admin', shape.PutSource, (input, call) =>
        this.#putSource(input, call),
      ),
      GetDeliverySource: delivering('read', shape.Named, ({ name }) => ({
        deliverySource: this.#source(name, this.#found('delivery-source', name)),
      })),
      DescribeDeliverySources: this.#describe(
        'delivery-source',
        'deliverySources',
        (name, source) => this.#source(name, source),
      ),
      DeleteDeliverySource: this.#deleteNamed(
        'delivery-source',
        'DeleteDeliverySource',
        'sourceName',
      ),
      PutDeliveryDestination: delivering('admin', shape.PutDestination, (input, call) =>
        this.#putDestination(input, call),
      ),
      GetDeliveryDestination: delivering('read', shape.Named, ({ name }) => ({
        deliveryDestination: this.#destination(name, this.#found('delivery-destination', name)),
      })),
      DescribeDeliveryDestinations: this.#describe(
        'delivery-destination',
        'deliveryDestinations',
        (name, destination) => this.#destination(name, destination),
      ),
      DeleteDeliveryDestination: this.#deleteNamed(
        'delivery-destination',
        'DeleteDeliveryDestination',
        'destinationName',
      ),
      ...this.#policies(),
      CreateDelivery: delivering('admin', shape.Create, (input, call) => this.#create(input, call)),
      GetDelivery: delivering('read', shape.ById, ({ id }) => ({
        delivery: this.#delivery(id, this.#found('delivery', id)),
      })),
      DescribeDeliveries: this.#describe('delivery', 'deliveries', (id, delivery) =>
        this.#delivery(id, delivery),
      ),
      UpdateDeliveryConfiguration: delivering('admin', shape.Update, (input, call) =>
        this.#update(input, call),
      ),
      DeleteDelivery: delivering('admin', shape.ById, ({ id }, call) =>
        this.#change(call, 'DeleteDelivery', 'delivery', id, (view) => {
          if (view.get('delivery', id) === undefined) throw missing('delivery');
          return [{ kind: 'delivery', id, value: undefined }];
        }),
      ),
    };
  }

  #arn(kind: Kind, name: string): string {
    return deliveryArn(this.#options.organization(), kind, name);
  }

  async #change(
    call: Call,
    eventName: string,
    kind: Kind,
    name: string,
    decide: (view: StateView) => readonly DocumentChange[] | undefined,
  ): Promise<object> {
    await this.#options.state.change(call.actor, (view) => {
      const changes = decide(view);
      if (changes === undefined) return undefined;
      return { eventName, eventSource: EVENT_SOURCE, resource: this.#arn(kind, name), changes };
    });
    return {};
  }

  #found<K extends Kind>(kind: K, name: string): NonNullable<ReturnType<typeof documentOf<K>>> {
    const document = documentOf(this.#options.state, kind, name);
    if (document === undefined) throw missing(kind);
    return document;
  }

  #describe<K extends Kind>(
    kind: K,
    member: string,
    described: (name: string, document: NonNullable<ReturnType<typeof documentOf<K>>>) => object,
  ): Operation {
    const { state, clock } = this.#options;
    const tokens = new PageTokens<string>(`Describe ${kind}`, () => clock.now());
    return delivering('read', shape.Page, ({ nextToken, limit }) => {
      const after = tokens.read(nextToken);
      const most = limit ?? DESCRIBE_LIMIT_DEFAULT;
      const { page, next } = pageAfter(state.list(kind), ([name]) => name, after, most);
      return {
        [member]: page.map(([name, document]) => described(name, document)),
        ...(next !== undefined && { nextToken: tokens.make(next) }),
      };
    });
  }

  /** Nothing is deleted that a delivery still uses. */
  #deleteNamed(
    kind: 'delivery-source' | 'delivery-destination',
    eventName: string,
    member: 'sourceName' | 'destinationName',
  ): Operation {
    return delivering('admin', shape.Named, ({ name }, call) =>
      this.#change(call, eventName, kind, name, (view) => {
        if (view.get(kind, name) === undefined) throw missing(kind);
        const user = [...view.list('delivery')].find(([, delivery]) => delivery[member] === name);
        if (user !== undefined) {
          const message = `This ${NOUNS[kind]} is used by the Delivery ${user[0]}: delete that first.`;
          throw refusal('ConflictException', message);
        }
        return [{ kind, id: name, value: undefined }];
      }),
    );
  }

  #source(name: string, { logType, resourceArn, tags }: DeliverySourceDocument): object {
    const resourceArns = [resourceArn];
    return present({
      name,
      arn: this.#arn('delivery-source', name),
      resourceArns,
      service: 'workmail',
      logType,
      tags: tagsOf(tags),
    });
  }

  async #putSource(input: z.infer<typeof shape.PutSource>, call: Call): Promise<object> {
    const { name, resourceArn, logType, tags } = input;
    const { state, organization, clock } = this.#options;
    if (resourceArn !== organization().arn) {
      const message = `The resource ${resourceArn} is not the organization of this server, which is ${organization().arn}.`;
      throw refusal('ResourceNotFoundException', message);
    }
    if (!isLogType(logType)) {
      throw refusal(
        'ValidationException',
        `This service is not allowed for this LogSource: ${logType}`,
      );
    }
    await this.#change(call, 'PutDeliverySource', 'delivery-source', name, (view) => {
      const known = view.get('delivery-source', name);
      refuseTagsOf(known, tags);
      if (known?.logType === logType) return undefined;
      if (known !== undefined) {
        throw refusal(
          'ConflictException',
          'Update to existing Delivery Source with new LogType is not allowed. Please create a new Delivery Source instead.',
        );
      }
      const other = [...view.list('delivery-source')].some(
        ([, source]) => source.logType === logType,
      );
      if (other) {
        throw refusal(
          'ConflictException',
          'This ResourceId has already been used in another Delivery Source in this account.',
        );
      }
      const value: DeliverySourceDocument = {
        logType,
        resourceArn,
        tags: tags ?? {},
        createdAtMs: clock.now(),
      };
      return [{ kind: 'delivery-source', id: name, value }];
    });
    const source = state.get('delivery-source', name);
    if (source === undefined) throw missing('delivery-source');
    return { deliverySource: this.#source(name, source) };
  }

  #destination(name: string, document: DeliveryDestinationDocument): object {
    const { destinationResourceArn, outputFormat, settings, tags } = document;
    return present({
      name,
      arn: this.#arn('delivery-destination', name),
      deliveryDestinationType: typeOf(settings.type),
      outputFormat,
      deliveryDestinationConfiguration: { destinationResourceArn },
      tags: tagsOf(tags),
    });
  }

  async #putDestination(input: z.infer<typeof shape.PutDestination>, call: Call): Promise<object> {
    const { name, outputFormat = 'json', tags, deliveryDestinationConfiguration } = input;
    const { state, organization, clock, logsAreElsewhere } = this.#options;
    const arn = deliveryDestinationConfiguration?.destinationResourceArn;
    const settings = arn && settingsOfArn(arn, organization(), logsAreElsewhere);
    if (arn === undefined || settings === undefined || settings === '') {
      const message = `destinationResourceArn ${arn ?? ''}: expected the ARN of a log group; other destinations are not there yet.`;
      throw refusal('ValidationException', message);
    }
    if (outputFormat !== 'json') {
      throw refusal(
        'ValidationException',
        `outputFormat ${outputFormat}: expected json; other formats are not there yet.`,
      );
    }
    await this.#change(call, 'PutDeliveryDestination', 'delivery-destination', name, (view) => {
      const known = view.get('delivery-destination', name);
      refuseTagsOf(known, tags);
      if (known?.destinationResourceArn === arn) return undefined;
      const kept = {
        tags: known?.tags ?? tags ?? {},
        createdAtMs: known?.createdAtMs ?? clock.now(),
      };
      const value: DeliveryDestinationDocument = {
        destinationResourceArn: arn,
        outputFormat,
        settings,
        ...kept,
      };
      return [{ kind: 'delivery-destination', id: name, value }];
    });
    const destination = state.get('delivery-destination', name);
    if (destination === undefined) throw missing('delivery-destination');
    return { deliveryDestination: this.#destination(name, destination) };
  }

  /** Who of another account may deliver here: kept and told, as there is one account. */
  #policies(): Readonly<Record<string, Operation>> {
    const kind = 'delivery-destination';
    const set = (call: Call, eventName: string, name: string, policy: string | undefined) =>
      this.#change(call, eventName, kind, name, (view) => {
        const known = view.get(kind, name);
        if (known === undefined) throw missing(kind);
        if (known.policy === policy) return undefined;
        const { policy: _, ...others } = known;
        const value = { ...others, ...(policy !== undefined && { policy }) };
        return [{ kind, id: name, value }];
      });
    return {
      PutDeliveryDestinationPolicy: delivering('admin', shape.PutPolicy, async (input, call) => {
        const { deliveryDestinationName: name, deliveryDestinationPolicy } = input;
        await set(call, 'PutDeliveryDestinationPolicy', name, deliveryDestinationPolicy);
        return { policy: { deliveryDestinationPolicy } };
      }),
      GetDeliveryDestinationPolicy: delivering(
        'read',
        shape.NamedDestination,
        ({ deliveryDestinationName: name }) => {
          const { policy } = this.#found(kind, name);
          return { policy: present({ deliveryDestinationPolicy: policy }) };
        },
      ),
      DeleteDeliveryDestinationPolicy: delivering(
        'admin',
        shape.NamedDestination,
        ({ deliveryDestinationName: name }, call) =>
          set(call, 'DeleteDeliveryDestinationPolicy', name, undefined),
      ),
    };
  }

  #delivery(id: string, delivery: DeliveryDocument): object {
    const { sourceName, destinationName, recordFields, tags } = delivery;
    const destination = this.#options.state.get('delivery-destination', destinationName);
    return present({
      id,
      arn: this.#arn('delivery', id),
      deliverySourceName: sourceName,
      deliveryDestinationArn: this.#arn('delivery-destination', destinationName),
      deliveryDestinationType: destination && typeOf(destination.settings.type),
      recordFields,
      tags: tagsOf(tags),
    });
  }

  async #create(input: z.infer<typeof shape.Create>, call: Call): Promise<object> {
    const { state, organization, clock, randomId, end } = this.#options;
    const { deliverySourceName: sourceName, deliveryDestinationArn, recordFields, tags } = input;
    refuseS3(input);
    const destinationName = nameInArn(
      organization(),
      'delivery-destination',
      deliveryDestinationArn,
    );
    // Of AWS's 1 to 64 letters and digits.
    const id = randomId()
      .replaceAll(/[^0-9A-Za-z]/g, '')
      .slice(0, 16);
    await this.#change(call, 'CreateDelivery', 'delivery', id, (view) => {
      const source = view.get('delivery-source', sourceName);
      if (source === undefined) throw missing('delivery-source');
      const destination =
        destinationName === undefined
          ? undefined
          : view.get('delivery-destination', destinationName);
      if (destinationName === undefined || destination === undefined)
        throw missing('delivery-destination');
      refuseFields(source, recordFields);
      for (const [, other] of view.list('delivery')) {
        if (other.sourceName !== sourceName) continue;
        const type = view.get('delivery-destination', other.destinationName)?.settings.type;
        if (type === undefined || typeOf(type) !== typeOf(destination.settings.type)) continue;
        throw refusal(
          'ConflictException',
          'Delivery already exists for this Delivery Source with the same Delivery Destination Type.',
        );
      }
      const value: DeliveryDocument = {
        sourceName,
        destinationName,
        ...(recordFields !== undefined && recordFields.length > 0 && { recordFields }),
        tags: tags ?? {},
        createdAtMs: clock.now(),
        beginPosition: end(),
      };
      return [{ kind: 'delivery', id, value }];
    });
    const delivery = state.get('delivery', id);
    if (delivery === undefined) throw missing('delivery');
    return { delivery: this.#delivery(id, delivery) };
  }

  #update(input: z.infer<typeof shape.Update>, call: Call): Promise<object> {
    const { id, recordFields } = input;
    refuseS3(input);
    return this.#change(call, 'UpdateDeliveryConfiguration', 'delivery', id, (view) => {
      const known = view.get('delivery', id);
      if (known === undefined) throw missing('delivery');
      if (recordFields === undefined) return undefined;
      const source = view.get('delivery-source', known.sourceName);
      if (source !== undefined) refuseFields(source, recordFields);
      const { recordFields: before, ...others } = known;
      if (JSON.stringify(before ?? []) === JSON.stringify(recordFields)) return undefined;
      const value = { ...others, ...(recordFields.length > 0 && { recordFields }) };
      return [{ kind: 'delivery', id, value }];
    });
  }
}

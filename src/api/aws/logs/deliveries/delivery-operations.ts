// Deliveries: a source joined to a destination, and what leaves of its events in which form.
// @see CloudWatch Logs API reference, CreateDelivery, UpdateDeliveryConfiguration and those beside them
import type { z } from 'zod';
import { nameInArn } from '../../../../deliver/arn.ts';
import { deliveryProblems } from '../../../../deliver/check-delivery.ts';
import type {
  DeliveryDestinationDocument,
  DeliveryDocument,
  DeliverySourceDocument,
} from '../../../../deliver/delivery.ts';
import type { Call, Operation } from '../../operation.ts';
import type { LogsOptions } from '../logs-options.ts';
import { delivering, DeliveryObjects } from './delivery-objects.ts';
import { missing, present, refusal, tagsOf, typeOf } from './delivery-refusals.ts';
import { DestinationOperations } from './destination-operations.ts';
import * as shape from './shapes.ts';
import { SourceOperations } from './source-operations.ts';

/** All operations of log delivery by name. */
export function deliveryOperations(options: LogsOptions): Readonly<Record<string, Operation>> {
  const objects = new DeliveryObjects(options);
  return {
    ...new SourceOperations(objects).operations(),
    ...new DestinationOperations(objects).operations(),
    ...new DeliveryOperations(objects).operations(),
  };
}

class DeliveryOperations {
  readonly #objects: DeliveryObjects;

  constructor(objects: DeliveryObjects) {
    this.#objects = objects;
  }

  operations(): Readonly<Record<string, Operation>> {
    const objects = this.#objects;
    return {
      CreateDelivery: delivering('admin', shape.Create, (input, call) => this.#create(input, call)),
      GetDelivery: delivering('read', shape.ById, ({ id }) => ({
        delivery: this.#delivery(id, objects.found('delivery', id)),
      })),
      DescribeDeliveries: objects.describe('delivery', 'deliveries', (id, delivery) =>
        this.#delivery(id, delivery),
      ),
      UpdateDeliveryConfiguration: delivering('admin', shape.Update, (input, call) =>
        this.#update(input, call),
      ),
      DeleteDelivery: delivering('admin', shape.ById, ({ id }, call) =>
        objects.change(call, 'DeleteDelivery', 'delivery', id, (view) => {
          if (view.get('delivery', id) === undefined) throw missing('delivery');
          return [{ kind: 'delivery', id, value: undefined }];
        }),
      ),
    };
  }

  #delivery(id: string, delivery: DeliveryDocument): object {
    const { sourceName, destinationName, tags } = delivery;
    const { recordFields, fieldDelimiter, s3DeliveryConfiguration } = delivery;
    const destination = this.#objects.options.state.get('delivery-destination', destinationName);
    return present({
      id,
      arn: this.#objects.arn('delivery', id),
      deliverySourceName: sourceName,
      deliveryDestinationArn: this.#objects.arn('delivery-destination', destinationName),
      deliveryDestinationType: destination && typeOf(destination.settings.type),
      recordFields,
      fieldDelimiter,
      s3DeliveryConfiguration,
      tags: tagsOf(tags),
    });
  }

  async #create(input: z.infer<typeof shape.Create>, call: Call): Promise<object> {
    const { state, organization, clock, randomId, end } = this.#objects.options;
    const { deliverySourceName: sourceName, deliveryDestinationArn, tags } = input;
    const chosen = chosenOf(input);
    const destinationName = nameInArn(
      organization(),
      'delivery-destination',
      deliveryDestinationArn,
    );
    // Of AWS's 1 to 64 letters and digits.
    const id = randomId()
      .replaceAll(/[^0-9A-Za-z]/g, '')
      .slice(0, 16);
    await this.#objects.change(call, 'CreateDelivery', 'delivery', id, (view) => {
      const source = view.get('delivery-source', sourceName);
      if (source === undefined) throw missing('delivery-source');
      const destination =
        destinationName === undefined
          ? undefined
          : view.get('delivery-destination', destinationName);
      if (destinationName === undefined || destination === undefined)
        throw missing('delivery-destination');
      refuseProblems(source, destination, chosen);
      for (const [, other] of view.list('delivery')) {
        // Deliveries that are Mailtrail's own do not count: AWS has no others than these.
        if (other.sourceName !== sourceName || other.implicit === true) continue;
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
        ...chosen,
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
    const { id } = input;
    return this.#objects.change(call, 'UpdateDeliveryConfiguration', 'delivery', id, (view) => {
      const known = view.get('delivery', id);
      if (known === undefined) throw missing('delivery');
      const { recordFields, fieldDelimiter, s3DeliveryConfiguration, ...others } = known;
      const before = { recordFields, fieldDelimiter, s3DeliveryConfiguration };
      const value: DeliveryDocument = { ...others, ...chosenOf({ ...before, ...input }) };
      const source = view.get('delivery-source', known.sourceName);
      const destination = view.get('delivery-destination', known.destinationName);
      if (source && destination) refuseProblems(source, destination, value);
      if (JSON.stringify(chosenOf(known)) === JSON.stringify(chosenOf(value))) return undefined;
      return [{ kind: 'delivery', id, value }];
    });
  }
}

type Chosen = Pick<DeliveryDocument, 'recordFields' | 'fieldDelimiter' | 's3DeliveryConfiguration'>;

/** The members as requests have them. */
interface Choosing {
  readonly recordFields?: readonly string[] | undefined;
  readonly fieldDelimiter?: string | undefined;
  readonly s3DeliveryConfiguration?:
    | {
        readonly suffixPath?: string | undefined;
        readonly enableHiveCompatiblePath?: boolean | undefined;
      }
    | undefined;
}

/** What of a request a delivery keeps: empty members are as good as none. */
function chosenOf({
  recordFields = [],
  fieldDelimiter = '',
  s3DeliveryConfiguration,
}: Choosing): Chosen {
  const { suffixPath, enableHiveCompatiblePath } = s3DeliveryConfiguration ?? {};
  return {
    ...(recordFields.length > 0 && { recordFields }),
    ...(fieldDelimiter !== '' && { fieldDelimiter }),
    ...(s3DeliveryConfiguration !== undefined && {
      s3DeliveryConfiguration: {
        ...(suffixPath !== undefined && { suffixPath }),
        ...(enableHiveCompatiblePath !== undefined && { enableHiveCompatiblePath }),
      },
    }),
  };
}

function refuseProblems(
  { logType }: DeliverySourceDocument,
  destination: DeliveryDestinationDocument,
  chosen: Chosen,
): void {
  const [problem] = deliveryProblems(logType, destination, chosen);
  if (problem === undefined) return;
  const { member, message } = problem;
  // Words of AWS's own stay as they are.
  const told = message.startsWith('Provided ') ? message : `${member}: ${message}.`;
  throw refusal('ValidationException', told);
}

// Delivery destinations: places that logs can go to, and who else may send them there.
// @see CloudWatch Logs API reference, PutDeliveryDestination, PutDeliveryDestinationPolicy and those beside them
import type { z } from 'zod';
import { settingsOfArn } from '../../../../deliver/arn.ts';
import { formatProblem } from '../../../../deliver/check-delivery.ts';
import type { DeliveryDestinationDocument } from '../../../../deliver/delivery.ts';
import type { Call, Operation } from '../../operation.ts';
import { delivering, type DeliveryObjects } from './delivery-objects.ts';
import { missing, present, refusal, refuseTagsOf, tagsOf, typeOf } from './delivery-refusals.ts';
import * as shape from './shapes.ts';

/** The operations by name; see the head of this file. */
export class DestinationOperations {
  readonly #objects: DeliveryObjects;

  constructor(objects: DeliveryObjects) {
    this.#objects = objects;
  }

  operations(): Readonly<Record<string, Operation>> {
    const objects = this.#objects;
    return {
      PutDeliveryDestination: delivering('admin', shape.PutDestination, (input, call) =>
        this.#put(input, call),
      ),
      GetDeliveryDestination: delivering('read', shape.Named, ({ name }) => ({
        deliveryDestination: this.#destination(name, objects.found('delivery-destination', name)),
      })),
      DescribeDeliveryDestinations: objects.describe(
        'delivery-destination',
        'deliveryDestinations',
        (name, destination) => this.#destination(name, destination),
      ),
      DeleteDeliveryDestination: objects.deleteNamed(
        'delivery-destination',
        'DeleteDeliveryDestination',
        'destinationName',
      ),
      ...this.#policies(),
    };
  }

  #destination(name: string, document: DeliveryDestinationDocument): object {
    const { destinationResourceArn, outputFormat, settings, tags } = document;
    return present({
      name,
      arn: this.#objects.arn('delivery-destination', name),
      deliveryDestinationType: typeOf(settings.type),
      outputFormat,
      deliveryDestinationConfiguration: { destinationResourceArn },
      tags: tagsOf(tags),
    });
  }

  async #put(input: z.infer<typeof shape.PutDestination>, call: Call): Promise<object> {
    const { name, tags, deliveryDestinationConfiguration } = input;
    const { state, organization, clock, logsAreElsewhere } = this.#objects.options;
    const arn = deliveryDestinationConfiguration?.destinationResourceArn;
    const outputFormat =
      input.outputFormat ?? state.get('delivery-destination', name)?.outputFormat ?? 'json';
    const settings =
      arn === undefined ? undefined : settingsOfArn(arn, organization(), logsAreElsewhere);
    if (arn === undefined || settings === undefined) {
      const message = `destinationResourceArn ${arn ?? ''}: expected the ARN of a bucket, with a prefix or without, of a log group, or of a Firehose stream.`;
      throw refusal('ValidationException', message);
    }
    const problem = formatProblem({ settings, outputFormat });
    if (problem !== undefined) {
      throw refusal('ValidationException', `${problem.member}: ${problem.message}.`);
    }
    await this.#objects.change(
      call,
      'PutDeliveryDestination',
      'delivery-destination',
      name,
      (view) => {
        const known = view.get('delivery-destination', name);
        refuseTagsOf(known, tags);
        if (known !== undefined && known.outputFormat !== outputFormat) {
          throw refusal(
            'ValidationException',
            'Update to existing Delivery Destination with new Output Format is not allowed. Please create a new Delivery Destination instead.',
          );
        }
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
      },
    );
    const destination = state.get('delivery-destination', name);
    if (destination === undefined) throw missing('delivery-destination');
    return { deliveryDestination: this.#destination(name, destination) };
  }

  /** Who of another account may deliver here: kept and told, as there is one account. */
  #policies(): Readonly<Record<string, Operation>> {
    const kind = 'delivery-destination';
    const set = (call: Call, eventName: string, name: string, policy: string | undefined) =>
      this.#objects.change(call, eventName, kind, name, (view) => {
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
          const { policy } = this.#objects.found(kind, name);
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
}

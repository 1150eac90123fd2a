// Delivery sources: which logs of the organization can be delivered.
// @see CloudWatch Logs API reference, PutDeliverySource and those beside it
import type { z } from 'zod';
import type { DeliverySourceDocument } from '../../../../deliver/delivery.ts';
import { isLogType } from '../../../../event/log-type.ts';
import type { Call, Operation } from '../../operation.ts';
import { delivering, type DeliveryObjects } from './delivery-objects.ts';
import { missing, present, refusal, refuseTagsOf, tagsOf } from './delivery-refusals.ts';
import * as shape from './shapes.ts';

/** The operations by name; see the head of this file. */
export class SourceOperations {
  readonly #objects: DeliveryObjects;

  constructor(objects: DeliveryObjects) {
    this.#objects = objects;
  }

  operations(): Readonly<Record<string, Operation>> {
    const objects = this.#objects;
    return {
      PutDeliverySource: delivering('admin', shape.PutSource, (input, call) =>
        this.#put(input, call),
      ),
      GetDeliverySource: delivering('read', shape.Named, ({ name }) => ({
        deliverySource: this.#source(name, objects.found('delivery-source', name)),
      })),
      DescribeDeliverySources: objects.describe(
        'delivery-source',
        'deliverySources',
        (name, source) => this.#source(name, source),
      ),
      DeleteDeliverySource: objects.deleteNamed(
        'delivery-source',
        'DeleteDeliverySource',
        'sourceName',
      ),
    };
  }

  #source(name: string, { logType, resourceArn, tags }: DeliverySourceDocument): object {
    const resourceArns = [resourceArn];
    return present({
      name,
      arn: this.#objects.arn('delivery-source', name),
      resourceArns,
      service: 'workmail',
      logType,
      tags: tagsOf(tags),
    });
  }

  async #put(input: z.infer<typeof shape.PutSource>, call: Call): Promise<object> {
    const { name, resourceArn, logType, tags } = input;
    const { state, organization, clock } = this.#objects.options;
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
    await this.#objects.change(call, 'PutDeliverySource', 'delivery-source', name, (view) => {
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
}

// Tags of log groups and of the objects of deliveries, in today's operations and in those of before 2022 that older clients call.
// @see CloudWatch Logs API reference, TagResource, UntagResource, ListTagsForResource, TagLogGroup
import { z } from 'zod';
import { deliveryArn, nameInArn } from '../../../deliver/arn.ts';
import type { DocumentChange, StateView } from '../../../state/state.ts';
import { ApiError } from '../../api-error.ts';
import { type Call, operation, type Operation } from '../operation.ts';
import { missing } from './deliveries/delivery-refusals.ts';
import { EVENT_SOURCE, type LogsOptions } from './logs-options.ts';
import { LogGroupName, ResourceArn, TagKeys, Tags, TAGS_MAX } from './shapes.ts';

type TagMap = Readonly<Record<string, string>>;

/** What can have tags: a log group, or one of the objects of a delivery. */
type Tagged = {
  readonly kind: 'log-group' | 'delivery-source' | 'delivery-destination' | 'delivery';
  readonly id: string;
};

const DELIVERY_OBJECTS = ['delivery-source', 'delivery-destination', 'delivery'] as const;

function taggedBy({ catalog, organization }: LogsOptions, arn: string): Tagged {
  for (const kind of DELIVERY_OBJECTS) {
    const id = nameInArn(organization(), kind, arn);
    if (id !== undefined) return { kind, id };
  }
  return { kind: 'log-group', id: catalog.nameOf(arn) };
}

/** The document with its ARN. Throws ResourceNotFoundException. */
function documentIn(
  { catalog, organization }: LogsOptions,
  view: StateView,
  { kind, id }: Tagged,
): { readonly document: { readonly tags: TagMap }; readonly arn: string } {
  if (kind === 'log-group') return catalog.get(view, id);
  const document = view.get(kind, id);
  if (document === undefined) throw missing(kind);
  return { document, arn: deliveryArn(organization(), kind, id) };
}

/** Changes the tags; what stays the same is no change. */
async function changeTags(
  options: LogsOptions,
  call: Call,
  change: {
    readonly eventName: string;
    readonly tagged: Tagged;
    readonly to: (tags: TagMap) => TagMap;
  },
): Promise<object> {
  const { eventName, tagged, to } = change;
  await options.state.change(call.actor, (view) => {
    const { document, arn } = documentIn(options, view, tagged);
    const tags = to(document.tags);
    if (Object.keys(tags).length > TAGS_MAX) {
      throw new ApiError(400, 'TooManyTagsException', `A resource has at most ${TAGS_MAX} tags.`, {
        members: { resourceName: arn },
      });
    }
    if (JSON.stringify(tags) === JSON.stringify(document.tags)) return undefined;
    // The kind and the value belong together, which documentIn says.
    const changes = [{ ...tagged, value: { ...document, tags } }] as unknown as DocumentChange[];
    return { eventName, eventSource: EVENT_SOURCE, resource: arn, changes };
  });
  return {};
}

function added(tags: TagMap): (known: TagMap) => TagMap {
  return (known) => ({ ...known, ...tags });
}

function removed(keys: readonly string[]): (known: TagMap) => TagMap {
  return (known) =>
    Object.fromEntries(Object.entries(known).filter(([key]) => !keys.includes(key)));
}

function group(id: string): Tagged {
  return { kind: 'log-group', id };
}

/** The operations on tags. */
export function tagOperations(options: LogsOptions): Readonly<Record<string, Operation>> {
  const ofArn = (arn: string): Tagged => taggedBy(options, arn);
  const tagsOf = (tagged: Tagged): object => ({
    tags: documentIn(options, options.state, tagged).document.tags,
  });
  return {
    TagResource: operation(
      'admin',
      z.object({ resourceArn: ResourceArn, tags: Tags }),
      ({ resourceArn, tags }, call) =>
        changeTags(options, call, {
          eventName: 'TagResource',
          tagged: ofArn(resourceArn),
          to: added(tags),
        }),
    ),
    UntagResource: operation(
      'admin',
      z.object({ resourceArn: ResourceArn, tagKeys: TagKeys }),
      ({ resourceArn, tagKeys }, call) =>
        changeTags(options, call, {
          eventName: 'UntagResource',
          tagged: ofArn(resourceArn),
          to: removed(tagKeys),
        }),
    ),
    ListTagsForResource: operation(
      'read',
      z.object({ resourceArn: ResourceArn }),
      ({ resourceArn }) => tagsOf(ofArn(resourceArn)),
    ),
    TagLogGroup: operation(
      'admin',
      z.object({ logGroupName: LogGroupName, tags: Tags }),
      ({ logGroupName, tags }, call) =>
        changeTags(options, call, {
          eventName: 'TagLogGroup',
          tagged: group(logGroupName),
          to: added(tags),
        }),
    ),
    UntagLogGroup: operation(
      'admin',
      z.object({ logGroupName: LogGroupName, tags: TagKeys.min(1) }),
      ({ logGroupName, tags }, call) =>
        changeTags(options, call, {
          eventName: 'UntagLogGroup',
          tagged: group(logGroupName),
          to: removed(tags),
        }),
    ),
    ListTagsLogGroup: operation(
      'read',
      z.object({ logGroupName: LogGroupName }),
      ({ logGroupName }) => tagsOf(group(logGroupName)),
    ),
  };
}

// Tags of log groups, in today's operations and in those of before 2022 that older clients call.
// @see CloudWatch Logs API reference, TagResource, UntagResource, ListTagsForResource, TagLogGroup
import { z } from 'zod';
import { ApiError } from '../../api-error.ts';
import { type Call, operation, type Operation } from '../operation.ts';
import { EVENT_SOURCE, type LogsOptions } from './logs-options.ts';
import { LogGroupName, ResourceArn, TagKeys, Tags, TAGS_MAX } from './shapes.ts';

type TagMap = Readonly<Record<string, string>>;

/** Changes the tags of a group; what stays the same is no change. */
async function changeTags(
  { state, catalog }: LogsOptions,
  call: Call,
  change: {
    readonly eventName: string;
    readonly group: string;
    readonly to: (tags: TagMap) => TagMap;
  },
): Promise<object> {
  const { eventName, group: name, to } = change;
  await state.change(call.actor, (view) => {
    const { document, arn } = catalog.get(view, name);
    const tags = to(document.tags);
    if (Object.keys(tags).length > TAGS_MAX) {
      throw new ApiError(400, 'TooManyTagsException', `A resource has at most ${TAGS_MAX} tags.`, {
        members: { resourceName: arn },
      });
    }
    if (JSON.stringify(tags) === JSON.stringify(document.tags)) return undefined;
    const changes = [{ kind: 'log-group' as const, id: name, value: { ...document, tags } }];
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

/** The operations on tags. */
export function tagOperations(options: LogsOptions): Readonly<Record<string, Operation>> {
  const { state, catalog } = options;
  const ofArn = (arn: string): string => catalog.nameOf(arn);
  return {
    TagResource: operation(
      'admin',
      z.object({ resourceArn: ResourceArn, tags: Tags }),
      ({ resourceArn, tags }, call) =>
        changeTags(options, call, {
          eventName: 'TagResource',
          group: ofArn(resourceArn),
          to: added(tags),
        }),
    ),
    UntagResource: operation(
      'admin',
      z.object({ resourceArn: ResourceArn, tagKeys: TagKeys }),
      ({ resourceArn, tagKeys }, call) =>
        changeTags(options, call, {
          eventName: 'UntagResource',
          group: ofArn(resourceArn),
          to: removed(tagKeys),
        }),
    ),
    ListTagsForResource: operation(
      'read',
      z.object({ resourceArn: ResourceArn }),
      ({ resourceArn }) => ({ tags: catalog.get(state, ofArn(resourceArn)).document.tags }),
    ),
    TagLogGroup: operation(
      'admin',
      z.object({ logGroupName: LogGroupName, tags: Tags }),
      ({ logGroupName, tags }, call) =>
        changeTags(options, call, {
          eventName: 'TagLogGroup',
          group: logGroupName,
          to: added(tags),
        }),
    ),
    UntagLogGroup: operation(
      'admin',
      z.object({ logGroupName: LogGroupName, tags: TagKeys.min(1) }),
      ({ logGroupName, tags }, call) =>
        changeTags(options, call, {
          eventName: 'UntagLogGroup',
          group: logGroupName,
          to: removed(tags),
        }),
    ),
    ListTagsLogGroup: operation(
      'read',
      z.object({ logGroupName: LogGroupName }),
      ({ logGroupName }) => ({ tags: catalog.get(state, logGroupName).document.tags }),
    ),
  };
}

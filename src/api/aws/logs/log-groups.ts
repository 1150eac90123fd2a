// Log groups: made, described, protected and deleted.
// @see CloudWatch Logs API reference, CreateLogGroup, DeleteLogGroup, DescribeLogGroups, ListLogGroups
import { z } from 'zod';
import type { DocumentChange, StateView } from '../../../state/state.ts';
import { ApiError } from '../../api-error.ts';
import { text, whole } from '../constraint.ts';
import { operation, type Operation } from '../operation.ts';
import { pageAfter, PageTokens } from '../page-token.ts';
import type { LogGroup } from './log-group-catalog.ts';
import { EVENT_SOURCE, type LogsOptions } from './logs-options.ts';
import { alreadyExists, auditLogRefusal, invalidParameter } from './refusal.ts';
import {
  AccountId,
  DESCRIBE_LIMIT_DEFAULT,
  DescribeLimit,
  KmsKeyId,
  LogGroupClass,
  LogGroupIdentifier,
  LogGroupName,
  NextToken,
  Tags,
} from './shapes.ts';

/** Groups of a page of ListLogGroups when it is not said. */
const LIST_LIMIT_DEFAULT = 50;

const CreateLogGroup = z.object({
  logGroupName: LogGroupName,
  kmsKeyId: KmsKeyId.optional(),
  tags: Tags.optional(),
  logGroupClass: LogGroupClass.optional(),
  deletionProtectionEnabled: z.boolean().optional(),
});

function createLogGroup({ state, catalog, clock, randomId }: LogsOptions): Operation {
  return operation('admin', CreateLogGroup, async (input, call) => {
    const { logGroupName: name, kmsKeyId, tags = {}, deletionProtectionEnabled } = input;
    if (name.startsWith('aws/')) {
      throw invalidParameter('Log groups starting with AWS/ are reserved for AWS.');
    }
    await state.change(call.actor, (view) => {
      if (catalog.find(view, name) !== undefined) throw alreadyExists('log group');
      const value = {
        groupId: randomId(),
        createdAtMs: clock.now(),
        class: input.logGroupClass ?? ('STANDARD' as const),
        tags,
        ...(kmsKeyId !== undefined && { kmsKeyId }),
        ...(deletionProtectionEnabled === true && { deletionProtection: true }),
      };
      return {
        eventName: 'CreateLogGroup',
        eventSource: EVENT_SOURCE,
        resource: catalog.arnOf(name),
        changes: [{ kind: 'log-group', id: name, value }],
      };
    });
  });
}

/** The streams of a group as deletions. */
function streamDeletions(view: StateView, group: string): DocumentChange[] {
  const changes: DocumentChange[] = [];
  for (const [id, stream] of view.list('log-stream')) {
    if (stream.logGroupName === group) changes.push({ kind: 'log-stream', id, value: undefined });
  }
  return changes;
}

const DeleteLogGroup = z.object({ logGroupName: LogGroupName });

function deleteLogGroup({ state, catalog, forget }: LogsOptions): Operation {
  return operation('admin', DeleteLogGroup, async ({ logGroupName: name }, call) => {
    let groupId = '';
    await state.change(call.actor, (view) => {
      const group = catalog.get(view, name);
      if (group.logType !== undefined) throw auditLogRefusal(name, 'it cannot be deleted');
      if (group.document.deletionProtection === true) {
        throw new ApiError(
          400,
          'ValidationException',
          `Log group ${name} has deletion protection enabled: disable it with PutLogGroupDeletionProtection first.`,
        );
      }
      ({ groupId } = group.document);
      return {
        eventName: 'DeleteLogGroup',
        eventSource: EVENT_SOURCE,
        resource: group.arn,
        changes: [
          { kind: 'log-group', id: name, value: undefined },
          ...streamDeletions(view, name),
        ],
      };
    });
    forget({ groupId });
  });
}

const PutLogGroupDeletionProtection = z.object({
  logGroupIdentifier: LogGroupIdentifier,
  deletionProtectionEnabled: z.boolean(),
});

function putDeletionProtection({ state, catalog }: LogsOptions): Operation {
  return operation('admin', PutLogGroupDeletionProtection, async (input, call) => {
    const name = catalog.nameOf(input.logGroupIdentifier);
    await state.change(call.actor, (view) => {
      const { document, arn, logType } = catalog.get(view, name);
      if (logType !== undefined) throw auditLogRefusal(name, 'its deletion protection is fixed');
      const { deletionProtection = false, ...others } = document;
      if (deletionProtection === input.deletionProtectionEnabled) return undefined;
      const value = { ...others, ...(!deletionProtection && { deletionProtection: true }) };
      return {
        eventName: 'PutLogGroupDeletionProtection',
        eventSource: EVENT_SOURCE,
        resource: arn,
        changes: [{ kind: 'log-group', id: name, value }],
      };
    });
  });
}

const DescribeLogGroups = z.object({
  accountIdentifiers: z.array(AccountId).max(20).optional(),
  logGroupNamePrefix: LogGroupName.optional(),
  logGroupNamePattern: text(0, 512, '[\\.\\-_/#A-Za-z0-9]*').optional(),
  nextToken: NextToken.optional(),
  limit: DescribeLimit.optional(),
  includeLinkedAccounts: z.boolean().optional(),
  logGroupClass: LogGroupClass.optional(),
  logGroupIdentifiers: z.array(LogGroupIdentifier).min(1).max(50).optional(),
});

/** Which groups a Describe or List asks for. */
interface Choice {
  readonly prefix?: string | undefined;
  readonly pattern?: string | undefined;
  readonly class?: string | undefined;
  readonly names?: ReadonlySet<string> | undefined;
}

function isChosen({ name, document }: LogGroup, choice: Choice): boolean {
  return (
    (choice.prefix === undefined || name.startsWith(choice.prefix)) &&
    (choice.pattern === undefined || name.includes(choice.pattern)) &&
    (choice.class === undefined || document.class === choice.class) &&
    (choice.names === undefined || choice.names.has(name))
  );
}

function describeLogGroups(options: LogsOptions): Operation {
  const { state, catalog, clock } = options;
  const tokens = new PageTokens<string>('DescribeLogGroups', () => clock.now());
  return operation('read', DescribeLogGroups, async (input) => {
    const { logGroupNamePrefix: prefix, logGroupNamePattern: pattern } = input;
    if (prefix !== undefined && pattern !== undefined) {
      throw invalidParameter(
        'LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.',
      );
    }
    const names = input.logGroupIdentifiers?.map((identifier) => catalog.nameOf(identifier));
    const choice = {
      prefix,
      pattern,
      class: input.logGroupClass,
      names: names && new Set(names),
    };
    const { page, next } = pageAfter(
      catalog.list(state).filter((group) => isChosen(group, choice)),
      ({ name }) => name,
      tokens.read(input.nextToken),
      input.limit ?? DESCRIBE_LIMIT_DEFAULT,
    );
    const storedBytes = await options.storedBytes();
    return {
      logGroups: page.map((group) =>
        pattern === undefined ? described(group, storedBytes) : namedOnly(group),
      ),
      ...(next !== undefined && { nextToken: tokens.make(next) }),
    };
  });
}

/** What a search by pattern tells. */
function namedOnly({ name, arn, document }: LogGroup): object {
  return { logGroupName: name, creationTime: document.createdAtMs, arn: `${arn}:*` };
}

function described(group: LogGroup, storedBytes: ReadonlyMap<string, number>): object {
  const { name, arn, document } = group;
  const { retentionDays, kmsKeyId, deletionProtection = false } = document;
  return {
    ...namedOnly(group),
    ...(retentionDays !== undefined && { retentionInDays: retentionDays }),
    metricFilterCount: 0,
    storedBytes: storedBytes.get(document.groupId) ?? 0,
    ...(kmsKeyId !== undefined && { kmsKeyId }),
    logGroupClass: document.class,
    logGroupArn: arn,
    logGroupName: name,
    deletionProtectionEnabled: deletionProtection,
    bearerTokenAuthenticationEnabled: false,
  };
}

const ListLogGroups = z.object({
  logGroupNamePattern: text(
    3,
    129,
    '\\^?[\\.\\-_\\/#A-Za-z0-9]{3,24}(\\|\\^?[\\.\\-_\\/#A-Za-z0-9]{3,24}){0,4}',
  ).optional(),
  logGroupClass: LogGroupClass.optional(),
  includeLinkedAccounts: z.boolean().optional(),
  accountIdentifiers: z.array(AccountId).max(20).optional(),
  nextToken: NextToken.optional(),
  limit: whole(1, 1000).optional(),
});

/** `^/aws|audit`: names that begin with the one or hold the other. */
function matchesPattern(name: string, pattern: string): boolean {
  return pattern
    .split('|')
    .some((part) => (part.startsWith('^') ? name.startsWith(part.slice(1)) : name.includes(part)));
}

function listLogGroups({ state, catalog, clock }: LogsOptions): Operation {
  const tokens = new PageTokens<string>('ListLogGroups', () => clock.now());
  return operation('read', ListLogGroups, (input) => {
    const { logGroupNamePattern: pattern } = input;
    const { page, next } = pageAfter(
      catalog
        .list(state)
        .filter((group) => isChosen(group, { class: input.logGroupClass }))
        .filter(({ name }) => pattern === undefined || matchesPattern(name, pattern)),
      ({ name }) => name,
      tokens.read(input.nextToken),
      input.limit ?? LIST_LIMIT_DEFAULT,
    );
    return {
      logGroups: page.map(({ name, arn, document }) => ({
        logGroupName: name,
        logGroupArn: arn,
        logGroupClass: document.class,
      })),
      ...(next !== undefined && { nextToken: tokens.make(next) }),
    };
  });
}

/** The operations on log groups. */
export function logGroupOperations(options: LogsOptions): Readonly<Record<string, Operation>> {
  return {
    CreateLogGroup: createLogGroup(options),
    DeleteLogGroup: deleteLogGroup(options),
    DescribeLogGroups: describeLogGroups(options),
    ListLogGroups: listLogGroups(options),
    PutLogGroupDeletionProtection: putDeletionProtection(options),
  };
}

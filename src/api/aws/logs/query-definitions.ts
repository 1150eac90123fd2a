// Saved queries.
// @see CloudWatch Logs API reference, PutQueryDefinition, DescribeQueryDefinitions, DeleteQueryDefinition
import { z } from 'zod';
import type { QueryDefinitionDocument } from '../../../state/documents.ts';
import { ApiError } from '../../api-error.ts';
import { text, whole } from '../constraint.ts';
import { operation, type Operation } from '../operation.ts';
import { pageAfter, PageTokens } from '../page-token.ts';
import { EVENT_SOURCE, type LogsOptions } from './logs-options.ts';
import { invalidParameter } from './refusal.ts';
import { LogGroupName, NextToken, QueryId, QueryLanguage } from './shapes.ts';

/** Definitions of a page when it is not said. */
const PAGE_DEFAULT = 1000;

const PutQueryDefinition = z.object({
  queryLanguage: QueryLanguage.optional(),
  name: text(1, 255),
  queryDefinitionId: QueryId.optional(),
  logGroupNames: z.array(LogGroupName).optional(),
  queryString: text(1, 10_000),
  clientToken: text(36, 128, '\\S{36,128}').optional(),
  parameters: z
    .array(
      z.object({
        name: text(1, 128, '[a-zA-Z_][a-zA-Z0-9_]*'),
        defaultValue: text(0, 1024).optional(),
        description: text(0, 512).optional(),
      }),
    )
    .max(20)
    .optional(),
});

type PutInput = z.infer<typeof PutQueryDefinition>;

function notFound(): ApiError {
  const message = 'The specified query definition does not exist.';
  return new ApiError(400, 'ResourceNotFoundException', message);
}

/**
 * What a text calls by `$name(…)`: the saved query of that name, of several the one that was changed last.
 *
 * @see CloudWatch Logs user guide, "Using saved queries with parameters"
 */
export function savedQueryIn(
  state: Pick<LogsOptions['state'], 'list'>,
  name: string,
): QueryDefinitionDocument | undefined {
  return [...state.list('query-definition')]
    .map(([, definition]) => definition)
    .filter((definition) => definition.name === name && definition.queryLanguage === 'CWLI')
    .toSorted((a, b) => b.lastModifiedMs - a.lastModifiedMs)[0];
}

/** Refuses parameters that could never be given, in AWS's words. */
function checkParameters({ parameters = [], queryLanguage, queryString }: PutInput): void {
  if (parameters.length === 0) return;
  if (queryLanguage !== undefined && queryLanguage !== 'CWLI') {
    throw invalidParameter('Parameters are only supported for CWLI query language');
  }
  const names = parameters.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw invalidParameter(`Duplicate parameter name: ${twice}`);
  const missing = names.filter(
    (name) => !new RegExp(`\\{\\{\\s*${name}\\s*\\}\\}`).test(queryString),
  );
  if (missing.length > 0) {
    const message = `Required parameters not found in queryString: ${missing.join(', ')}`;
    throw invalidParameter(message);
  }
}

function putQueryDefinition({ state, clock, randomId }: LogsOptions): Operation {
  return operation('admin', PutQueryDefinition, async (input, call) => {
    const { queryDefinitionId, clientToken } = input;
    checkParameters(input);
    // The same token makes the same definition, so that a request may be sent again.
    const id = queryDefinitionId ?? clientToken ?? randomId();
    await state.change(call.actor, (view) => {
      const known = view.get('query-definition', id);
      if (queryDefinitionId !== undefined && known === undefined) throw notFound();
      const value: QueryDefinitionDocument = {
        name: input.name,
        queryString: input.queryString,
        queryLanguage: input.queryLanguage ?? 'CWLI',
        logGroupNames: input.logGroupNames ?? [],
        parameters: (input.parameters ?? []).map(({ name, defaultValue, description }) => ({
          name,
          ...(defaultValue !== undefined && { defaultValue }),
          ...(description !== undefined && { description }),
        })),
        lastModifiedMs: clock.now(),
      };
      return {
        eventName: 'PutQueryDefinition',
        eventSource: EVENT_SOURCE,
        resource: id,
        changes: [{ kind: 'query-definition', id, value }],
      };
    });
    return { queryDefinitionId: id };
  });
}

const DeleteQueryDefinition = z.object({ queryDefinitionId: QueryId });

function deleteQueryDefinition({ state }: LogsOptions): Operation {
  return operation('admin', DeleteQueryDefinition, async ({ queryDefinitionId: id }, call) => {
    await state.change(call.actor, (view) => {
      if (view.get('query-definition', id) === undefined) throw notFound();
      return {
        eventName: 'DeleteQueryDefinition',
        eventSource: EVENT_SOURCE,
        resource: id,
        changes: [{ kind: 'query-definition', id, value: undefined }],
      };
    });
    return { success: true };
  });
}

const DescribeQueryDefinitions = z.object({
  queryLanguage: QueryLanguage.optional(),
  queryDefinitionNamePrefix: text(1, 255).optional(),
  maxResults: whole(1, 1000).optional(),
  nextToken: NextToken.optional(),
});

function described([id, document]: readonly [string, QueryDefinitionDocument]): object {
  const { name, queryString, queryLanguage, logGroupNames, parameters, lastModifiedMs } = document;
  return {
    queryLanguage,
    queryDefinitionId: id,
    name,
    queryString,
    lastModified: lastModifiedMs,
    ...(logGroupNames.length > 0 && { logGroupNames }),
    ...(parameters.length > 0 && { parameters }),
  };
}

/** Names may be equal: then the id decides. */
function keyOf([id, { name }]: readonly [string, QueryDefinitionDocument]): string {
  return `${name}\n${id}`;
}

function describeQueryDefinitions({ state, clock }: LogsOptions): Operation {
  const tokens = new PageTokens<string>('DescribeQueryDefinitions', () => clock.now());
  return operation('read', DescribeQueryDefinitions, (input) => {
    const { queryDefinitionNamePrefix: prefix = '', queryLanguage: language } = input;
    const chosen = [...state.list('query-definition')]
      .filter(([, { name }]) => name.startsWith(prefix))
      .filter(([, definition]) => language === undefined || definition.queryLanguage === language)
      .toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
    const after = tokens.read(input.nextToken);
    const { page, next } = pageAfter(chosen, keyOf, after, input.maxResults ?? PAGE_DEFAULT);
    return {
      queryDefinitions: page.map(described),
      ...(next !== undefined && { nextToken: tokens.make(next) }),
    };
  });
}

/** The operations on saved queries. */
export function queryDefinitionOperations(
  options: LogsOptions,
): Readonly<Record<string, Operation>> {
  return {
    PutQueryDefinition: putQueryDefinition(options),
    DescribeQueryDefinitions: describeQueryDefinitions(options),
    DeleteQueryDefinition: deleteQueryDefinition(options),
  };
}

// What the `mailtrail saved-queries` commands share: the queries that the server keeps, as AWS's clients see them too.
import type { ApiClient } from './api-client.ts';
import { CliError } from './cli-error.ts';
import { EXIT } from './exit-code.ts';

/** A saved query. @see CloudWatch Logs API reference, QueryDefinition */
export interface SavedQuery {
  readonly queryDefinitionId: string;
  readonly name: string;
  readonly queryString: string;
  readonly logGroupNames?: readonly string[];
  /** ms since the Unix epoch. */
  readonly lastModified: number;
}

/** All saved queries in the order of their names. */
export async function fetchSavedQueries(
  client: ApiClient,
  queryDefinitionNamePrefix?: string,
): Promise<readonly SavedQuery[]> {
  const queries: SavedQuery[] = [];
  let nextToken: unknown;
  do {
    const answer = await client.operation('DescribeQueryDefinitions', {
      ...(queryDefinitionNamePrefix !== undefined && { queryDefinitionNamePrefix }),
      ...(nextToken !== undefined && { nextToken }),
    });
    queries.push(...((answer['queryDefinitions'] ?? []) as readonly SavedQuery[]));
    nextToken = answer['nextToken'];
  } while (nextToken !== undefined);
  return queries;
}

/** The query of this name or id. Throws a CliError when there is none or when several have the name. */
export async function findSavedQuery(client: ApiClient, named: string): Promise<SavedQuery> {
  const queries = await fetchSavedQueries(client);
  const found = queries.filter(
    ({ name, queryDefinitionId }) => named === name || named === queryDefinitionId,
  );
  const [first, ...others] = found;
  if (first !== undefined && others.length === 0) return first;
  if (first !== undefined) {
    const ids = found.map(({ queryDefinitionId }) => queryDefinitionId).join(', ');
    const message = `${found.length} saved queries are called ${JSON.stringify(named)}; name one by its id: ${ids}`;
    throw new CliError(EXIT.usage, message);
  }
  const known = queries.map(({ name }) => JSON.stringify(name)).join(', ');
  const there = known === '' ? 'there are none yet' : `there are ${known}`;
  throw new CliError(EXIT.notFound, `there is no saved query ${JSON.stringify(named)}; ${there}`);
}

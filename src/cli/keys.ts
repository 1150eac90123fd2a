// What the `mailtrail keys` commands share: the keys as the server lists them.
import type { ApiClient } from './api-client.ts';
import { CliError } from './cli-error.ts';
import { EXIT } from './exit-code.ts';

/** A key without its secrets; times in ms since the Unix epoch. */
export interface ListedKey {
  readonly accessKeyId: string;
  readonly name: string;
  readonly access: string;
  readonly createdTime?: number;
  readonly lastUsedTime?: number;
  readonly revocable: boolean;
}

/** Asks the server for its keys. */
export async function fetchKeys(client: ApiClient): Promise<readonly ListedKey[]> {
  const response = await client.get('/v1/keys');
  const body = (await response.json()) as { keys?: readonly ListedKey[] };
  return body.keys ?? [];
}

/** The key of the name or access key id. Throws a CliError when there is none. */
export function findKey(keys: readonly ListedKey[], named: string): ListedKey {
  const found = keys.find(({ name, accessKeyId }) => named === accessKeyId || named === name);
  if (found !== undefined) return found;
  const known = keys.map(({ name }) => name).join(', ');
  const message = `there is no key ${JSON.stringify(named)}; there are ${known}`;
  throw new CliError(EXIT.notFound, message);
}

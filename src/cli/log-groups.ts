// Log groups by their short names: `authentication` instead of `/mailtrail/default/authentication`.
import { nearest } from '../config/suggest.ts';
import type { ApiClient } from './api-client.ts';
import { CliError } from './cli-error.ts';
import { EXIT } from './exit-code.ts';

/** A log group as the server describes it; times in ms since the Unix epoch. */
export interface GroupDescription {
  readonly name: string;
  readonly logType: string;
  readonly events: number;
  readonly storedBytes: number;
  readonly firstEventTime?: number;
  readonly lastEventTime?: number;
  /** Absent when events are kept for ever. */
  readonly retentionDays?: number;
}

/** Asks the server for its log groups. */
export async function fetchGroups(client: ApiClient): Promise<readonly GroupDescription[]> {
  const response = await client.get('/v1/groups');
  const body = (await response.json()) as { groups?: readonly GroupDescription[] };
  return body.groups ?? [];
}

/** The last part of a group's name. */
export function shortName(group: string): string {
  return group.slice(group.lastIndexOf('/') + 1);
}

/**
 * The full names of the groups that were named. Full names go to the server as they are; it is
 * asked only when one is short. Throws a CliError for a name that no group has.
 */
export async function resolveGroupNames(
  client: ApiClient,
  named: readonly string[],
): Promise<readonly string[]> {
  if (named.every((name) => name.startsWith('/'))) return named;
  const groups = await fetchGroups(client);
  return named.map((name) => {
    if (name.startsWith('/')) return name;
    const found = groups.find((group) => shortName(group.name) === name);
    if (found !== undefined) return found.name;
    const known = groups.map((group) => shortName(group.name));
    const near = nearest(name, known);
    const advice = near === undefined ? `there are ${known.join(', ')}` : `did you mean "${near}"?`;
    throw new CliError(EXIT.notFound, `there is no log group ${JSON.stringify(name)}; ${advice}`);
  });
}

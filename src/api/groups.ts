// Log groups by name: GET /v1/groups, and which groups a query means.
import { LOG_TYPES, logGroupName, type LogType } from '../event/log-type.ts';
import type { EventStore } from '../store/event-store.ts';
import { ApiError } from './api-error.ts';
import type { KnownGroup, QueriedGroup } from './query-language.ts';

/** A log group as GET /v1/groups tells it; times in ms, absent where there is no event. */
export interface GroupDescription {
  readonly name: string;
  readonly logType: LogType;
  readonly events: number;
  readonly storedBytes: number;
  readonly firstEventTime?: number;
  readonly lastEventTime?: number;
  /** Absent when events are kept for ever. */
  readonly retentionDays?: number;
}

/** All groups of the organization, whether they have events or not. */
export async function describeGroups(
  store: Pick<EventStore, 'groups'>,
  organization: string,
): Promise<readonly GroupDescription[]> {
  const stats = new Map((await store.groups()).map((group) => [group.logType, group]));
  return LOG_TYPES.map((logType) => {
    const group = stats.get(logType);
    return {
      name: logGroupName(organization, logType),
      logType,
      events: group?.events ?? 0,
      storedBytes: group?.storedBytes ?? 0,
      ...(group?.firstEventAtMs !== undefined && { firstEventTime: group.firstEventAtMs }),
      ...(group?.lastEventAtMs !== undefined && { lastEventTime: group.lastEventAtMs }),
      ...(group?.retentionDays !== undefined && { retentionDays: group.retentionDays }),
    };
  });
}

/** Groups whose events clients put, as queries may name them. */
export type PutGroups = () => readonly KnownGroup[];

/**
 * The groups of these names; all audit logs when none is named. Throws ResourceNotFoundException with the
 * names there are.
 */
export function resolveGroups(
  names: readonly string[] | undefined,
  organization: string,
  putGroups: PutGroups = () => [],
): readonly QueriedGroup[] {
  const audit = LOG_TYPES.map((logType) => ({
    name: logGroupName(organization, logType),
    logType,
  }));
  if (names === undefined || names.length === 0) return audit;
  const known = new Map([...audit, ...putGroups()].map((group) => [group.name, group]));
  return [...new Set(names)].map((name) => known.get(name) ?? refuse(name, [...known.keys()]));
}

/** Every group that a query may choose. */
export function knownGroups(
  organization: string,
  putGroups: PutGroups = () => [],
): readonly KnownGroup[] {
  return [...resolveGroups(undefined, organization), ...putGroups()];
}

/** Names of groups that a refusal tells. */
const NAMES_TOLD_MAX = 20;

function refuse(name: string, known: readonly string[]): never {
  const told = known.slice(0, NAMES_TOLD_MAX).join(', ');
  const more = known.length > NAMES_TOLD_MAX ? ` and ${known.length - NAMES_TOLD_MAX} more` : '';
  throw new ApiError(
    404,
    'ResourceNotFoundException',
    `log group ${JSON.stringify(name.slice(0, 512))} does not exist; there are ${told}${more}`,
  );
}

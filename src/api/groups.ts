// Log groups by name: GET /v1/groups, and which groups a query means.
import { LOG_TYPES, logGroupName, type LogType, logTypeOfGroup } from '../event/log-type.ts';
import type { EventStore } from '../store/event-store.ts';
import { ApiError } from './api-error.ts';
import type { QueriedGroup } from './query-language.ts';

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

/**
 * The groups of these names, or all when none is named. Throws ResourceNotFoundException with the
 * names there are.
 */
export function resolveGroups(
  names: readonly string[] | undefined,
  organization: string,
): readonly QueriedGroup[] {
  if (names === undefined || names.length === 0) {
    return LOG_TYPES.map((logType) => ({ name: logGroupName(organization, logType), logType }));
  }
  return [...new Set(names)].map((name) => {
    const logType = logTypeOfGroup(organization, name);
    if (logType !== undefined) return { name, logType };
    const known = LOG_TYPES.map((type) => logGroupName(organization, type)).join(', ');
    throw new ApiError(
      404,
      'ResourceNotFoundException',
      `log group ${JSON.stringify(name.slice(0, 512))} does not exist; there are ${known}`,
    );
  });
}

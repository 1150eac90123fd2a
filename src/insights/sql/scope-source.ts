// What a query is over: the table of audit events, that of log events, or both.
import { putGroups, type QueryScope } from '../scope.ts';
import type { RowSource } from './block.ts';
import { eventSource, scopeConditions } from './event-source.ts';
import { logEventConditions, logEventSource } from './log-event-source.ts';
import type { Parameters } from './parameters.ts';
import type { Share } from './value.ts';

/** The innermost rows of a query and the conditions that choose them. */
export interface ScopeRows {
  readonly source: (share: Share) => RowSource;
  readonly conditions: readonly string[];
}

/** The rows of the scope's groups and times. */
export function rowsOfScope(scope: QueryScope, parameters: Parameters): ScopeRows {
  const put = putGroups(scope.groups).length;
  if (put === 0) {
    const conditions = scopeConditions(scope, parameters);
    return { source: (share) => eventSource(scope, parameters, share), conditions };
  }
  // Of both tables each has its own conditions, inside of the source.
  const conditions = put === scope.groups.length ? logEventConditions(scope, parameters) : [];
  return { source: (share) => logEventSource(scope, parameters, share), conditions };
}

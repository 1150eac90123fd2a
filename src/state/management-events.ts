// A change as the management event that tells of it: who, what, from where, before and after, and no secret.
import type { AuditEvent } from '../event/audit-event.ts';
import type { LoggedChange } from './log-lines.ts';
import { type DocumentKind, SECRET_MEMBERS } from './documents.ts';
import type { Actor, RecordedAct } from './state.ts';

const REDACTED = '***';

/** The document without its secrets; undefined where there is none. */
function shown(kind: string, value: unknown): object | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const secrets = new Set<string>(SECRET_MEMBERS[kind as DocumentKind] ?? []);
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, secrets.has(name) ? REDACTED : member]),
  );
}

/** The event of an act, without what changed. */
export function actEvent(actor: Actor, atMs: number, act: RecordedAct): AuditEvent {
  const { userId, sourceIp, userAgent, requestId } = actor;
  return {
    log_type: 'MANAGEMENT_LOGS',
    event_timestamp: atMs,
    ...(requestId !== undefined && { request_id: requestId }),
    user_id: userId,
    event_name: act.eventName,
    event_source: act.eventSource,
    ...(sourceIp !== undefined && { source_ip: sourceIp }),
    ...(userAgent !== undefined && { user_agent: userAgent }),
    resource: act.resource,
    ...(act.after !== undefined && { after: act.after }),
    ...(act.errorCode !== undefined && { error_code: act.errorCode }),
    ...(act.errorMessage !== undefined && { error_message: act.errorMessage }),
  };
}

/**
 * The event of a change.
 *
 * @param before the first document of the change as it was
 */
export function changeEvent(change: LoggedChange, before: unknown): AuditEvent {
  const [first] = change.changes;
  const kind = first?.kind ?? '';
  const was = shown(kind, before);
  const is = shown(kind, first?.value);
  return {
    ...actEvent(change.actor, change.atMs, change),
    ...(was && { before: was }),
    ...(is && { after: is }),
  };
}

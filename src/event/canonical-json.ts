// The record as it leaves Mailtrail: WorkMail's flat JSON in canonical key order.
import type { AuditEvent } from './audit-event.ts';
import { type LogType, logTypeSpec } from './log-type.ts';

type JsonObject = Readonly<Record<string, unknown>>;

function ordered(logType: LogType, prefix: string, object: JsonObject): JsonObject {
  const out: [string, unknown][] = [];
  const done = new Set<string>();
  for (const field of logTypeSpec(logType).fields) {
    if (!field.path.startsWith(prefix)) continue;
    const rest = field.path.slice(prefix.length);
    const dot = rest.indexOf('.');
    const key = dot < 0 ? rest : rest.slice(0, dot);
    const value = object[key];
    if (done.has(key) || value === undefined) continue;
    done.add(key);
    out.push([key, dot < 0 ? value : ordered(logType, `${prefix}${key}.`, value as JsonObject)]);
  }
  for (const [key, value] of Object.entries((object['extra'] ?? {}) as JsonObject)) {
    out.push([key, value]);
  }
  return Object.fromEntries(out);
}

/** The record of which `canonicalJson` is the text. */
export function canonicalRecord(event: AuditEvent): JsonObject {
  return ordered(event.log_type, '', event as unknown as JsonObject);
}

/**
 * The event's JSON: declared fields in the order of their declaration, then the further fields as
 * they came; absent keys absent, no `log_type` (WorkMail's records have none).
 *
 * @see AWS WorkMail administrator guide, "Audit logging": the four keys every record starts with
 */
export function canonicalJson(event: AuditEvent): string {
  return JSON.stringify(canonicalRecord(event));
}

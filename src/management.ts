// Mailtrail's own acts as management events: who changed the configuration, from what to what.
import type { AuditEvent } from './event/audit-event.ts';
import type { Config } from './config/schema.ts';

/**
 * What of the configuration is worth a record: everything but where things lie. There are no secrets in it.
 *
 * @param mappings the SHA-256 of each mapping file, by its name
 */
export function settingsInForce(
  config: Config,
  mappings: Readonly<Record<string, string>>,
): object {
  const { organization, server, access, retention, dovecot, postfix, collectors } = config;
  return {
    organization: organization.name,
    listen: `${server.listen.host}:${server.listen.port}`,
    tls: server.tls !== undefined,
    rules: access.rules,
    retention: retention.days,
    logs: [...dovecot.logs, ...postfix.logs, ...collectors.mapped.map(({ path }) => path)],
    ...(Object.keys(mappings).length > 0 && { mappings }),
  };
}

/** A management event of the server itself, which acts for whoever started or signalled it. */
export function managementEvent(
  eventName: string,
  nowMs: number,
  change: { readonly before?: object; readonly after?: object },
): AuditEvent {
  const uid = process.getuid?.();
  return {
    log_type: 'MANAGEMENT_LOGS',
    event_timestamp: nowMs,
    user_id: uid === undefined ? 'local' : `uid:${uid}`,
    event_name: eventName,
    event_source: 'mailtrail',
    ...change,
  };
}

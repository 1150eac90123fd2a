// A log event that a client put with PutLogEvents: any text, kept beside the audit events and never
// taken for one of them.

/** What `log_type` says of such a line; no audit log is called so, and feeds cannot say it. */
export const LOG_EVENT_TYPE = 'LOG_EVENT';

/** How the journal line of a log event begins, and that of no other event. */
export const LOG_EVENT_LINE_START = `{"log_type":"${LOG_EVENT_TYPE}"`;

/** A log event as a journal line; `log_type` is its first member. */
export interface LogEvent {
  readonly log_type: typeof LOG_EVENT_TYPE;
  /**
   * Which group it is in: the id of the group, not its name. A group that was deleted and made anew
   * has another id, so that what was deleted stays so.
   */
  readonly log_group_id: string;
  readonly log_stream: string;
  /** ms since the Unix epoch. */
  readonly event_timestamp: number;
  /** As the client sent it. */
  readonly message: string;
}

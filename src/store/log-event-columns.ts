// The table of log events that clients put, as the query compiler and both engines see it. Pure.

export const LOG_EVENT_TABLE = 'log_events';

/**
 * - `position`: the event's place in the journal, unique over both tables
 * - `ingestion_time`: when it was acknowledged
 * - `log_group_id`: the group's id, not its name
 * - `event_time`: the time stamp that the client gave
 */
export const LOG_EVENT_COLUMNS = {
  position: 'position',
  ingestionTime: 'ingestion_time',
  groupId: 'log_group_id',
  stream: 'log_stream',
  eventTime: 'event_time',
  message: 'message',
} as const;

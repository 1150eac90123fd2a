// How much the syslog listeners take. At every limit what goes is counted in the listener's status.

/** Longest message, in bytes: the longest line that is read. What is longer is cut there, and counted. */
export const SYSLOG_MESSAGE_BYTES_MAX = 1024 * 1024;
/** Connections of one listener at a time: one for each sending host, and some that come back. */
export const SYSLOG_CONNECTIONS_MAX = 1_000;
/** A connection that is silent for longer is closed, in ms; a sender opens a new one. */
export const SYSLOG_IDLE_MS = 3_600_000;
/** What waits to be written, in bytes: connections are not read on beyond it, datagrams are dropped. */
export const SYSLOG_WAITING_BYTES_MAX = 16 * 1024 * 1024;
/** The kernel's buffer for datagrams that have not been read, in bytes, where it allows as much. */
export const SYSLOG_UDP_BUFFER_BYTES = 4 * 1024 * 1024;
/** What was received is kept in files of this size, in bytes, … */
export const SPOOL_FILE_BYTES_MAX = 64 * 1024 * 1024;
/** … and so many of them: some hours of a busy server that are not lost while nothing can be stored. */
export const SPOOL_FILES_MAX = 4;

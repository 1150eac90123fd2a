// How much of a message and of a connection the milter keeps. At every limit mail flows on; what was
// cut is said in the contents (`cut`) or in the collector's status.

/** Connections whose messages are read: Postfix keeps one for each smtpd process, 100 by default. */
export const MILTER_CONNECTIONS_MAX = 1_000;
/** Connections beyond those: they are answered "nothing is of interest"; more are hung up on. */
export const MILTER_UNREAD_CONNECTIONS_MAX = 1_000;
/** A connection that is silent for longer is closed, in ms: twice Postfix's own `smtpd_timeout`. */
export const MILTER_IDLE_MS = 600_000;
/**
 * Largest packet that is read, in bytes; the rest of a larger one is passed over. Bodies come in
 * 64 KiB pieces, a header field in one of at most `header_size_limit` (100 KiB).
 */
export const MILTER_PACKET_BYTES_MAX = 256 * 1024;
/** Most macros that are kept of one packet: we ask for at most seven. */
export const MILTER_MACROS_MAX = 50;

/** Recipients that are kept of one message; Postfix takes 1,000 by `smtpd_recipient_limit`. */
export const CONTENTS_RECIPIENTS_MAX = 1_000;
/** Longest address, name or id that is kept, in characters; RFC 5321 ends addresses at 254 octets. */
export const CONTENTS_NAME_CHARS_MAX = 320;
/** Longest decoded header text that is kept, in characters: a line by RFC 5322. */
export const CONTENTS_TEXT_CHARS_MAX = 998;
/** Most octets of one header field that are looked at. */
export const HEADER_FIELD_BYTES_MAX = 64 * 1024;
/** Most addresses that are kept of To and of Cc. */
export const HEADER_ADDRESSES_MAX = 100;
/** Authentication-Results fields that are kept, the topmost: each hop adds one. */
export const AUTHENTICATION_RESULTS_MAX = 20;
/** Longest Authentication-Results that is kept, in characters. */
export const AUTHENTICATION_RESULTS_CHARS_MAX = 4_096;

/** Attachments that are named of one message. */
export const ATTACHMENTS_MAX = 100;
/** Longest path of an attachment, in characters: four nested messages with file names of 255. */
export const ATTACHMENT_PATH_CHARS_MAX = 1_020;
/** MIME parts that are looked at in one message; a photo album has hundreds. */
export const MIME_PARTS_MAX = 1_000;
/** How deep multiparts and messages may lie in each other; Dovecot and Postfix end at 100. */
export const MIME_DEPTH_MAX = 50;
/** Most octets of the headers of one part that are looked at. */
export const MIME_HEADERS_BYTES_MAX = 16 * 1024;
/** A line of which more is not looked at, in octets: RFC 2046 ends boundaries at 70. */
export const MIME_BOUNDARY_CHARS_MAX = 1_000;
/** Parameters that are looked at in one header field. */
export const MIME_PARAMETERS_MAX = 100;

/** The longest that the mail server waits for the note of a message, in ms; then it goes without. */
export const NOTE_WAIT_MS = 100;
/** Size at which the file of notes is put aside and begun anew, in bytes: some 10,000 messages. */
export const NOTES_BYTES_MAX = 8 * 1024 * 1024;
/** Most bytes of notes that wait to be written; further ones are not made. */
export const NOTES_PENDING_BYTES_MAX = 4 * 1024 * 1024;

/** How long Postfix's log has time to tell of an aborted submission before the milter does, in ms. */
export const ABORT_SETTLE_MS = 1_000;
/** The longest that an aborted submission waits for a log that is far behind, in ms; then it is told. */
export const ABORT_WAIT_MS = 600_000;
/** Aborted submissions that wait for the log at a time; the oldest waits no longer then. */
export const ABORTS_PENDING_MAX = 1_000;

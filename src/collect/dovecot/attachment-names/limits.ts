// The bounds of looking up what attachments are called.

/** Look-ups that wait; beyond it an event keeps the part's number. A reader opens a few parts a second. */
export const LOOKUPS_WAITING_MAX = 256;
/** Look-ups at one time: the mail server must not notice them. */
export const LOOKUPS_RUNNING_MAX = 4;
/** How long one may take. */
export const LOOKUP_TIMEOUT_MS = 10_000;
/** Messages whose parts are remembered: who opens one attachment opens the next. */
export const REMEMBERED_MESSAGES_MAX = 1_000;
/** How long: a folder that is made anew gives its UIDs to other messages. */
export const REMEMBERED_MS = 10 * 60 * 1000;
/** Bytes of an answer: the structure of a message of some 10,000 parts. */
export const ANSWER_BYTES_MAX = 4 * 1024 * 1024;
/** How deep parts may lie in parts, as the milter reads them. */
export const STRUCTURE_DEPTH_MAX = 50;
/** Parts of one message. */
export const STRUCTURE_PARTS_MAX = 1_000;
/** Characters of an attachment's path, as the milter has them. */
export const NAME_PATH_CHARS_MAX = 1_100;

// A line of a file becomes a foreign record: plain, or taken out of the frame in which syslog wrote it.
import { unframe } from '../framing/line-frame.ts';
import { readTime } from '../log-time.ts';
import type { ForeignRecord } from './foreign-record.ts';
import type { LineFrame } from './mapping-set.ts';

/** Host and program behind the time: `mx imap[123]: `, or `mx cyrus/imap[123]: `. */
const ORIGIN = /^(\S{1,255}) ([^\s:[\]]{1,128})(?:\[\d{1,10}\])?: ?/;

/**
 * The record of a line without syslog's outer frame, e.g. `2026-11-23T02:42:19Z mx cyrus/imap[7]: …`, which is of
 * the program `imap`. A line that does not begin so is taken whole.
 *
 * @param previousMs the time of the line before it
 * @see RFC 3164 section 4.1, and rsyslog's RSYSLOG_FileFormat
 */
export function recordOfSyslogLine(
  line: string,
  receivedMs: number,
  previousMs?: number,
): ForeignRecord {
  const whole: ForeignRecord = { source: 'file', receivedMs, content: line };
  const timed = readTime(line, receivedMs, previousMs);
  if (timed === undefined) return whole;
  const origin = ORIGIN.exec(timed.rest);
  if (origin === null) return { ...whole, timeMs: timed.timeMs, content: timed.rest };
  const [head, host = '', tag = ''] = origin;
  return {
    ...whole,
    timeMs: timed.timeMs,
    host,
    program: tag.slice(tag.lastIndexOf('/') + 1),
    content: timed.rest.slice(head.length),
  };
}

/** The record of a line as a file has it: plain, or in any of the frames of syslog. */
export function recordOfLine(text: string, frame: LineFrame, receivedMs: number): ForeignRecord {
  if (frame === 'plain') return { source: 'file', receivedMs, content: text };
  const bytes = Buffer.from(text);
  const framed = unframe(bytes, 0, bytes.length);
  return recordOfSyslogLine(framed?.bytes.toString('utf8') ?? text, receivedMs);
}

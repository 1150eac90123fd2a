// A line of a file becomes a foreign record: plain, or taken out of the frame in which syslog wrote it.
import { unframe } from '../framing/line-frame.ts';
import { readTime } from '../log-time.ts';
import type { ForeignRecord } from './foreign-record.ts';
import type { LineFrame } from './mapping-set.ts';

/** Host and program behind the time: `mx imap[123]: `, or `mx cyrus/imap[123]: `. */
const ORIGIN = /^(\S{1,255}) ([^\s:[\]]{1,128})(?:\[\d{1,10}\])?: ?/;

/**
 * The record of a line. Of a syslog line the frame tells time, host and program; cyrus/imap is the
 * program `imap`. A line that is not framed so is taken whole.
 *
 * @param previousMs the time of the line before it
 * @see RFC 3164 section 4.1, and rsyslog's RSYSLOG_FileFormat
 */
export function recordOfLine(
  text: string,
  frame: LineFrame,
  receivedMs: number,
  previousMs?: number,
): ForeignRecord {
  const whole: ForeignRecord = { source: 'file', receivedMs, content: text };
  if (frame === 'plain') return whole;
  const bytes = Buffer.from(text);
  const framed = unframe(bytes, 0, bytes.length);
  const line = framed === undefined ? text : framed.bytes.toString('utf8');
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

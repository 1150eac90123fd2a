// A message as it is kept: one line, `time host program[pid]: text`, as rsyslog writes files. What the
// collectors of Dovecot, Postfix and the mappings read is then the same, however it came.
import { unframe } from '../framing/line-frame.ts';
import { readTime } from '../log-time.ts';

// eslint-disable-next-line no-control-regex
const LINE_BREAKERS = /[\0\n\r]/g;

function escaped(text: string): string {
  return text.replace(LINE_BREAKERS, (character) => {
    return `#${character.charCodeAt(0).toString(8).padStart(3, '0')}`;
  });
}

/**
 * The lines of a message: one, or as many as it says that it was repeated. Newlines and NULs in it become
 * `#012` and `#000`, as rsyslog writes them. A message that says no time is of now and of its peer.
 *
 * @param peer the address it came from
 * @see RFC 3164 section 4.1 and 4.3.3, RFC 5424 section 6
 */
export function receivedLines(message: Buffer, peer: string, nowMs: number): string {
  const end = message.at(-1) === 0x0a ? message.length - 1 : message.length;
  const framed = unframe(message, 0, end);
  const text = escaped((framed?.bytes ?? message.subarray(0, end)).toString('utf8'));
  const timed = readTime(text, nowMs);
  const time = new Date(timed?.timeMs ?? nowMs).toISOString();
  const line = `${time} ${timed === undefined ? `${peer} ${text}` : timed.rest}\n`;
  return line.repeat(framed?.times ?? 1);
}

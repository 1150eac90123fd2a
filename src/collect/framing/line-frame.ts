// Takes lines out of the frames in which log files have them beside the usual one: raw syslog with its
// priority (RFC 3164, RFC 5424), repetitions that rsyslog counts, the journal's entries as JSON.
// What comes out is a line as rsyslog writes it, `time host program[pid]: text`, for the parsers.
//
// rsyslog's escapes of control characters (`#011`) stay as they are: a `#` that the sender wrote is
// not escaped, so they cannot be told from each other, and neither server logs control characters.
import { entryOfJson, entryLine } from './journal-entry.ts';

/** Most repetitions of one line that are told one by one; more are counted as rejected. */
export const REPEATS_MAX = 1_000;
/** Time, host and program stand within this many bytes. */
const HEAD_BYTES_MAX = 350;

/** A line as it is to be parsed. */
export interface FramedLine {
  readonly bytes: Buffer;
  /** How often it is to be taken. */
  readonly times: number;
  /** How many repetitions there were beyond the limit. */
  readonly dropped: number;
}

const LESS_THAN = 0x3c;
const BRACE = 0x7b;
const REPEATED = Buffer.from(': message repeated ');
const DOVECOT_EVENT = Buffer.from('{"event":"');
const BYTE_ORDER_MARK = '\ufeff';

const PRIORITY = /^<\d{1,3}>/;
const HEADER_5424 = /^1 (\S+) (\S+) (\S+) (\S+) \S+ /;
/** Elements in brackets, whose values are quoted and escape `"`, `\` and `]`. */
const STRUCTURED_DATA = /^(?:-|(?:\[(?:[^\]"\\]|"(?:[^"\\]|\\.)*")*\])+)(?: |$)/s;

function once(text: string): FramedLine {
  return { bytes: Buffer.from(text), times: 1, dropped: 0 };
}

/**
 * @see RFC 5424 section 6; a message in UTF-8 may begin with a byte order mark
 * @see RFC 3164 section 4.1: behind the priority it is the line that files have
 */
function rawSyslog(text: string): FramedLine | undefined {
  const priority = PRIORITY.exec(text);
  if (priority === null) return undefined;
  const rest = text.slice(priority[0].length);
  const header = HEADER_5424.exec(rest);
  if (header === null) return once(rest);
  const [head, time, host, program, process] = header;
  const behind = rest.slice(head.length);
  const data = STRUCTURED_DATA.exec(behind);
  if (data === null) return undefined;
  const message = behind.slice(data[0].length);
  const said = message.startsWith(BYTE_ORDER_MARK) ? message.slice(1) : message;
  const id = process === '-' ? '' : `[${process}]`;
  return once(`${time} ${host} ${program}${id}: ${said}`);
}

const REPETITION = /^(\d{1,9}) times: \[ ?(.*)\]$/s;

/**
 * `… dovecot: message repeated 2 times: [ imap-login: …]`: what was said before, so often again. It is
 * rsyslog's only when it stands right behind the program; elsewhere a stranger may have written it.
 *
 * @see rsyslog setting $RepeatedMsgReduction
 */
function repeated(bytes: Buffer, at: number): FramedLine | undefined {
  const head = bytes.toString('utf8', 0, at);
  const said = REPETITION.exec(bytes.toString('utf8', at + REPEATED.length));
  if (head.includes(': ') || said === null) return undefined;
  const count = Number(said[1]);
  const times = Math.min(count, REPEATS_MAX);
  return { bytes: Buffer.from(`${head}: ${said[2]}`), times, dropped: count - times };
}

/** The line without its frame; undefined for one that has none, which is to be taken as it is. */
export function unframe(bytes: Buffer, start: number, end: number): FramedLine | undefined {
  const first = bytes[start];
  if (first === BRACE) {
    const plain = bytes.subarray(start, start + DOVECOT_EVENT.length).equals(DOVECOT_EVENT);
    const entry = plain ? undefined : entryOfJson(bytes.toString('utf8', start, end));
    const line = entry === undefined ? undefined : entryLine(entry);
    return line === undefined ? undefined : { bytes: line, times: 1, dropped: 0 };
  }
  let line: FramedLine | undefined;
  if (first === LESS_THAN) line = rawSyslog(bytes.toString('utf8', start, end));
  const text = line?.bytes ?? bytes.subarray(start, end);
  const at = text.subarray(0, HEAD_BYTES_MAX).indexOf(REPEATED);
  return (at < 0 ? undefined : repeated(text, at)) ?? line;
}

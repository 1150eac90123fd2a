// One line of Postfix's log, in a file of its own or in syslog: time, host, program, queue id, text.
// Postfix replaces control characters in what it quotes, so a line is one message; what strangers
// wrote stands only where the program puts it.
import { readTime } from '../log-time.ts';
import { LOGGED_ADDRESS } from './logged-address.ts';

/** A line of a Postfix program. */
export interface MaillogLine {
  readonly timeMs: number;
  readonly host: string;
  /** The program without its instance, e.g. `smtpd`. */
  readonly program: string;
  /** The instance by `syslog_name`, e.g. `submission`; empty for the plain one. */
  readonly instance: string;
  /** The process id, as it is written. */
  readonly pid: string;
  /** Undefined for lines that are about no message in the queue. */
  readonly queueId: string | undefined;
  readonly text: string;
}

const PROGRAM =
  /^([^\s:[\]]+) (postfix(?:-[\w.-]+)?(?:\/[\w.-]+)+)\[(\d+)\]: (?:\[ID \d+ [\w.]+\] )?/;
/** RFC 5424 has program, process id, message id and structured data as words of their own. */
const PROGRAM_5424 =
  /^([^\s:[\]]+) (postfix(?:-[\w.-]+)?(?:\/[\w.-]+)+) (\d+|-) \S+ (?:-|\[[^\]]*\]) /;
/** Short ids are hexadecimal digits, long ones letters and digits without vowels, one a `z`. */
const QUEUE_ID = /^([0-9A-F]{6,15}|[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{10,20}): /;

/**
 * Reads a line; undefined when it is not Postfix's.
 *
 * @param nowMs our clock, by which a time stamp without a year is completed
 * @param previousMs the time of the line before it, which tells equal hours of a day apart
 * @see Postfix src/global/mail_queue.h (queue ids), postlogd(8), setting maillog_file
 */
export function parseMaillogLine(
  line: string,
  nowMs: number,
  previousMs?: number,
): MaillogLine | undefined {
  const timed = readTime(line, nowMs, previousMs);
  if (timed === undefined) return undefined;
  const head = PROGRAM.exec(timed.rest) ?? PROGRAM_5424.exec(timed.rest);
  if (head === null) return undefined;
  const names = (head[2] ?? '').split('/');
  const text = timed.rest.slice(head[0].length);
  const queueId = QUEUE_ID.exec(text);
  return {
    timeMs: timed.timeMs,
    host: head[1] ?? '',
    program: names.at(-1) ?? '',
    instance: names.slice(1, -1).join('/'),
    pid: head[3] ?? '',
    queueId: queueId?.[1],
    text: queueId === null ? text : text.slice(queueId[0].length),
  };
}

/** The client of a connection, e.g. `mail.example.test[192.0.2.1]`. */
export interface MaillogClient {
  readonly address: string;
  readonly saslMethod: string | undefined;
  readonly saslUser: string | undefined;
  /** Of a message that a filter hands in again: its queue id before, where Postfix told the filter. */
  readonly originalQueueId: string | undefined;
  /** Whose connection it was that the filter, or a proxy, passes on. */
  readonly originalAddress: string | undefined;
}

const CLIENT = /^client=[^[\], ]*\[([0-9A-Fa-f.:]+|unknown)\](?::\d+)?(.*)$/s;
/** Both come last, and only from hosts that may say so (smtpd_authorized_xforward_hosts). */
const ORIGINAL =
  /^(?:, orig_queue_id=([0-9A-Za-z]{6,20}))?(?:, orig_client=[^[\], ]*\[([0-9A-Fa-f.:]+|unknown)\](?::\d+)?)?$/;

/**
 * Reads `client=…`, with which smtpd opens a message. `sasl_username` is written by the client and is
 * last but for `sasl_sender` and the original client, which Postfix writes after it: of what stands
 * behind a `sasl_username` it cannot be told who wrote it, and it is taken for Postfix's, and believed
 * of nobody who signed in.
 *
 * @see Postfix src/smtpd/smtpd_sasl_proto.c, src/smtpd/smtpd.c (smtpd_open_file), XFORWARD_README
 */
export function parseClient(text: string): MaillogClient | undefined {
  const client = CLIENT.exec(text);
  if (client === null) return undefined;
  const more = client[2] ?? '';
  const method = /^, sasl_method=([A-Za-z0-9_-]+)/.exec(more);
  const user =
    /, sasl_username=(.*?)(?:, sasl_sender=.*)?(?:, orig_(?:queue_id|client)=.*)?$/s.exec(more);
  const original = method === null ? ORIGINAL.exec(more) : null;
  return {
    address: client[1] ?? '',
    saslMethod: method?.[1],
    saslUser: method === null ? undefined : user?.[1],
    originalQueueId: original?.[1],
    originalAddress: original?.[2],
  };
}

/** One attempt to deliver a message to one recipient. */
export interface MaillogDelivery {
  readonly to: string;
  /** The address before aliases; equal to `to` when there were none. */
  readonly originalTo: string;
  readonly relay: string;
  readonly dsn: string;
  readonly status: string;
  /** The text in parentheses: the other server's words, or ours. */
  readonly response: string;
}

const DELIVERY = new RegExp(
  `^to=<(${LOGGED_ADDRESS})>, (?:orig_to=<(${LOGGED_ADDRESS})>, )?relay=([^,]*), ` +
    String.raw`(?:conn_use=\d+, )?delay=[\d.]+, delays=[\d./]+, dsn=(\d\.\d+\.\d+), status=(\w+) \(([^]*)\)$`,
);

/**
 * Reads a delivery agent's line, up to the other server's words.
 *
 * @see Postfix src/global/log_adhoc.c
 */
export function parseDelivery(text: string): MaillogDelivery | undefined {
  const line = DELIVERY.exec(text);
  if (line === null) return undefined;
  const to = line[1] ?? '';
  return {
    to,
    originalTo: line[2] ?? to,
    relay: line[3] ?? '',
    dsn: line[4] ?? '',
    status: line[5] ?? '',
    response: line[6] ?? '',
  };
}

/** A header that `header_checks` reported. */
export interface MaillogHeader {
  /** In lower case. */
  readonly name: string;
  readonly value: string;
  /** The envelope's recipient, which is only given while there is one. */
  readonly to: string | undefined;
}

const HEADER = /^info: header ([A-Za-z-]{1,40}): (.*)$/s;
const HEADER_END = new RegExp(
  String.raw` from [^\s[\]]*\[[^\]\s]*\]; from=<${LOGGED_ADDRESS}>(?: to=<(${LOGGED_ADDRESS})>)?(?: proto=\w+)?(?: helo=<[^<>]*>)?(?:: [^]*)?$` +
    `| from local; from=<${LOGGED_ADDRESS}>(?: to=<(${LOGGED_ADDRESS})>)?(?:: [^]*)?$`,
);

/**
 * Reads a header; what the table says to it may stand at the line's end. Its value and the HELO name behind it are the sender's, so its end is the first
 * place where Postfix may have put the client that the message is known to come from; for a client
 * that is not known, where the line's end can be read from the right.
 *
 * @param client the address of the message's client
 * @see Postfix src/cleanup/cleanup_message.c (cleanup_act_log)
 */
export function parseHeader(text: string, client?: string): MaillogHeader | undefined {
  const line = HEADER.exec(text);
  if (line === null) return undefined;
  const value = line[2] ?? '';
  const end = HEADER_END.exec(value);
  const at = client === undefined ? -1 : value.search(endWith(client));
  if (end === null && at < 0) return undefined;
  // Where there might be two ends, only the value is taken, which the sender may write as he likes,
  // and not the recipient.
  const oneEnd = value.indexOf('; from=<') === value.lastIndexOf('; from=<');
  return {
    name: (line[1] ?? '').toLowerCase(),
    value: value.slice(0, at < 0 ? end?.index : at),
    to: oneEnd ? (end?.[1] ?? end?.[2]) : undefined,
  };
}

function endWith(client: string): RegExp {
  return new RegExp(
    String.raw` from [^\s[\]]*\[${client.replaceAll('.', String.raw`\.`)}\]; from=<`,
  );
}

// Lines in which Postfix, or a milter of its, says that it did not take a message as it came: it
// refused a client's command, a header, a whole message, or dropped, held or redirected it. The
// stage, the client and the codes are Postfix's own; the rest of the line repeats what the client
// said, so it is taken only where it can be read in one way.
import { LOGGED_ADDRESS } from './logged-address.ts';

/** What was done, to whom, and why. */
export interface Rejection {
  /** As Postfix names it. */
  readonly action: 'reject' | 'discard' | 'hold' | 'redirect' | 'filter';
  /** Whether a milter wanted it. */
  readonly byMilter: boolean;
  /** Where in the conversation, e.g. `RCPT`, `END-OF-MESSAGE`, `header`. */
  readonly stage: string;
  readonly address: string | undefined;
  /** The enhanced status code, e.g. `5.7.1`. */
  readonly dsn: string | undefined;
  /**
   * What the client was told, with what Postfix added for the log; of a header or a line of the text
   * what the table says to it, or else the header or line itself.
   */
  readonly reason: string;
  /** The envelope, where it can be told from what the client put beside it. */
  readonly sender: string | undefined;
  readonly recipient: string | undefined;
}

const HEAD =
  /^(milter-)?(reject|discard|hold|redirect|filter): ([A-Za-z-]+) from [^\s[\]]*\[([0-9A-Fa-f.:]+|unknown)\](?::\d+)?: /;
/** cleanup's header and body checks quote what they found before they say where it came from. */
const CONTENT = /^(reject|discard|hold|redirect|filter): (header|body) /;
const CODES = /^(?:(\d{3}) )?(?:(\d\.\d{1,3}\.\d{1,3}) )?/;
const ENVELOPE =
  `;(?: from=<(${LOGGED_ADDRESS})>)?(?:,? to=<(${LOGGED_ADDRESS})>)?` +
  String.raw`(?:,? proto=\w+)?(?:,? helo=<[^]*>)?`;
const AT_END = new RegExp(`^${ENVELOPE}$`);
/** What a table says to it stands behind the envelope. */
const BEFORE_TEXT = new RegExp(`^${ENVELOPE}(?:: ([^]*))?$`);
const ENVELOPE_BEGINS = /; (?:from=<|to=<|proto=)/;
const ENVELOPE_BEGINS_LENGTH = '; proto='.length;
const FOUND_FROM = / from (?:local|unknown|[^\s[\]]*\[([0-9A-Fa-f.:]+)\])$/;
/** Most places of one line that may look like its envelope; of more than that none is believed. */
export const ENVELOPE_PLACES_MAX = 16;

interface Envelope {
  readonly at: number;
  readonly sender: string | undefined;
  readonly recipient: string | undefined;
  readonly text: string | undefined;
}

/** The envelope at the end of the text, and where it begins; undefined where there might be two. */
function envelopeOf(text: string, pattern: RegExp): Envelope | undefined {
  let found: Envelope | undefined;
  let places = 0;
  for (let at = text.indexOf('; '); at >= 0; at = text.indexOf('; ', at + 1)) {
    if (!ENVELOPE_BEGINS.test(text.slice(at, at + ENVELOPE_BEGINS_LENGTH))) continue;
    if (++places > ENVELOPE_PLACES_MAX) return undefined;
    const envelope = pattern.exec(text.slice(at));
    if (envelope === null) continue;
    if (found !== undefined) return undefined;
    found = { at, sender: envelope[1], recipient: envelope[2], text: envelope[3] };
  }
  return found;
}

function upTo(text: string, end: number): string {
  return end < 0 ? text : text.slice(0, end);
}

function known(address: string | undefined): string | undefined {
  return address === 'unknown' ? undefined : address;
}

/** A line of smtpd, postscreen or a milter: what the client was told, then the envelope. */
function refusedCommand(head: RegExpExecArray, text: string): Rejection {
  const [whole, milter, action = '', stage = '', address] = head;
  const rest = text.slice(whole.length);
  const envelope = envelopeOf(rest, AT_END);
  return {
    action: action as Rejection['action'],
    byMilter: milter !== undefined,
    stage,
    address: known(address),
    dsn: CODES.exec(rest)?.[2],
    reason: upTo(rest, envelope?.at ?? rest.search(ENVELOPE_BEGINS)),
    sender: envelope?.sender,
    recipient: envelope?.recipient,
  };
}

/** A line of cleanup's checks: what was found, then the envelope, then what the table says to it. */
function refusedContent(head: RegExpExecArray, text: string): Rejection {
  const [whole, action = '', stage = ''] = head;
  const rest = text.slice(whole.length);
  const envelope = envelopeOf(rest, BEFORE_TEXT);
  const found = upTo(rest, envelope?.at ?? rest.search(ENVELOPE_BEGINS));
  const from = FOUND_FROM.exec(found);
  return {
    action: action as Rejection['action'],
    byMilter: false,
    stage,
    address: from?.[1],
    dsn: CODES.exec(envelope?.text ?? '')?.[2],
    reason: envelope?.text ?? (from === null ? found : found.slice(0, from.index)),
    sender: envelope?.sender,
    recipient: envelope?.recipient,
  };
}

/**
 * Reads the text of a line behind its queue id or `NOQUEUE: `. Undefined for all other lines.
 *
 * @see Postfix src/smtpd/smtpd_check.c (log_whatsup), src/postscreen/postscreen_smtpd.c,
 * src/cleanup/cleanup_message.c (cleanup_act_log), src/cleanup/cleanup_milter.c
 */
export function parseRejection(text: string): Rejection | undefined {
  const head = HEAD.exec(text);
  if (head !== null) return refusedCommand(head, text);
  const content = CONTENT.exec(text);
  return content === null ? undefined : refusedContent(content, text);
}

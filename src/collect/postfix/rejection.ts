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
  /** What the client was told, with what Postfix added for the log. */
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
const ENVELOPE = new RegExp(
  `^; from=<(${LOGGED_ADDRESS})>(?:,? to=<(${LOGGED_ADDRESS})>)?(?:,? proto=\\w+)?(?:,? helo=<[^]*>)?$`,
);
const ENVELOPE_BEGINS = '; from=<';

/** The envelope at the end of the text, and where it begins; undefined where there might be two. */
function envelopeOf(text: string): { at: number; sender: string; to?: string } | undefined {
  let found: { at: number; sender: string; to?: string } | undefined;
  for (
    let at = text.indexOf(ENVELOPE_BEGINS);
    at >= 0;
    at = text.indexOf(ENVELOPE_BEGINS, at + 1)
  ) {
    const envelope = ENVELOPE.exec(text.slice(at));
    if (envelope === null) continue;
    if (found !== undefined) return undefined;
    const to = envelope[2];
    found = { at, sender: envelope[1] ?? '', ...(to !== undefined && { to }) };
  }
  return found;
}

function rejected(
  action: string,
  byMilter: boolean,
  stage: string,
  address: string,
  rest: string,
): Rejection {
  const codes = CODES.exec(rest);
  const envelope = envelopeOf(rest);
  const reasonEnds = envelope?.at ?? rest.indexOf(ENVELOPE_BEGINS);
  return {
    action: action as Rejection['action'],
    byMilter,
    stage,
    address: address === 'unknown' || address === '' ? undefined : address,
    dsn: codes?.[2],
    reason: reasonEnds < 0 ? rest : rest.slice(0, reasonEnds),
    sender: envelope?.sender,
    recipient: envelope?.to,
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
  if (head !== null) {
    const [whole, milter, action = '', stage = '', address = ''] = head;
    return rejected(action, milter !== undefined, stage, address, text.slice(whole.length));
  }
  const content = CONTENT.exec(text);
  if (content === null) return undefined;
  const [whole, action = '', stage = ''] = content;
  return rejected(action, false, stage, '', text.slice(whole.length));
}

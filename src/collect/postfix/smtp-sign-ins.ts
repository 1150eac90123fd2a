// Who signs in to Postfix, as its log tells it: a refused attempt has a line of its own, a successful
// one is first heard of with the first message. They are told from here where nobody else tells them:
// Dovecot's log or its policy reports know more of the same attempts.
import type { AuditEvent } from '../../event/audit-event.ts';
import {
  generatedRequestId,
  REASON_CREDENTIALS,
  signInEvent,
  type SignInAttempt,
} from '../dovecot/sign-in.ts';
import type { LineOutcome } from '../log-collector.ts';
import { parseClient, type MaillogClient, type MaillogLine } from './maillog-line.ts';
import type { Message, Messages } from './messages.ts';
import type { SmtpConnections } from './smtp-connections.ts';

/** Postfix cuts the name in the line of a refused attempt after this many bytes. */
const LOGGED_NAME_BYTES_MAX = 100;
/**
 * What the server answered comes before the name, which is the client's; Postfix before 3.6 does not
 * say the name.
 */
const REFUSED =
  /^warning: [^[\], ]*\[([0-9A-Fa-f.:]+|unknown)\](?::\d+)?: SASL ([A-Za-z0-9_-]{1,40}) authentication failed: ([^]*?)(?:, sasl_username=([^]*))?$/;
/** Where the server gave no reason; a last challenge in base64 (`UGFzc3dvcmQ6`) is none either. */
const NO_REASON = /^(?:\(reason unavailable\)|[A-Za-z0-9+/]*={0,2})$/;
/** What our policy service had the client told. */
const BY_OUR_RULE = /^Denied(?:: no access control rule| by access control rule )/;
/** The attempt never got as far as a name: what is logged is that of the attempt before. */
const NEVER_READ = /^Invalid base64 data /;
const NO_NAME = '(unavailable)';
/** No login has these; a `?` stands in the log for what cannot be printed. */
const IMPOSSIBLE_IN_LOGIN = /[\s,;:"<>()[\]\\?]/;
const BEFORE_QUEUE = 'NOQUEUE: client=';
const NO_QUEUE_LENGTH = 'NOQUEUE: '.length;
/** The filter behind smtpd took the message, and passed on what the next smtpd calls it. */
const PASSED_ON =
  /^proxy-accept: END-OF-MESSAGE: 250 [^;]*?\bqueued as ([0-9A-Za-z]{6,20})\)?(?:; from=<|$)/;

function attempt(
  line: MaillogLine,
  client: { readonly address: string; readonly mechanism: string | undefined },
  user: string | undefined,
  success: boolean,
): SignInAttempt {
  return {
    timeMs: line.timeMs,
    session: undefined,
    requestId: undefined,
    userId: user?.toLowerCase(),
    userUnknown: false,
    userTyped: user ?? '',
    impersonatorId: undefined,
    protocol: 'SMTP',
    sourceIp: client.address === 'unknown' ? undefined : client.address,
    sourcePort: undefined,
    userAgent: undefined,
    mechanism: client.mechanism,
    transport: undefined,
    success,
    policyReject: false,
    refusal: undefined,
    passdbResult: undefined,
    patId: undefined,
    serverName: line.host,
  };
}

function sourceOf(at: number): string {
  return `line ${at}`;
}

/**
 * The record of a refused attempt to sign in; undefined for all other lines.
 *
 * @param at the place of the line, of which the attempt's request id is made
 * @see Postfix src/smtpd/smtpd_sasl_glue.c (smtpd_sasl_authenticate)
 */
export function refusedSignIn(line: MaillogLine, at: number): AuditEvent | undefined {
  const refused = REFUSED.exec(line.text);
  if (refused === null) return undefined;
  const [, address = '', mechanism, reply = '', logged] = refused;
  const name = logged === NO_NAME || NEVER_READ.test(reply) ? undefined : logged;
  const cut = name !== undefined && Buffer.byteLength(name) >= LOGGED_NAME_BYTES_MAX;
  const impossible = name === undefined || IMPOSSIBLE_IN_LOGIN.test(name);
  const info = attempt(line, { address, mechanism }, name, false);
  const known: SignInAttempt = {
    ...info,
    // Whose it was cannot be told of a part of the name.
    ...((cut || impossible) && { userId: undefined }),
    ...(cut && { userTyped: `${name}...` }),
    requestId: generatedRequestId(info, sourceOf(at)),
    ...(BY_OUR_RULE.test(reply) && { policyReject: true, refusal: reply }),
  };
  const event = signInEvent(known);
  const { user, ...unnamed } = event;
  return {
    ...(user === '' ? unnamed : event),
    auth_failed_reason: NO_REASON.test(reply) ? REASON_CREDENTIALS : reply,
  };
}

export interface SmtpSignInsOptions {
  readonly connections: SmtpConnections;
  readonly messages: Messages;
  /** Whether sign-ins are to be told from here. */
  readonly tells: () => boolean;
}

/** The sign-ins of one log. */
export class SmtpSignIns {
  readonly #options: SmtpSignInsOptions;

  constructor(options: SmtpSignInsOptions) {
    this.#options = options;
  }

  /** A line of smtpd that is about no message in the queue; undefined when it tells nothing of this. */
  line(line: MaillogLine, at: number, out: AuditEvent[]): LineOutcome | undefined {
    const { text } = line;
    if (text.startsWith(BEFORE_QUEUE)) return this.#proxied(line, at, out);
    const passedOn = PASSED_ON.exec(text);
    if (passedOn !== null) return this.#passedOn(line, passedOn[1] ?? '');
    if (!this.#options.tells()) return undefined;
    const refused = refusedSignIn(line, at);
    if (refused === undefined) return undefined;
    out.push(refused);
    return 'used';
  }

  /** A user hands in a message, which is then his. */
  submitted(
    message: Message,
    client: MaillogClient,
    line: MaillogLine,
    at: number,
    out: AuditEvent[],
  ): void {
    message.signInId = this.#signedIn(client, line, message.queueId, at, out);
  }

  /** The message is shown to a filter before it comes into the queue: only this line names the user. */
  #proxied(line: MaillogLine, at: number, out: AuditEvent[]): LineOutcome {
    const client = parseClient(line.text.slice(NO_QUEUE_LENGTH));
    if (client === undefined) return 'rejected';
    const { address, saslMethod, saslUser } = client;
    if (saslUser === undefined) return 'passed';
    const info = attempt(line, { address, mechanism: saslMethod }, saslUser, true);
    this.#signedIn(client, line, generatedRequestId(info, sourceOf(at)), at, out);
    return 'used';
  }

  /** The message that the filter handed in is the one of the user on this line's connection. */
  #passedOn(line: MaillogLine, queueId: string): LineOutcome {
    const { connections, messages } = this.#options;
    const sender = connections.userOf(line);
    const message = messages.find(queueId, line.host);
    if (sender === undefined || message === undefined) return 'passed';
    const tooLate = message.announced && message.announcement?.told !== false;
    if (message.origin !== 'received' || tooLate) return 'passed';
    message.origin = 'submitted';
    message.saslUser = sender.saslUser;
    message.signInId = sender.signInId;
    return 'used';
  }

  /** The sign-in's id: of the first that was handed in on the connection. */
  #signedIn(
    client: MaillogClient,
    line: MaillogLine,
    id: string,
    at: number,
    out: AuditEvent[],
  ): string {
    const { connections, tells } = this.#options;
    const { address, saslMethod, saslUser = '' } = client;
    const signInId = connections.message(line, id, saslUser, address, at);
    if (signInId === id && tells()) {
      const info = attempt(line, { address, mechanism: saslMethod }, saslUser, true);
      out.push(signInEvent({ ...info, requestId: id }));
    }
    return signInId;
  }
}

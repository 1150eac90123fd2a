// One message as the milter hears of it, step by step, and what is kept of it in the end.
import type { ContentsCut, MessageContents } from '../message-contents.ts';
import { addressesOf } from './address-list.ts';
import { cutText, decodeBytes, headerText, unfold } from './header-text.ts';
import {
  AUTHENTICATION_RESULTS_CHARS_MAX,
  AUTHENTICATION_RESULTS_MAX,
  CONTENTS_NAME_CHARS_MAX,
  CONTENTS_RECIPIENTS_MAX,
  CONTENTS_TEXT_CHARS_MAX,
  HEADER_ADDRESSES_MAX,
  HEADER_FIELD_BYTES_MAX,
} from './limits.ts';
import { MimeWalk } from './mime-walk.ts';

/** The fields of which the first counts. */
const FIRST_COUNTS = new Set([
  'from',
  'to',
  'cc',
  'subject',
  'message-id',
  'date',
  'content-type',
  'content-disposition',
  'content-transfer-encoding',
]);

type Read = Pick<
  MessageContents,
  | 'sender'
  | 'recipients'
  | 'messageId'
  | 'from'
  | 'to'
  | 'cc'
  | 'subject'
  | 'date'
  | 'authenticationResults'
  | 'attachments'
  | 'cut'
>;

/** An envelope's address without its angle brackets. */
function envelopeAddress(bytes: Buffer): string {
  const text = decodeBytes(bytes).replace(/^<(.*)>$/s, '$1');
  return cutText(text, CONTENTS_NAME_CHARS_MAX);
}

/** From MAIL to the end of the message. */
export class MessageReading {
  readonly #sender: string;
  readonly #recipients: string[] = [];
  readonly #headers = new Map<string, Buffer>();
  readonly #authenticationResults: string[] = [];
  readonly #walk = new MimeWalk();
  readonly #cut = new Set<ContentsCut>();
  #textBegun = false;

  constructor(sender: Buffer) {
    this.#sender = envelopeAddress(sender);
  }

  /** Whether a recipient was taken: before that, nothing was going to be sent. */
  get hasRecipients(): boolean {
    return this.#recipients.length > 0;
  }

  /** Whether headers were seen, which Postfix shows when it has the whole message. */
  get textBegun(): boolean {
    return this.#textBegun;
  }

  /** The rest of the body is not needed. */
  get bodyDone(): boolean {
    return this.#walk.done;
  }

  recipient(bytes: Buffer): void {
    if (this.#recipients.length < CONTENTS_RECIPIENTS_MAX) {
      this.#recipients.push(envelopeAddress(bytes));
    } else this.#cut.add('recipients');
  }

  /** A header field, from the top of the message down. */
  header(name: Buffer, value: Buffer): void {
    this.#textBegun = true;
    const field = name.toString('latin1').trim().toLowerCase();
    const bytes = value.subarray(0, HEADER_FIELD_BYTES_MAX);
    if (FIRST_COUNTS.has(field)) {
      if (this.#headers.has(field)) return;
      if (bytes.length < value.length) this.#cut.add('header');
      // A copy: the bytes are the socket's.
      this.#headers.set(field, Buffer.from(bytes));
    } else if (field === 'authentication-results') {
      if (this.#authenticationResults.length >= AUTHENTICATION_RESULTS_MAX) {
        this.#cut.add('headers');
        return;
      }
      const text = unfold(decodeBytes(bytes));
      if (text.length > AUTHENTICATION_RESULTS_CHARS_MAX) this.#cut.add('header');
      this.#authenticationResults.push(cutText(text, AUTHENTICATION_RESULTS_CHARS_MAX));
    }
  }

  /** Only a part of a field could be read. */
  headerCut(): void {
    this.#cut.add('header');
  }

  /** The headers are complete; what follows is the body. */
  endOfHeaders(): void {
    this.#textBegun = true;
    const octets = (name: string): string | undefined =>
      this.#headers.get(name)?.toString('latin1');
    this.#walk.begin({
      type: octets('content-type'),
      disposition: octets('content-disposition'),
      encoding: octets('content-transfer-encoding'),
    });
  }

  body(chunk: Buffer): void {
    this.#walk.push(chunk);
  }

  /** What was read; nothing more may be given afterwards. */
  finish(): Read {
    if (this.#textBegun) this.#walk.end();
    const from = this.#addresses('from', 1)?.[0];
    const to = this.#addresses('to', HEADER_ADDRESSES_MAX);
    const cc = this.#addresses('cc', HEADER_ADDRESSES_MAX);
    const messageId = this.#text('message-id', (bytes) => unfold(decodeBytes(bytes)));
    const subject = this.#text('subject', headerText);
    const date = this.#text('date', headerText);
    const cut = [...new Set([...this.#cut, ...this.#walk.cut])];
    return {
      sender: this.#sender,
      recipients: this.#recipients,
      ...(messageId !== undefined && { messageId }),
      ...(from !== undefined && { from }),
      ...(to !== undefined && { to }),
      ...(cc !== undefined && { cc }),
      ...(subject !== undefined && { subject }),
      ...(date !== undefined && { date }),
      authenticationResults: this.#authenticationResults,
      attachments: this.#walk.attachments,
      ...(cut.length > 0 && { cut }),
    };
  }

  #text(name: string, read: (bytes: Buffer) => string): string | undefined {
    const bytes = this.#headers.get(name);
    if (bytes === undefined) return undefined;
    const text = read(bytes);
    if (text.length > CONTENTS_TEXT_CHARS_MAX) this.#cut.add('header');
    return cutText(text, CONTENTS_TEXT_CHARS_MAX);
  }

  #addresses(name: string, max: number): string[] | undefined {
    const bytes = this.#headers.get(name);
    if (bytes === undefined) return undefined;
    const found = addressesOf(unfold(decodeBytes(bytes)), max + 1);
    if (max > 1 && found.length > max) this.#cut.add('header');
    return found.slice(0, max).map((address) => cutText(address, CONTENTS_NAME_CHARS_MAX));
  }
}

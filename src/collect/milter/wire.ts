// The milter protocol, version 6, on the wire: packets of a 32-bit length, a command byte and data,
// cut out of a stream; what they mean; and the few answers that we give. There is none among them
// that changes, delays or refuses mail.
import { MILTER_MACROS_MAX, MILTER_PACKET_BYTES_MAX } from './limits.ts';

/** What the mail server sends; the letters are the protocol's (Sendmail, libmilter/mfdef.h). */
export const COMMAND = {
  abort: 'A',
  body: 'B',
  connect: 'C',
  macros: 'D',
  endOfMessage: 'E',
  helo: 'H',
  quitForNewConnection: 'K',
  header: 'L',
  mail: 'M',
  endOfHeaders: 'N',
  negotiate: 'O',
  quit: 'Q',
  recipient: 'R',
  data: 'T',
  unknown: 'U',
} as const;

/** Steps and habits that a milter may ask for at the negotiation (SMFIP_…). */
const ASK = {
  noConnect: 0x1,
  noHelo: 0x2,
  noMail: 0x4,
  noRecipients: 0x8,
  noBody: 0x10,
  noHeaders: 0x20,
  noEndOfHeaders: 0x40,
  noReplyToHeader: 0x80,
  noUnknown: 0x100,
  noData: 0x200,
  skip: 0x400,
  noReplyToConnect: 0x1000,
  noReplyToHelo: 0x2000,
  noReplyToMail: 0x4000,
  noReplyToRecipient: 0x8000,
  noReplyToData: 0x10000,
  noReplyToUnknown: 0x20000,
  noReplyToEndOfHeaders: 0x40000,
  noReplyToBody: 0x80000,
} as const;

/** What an unread connection is asked to leave out: everything. */
const NOTHING_WANTED =
  ASK.noConnect |
  ASK.noHelo |
  ASK.noMail |
  ASK.noRecipients |
  ASK.noBody |
  ASK.noHeaders |
  ASK.noEndOfHeaders |
  ASK.noUnknown |
  ASK.noData;

/**
 * Only the end of a message is answered. That a body need not be sent to its end cannot be said then,
 * which costs 3 ms a megabyte; waiting for the answer costs every message a turn of our event loop.
 */
const NO_REPLIES =
  ASK.noReplyToConnect |
  ASK.noReplyToHelo |
  ASK.noReplyToMail |
  ASK.noReplyToRecipient |
  ASK.noReplyToData |
  ASK.noReplyToHeader |
  ASK.noReplyToEndOfHeaders |
  ASK.noReplyToBody;

/** We change nothing, so of the actions (SMFIF_…) only the right to name macros is of use. */
const SET_MACROS = 0x100;
const PROTOCOL_VERSION = 6;
const LENGTH_BYTES = 4;
const OPTIONS_BYTES = 12;

/** The macros that are wanted at each stage (SMFIM_…), so that main.cf need not say it. */
const MACROS: readonly (readonly [stage: number, names: string])[] = [
  [0, 'j {client_addr} {client_name} {client_port}'],
  [1, '{tls_version} {cipher}'],
  [2, 'i {auth_type} {auth_authen} {client_addr} {client_name} {client_port}'],
  [3, 'i'],
  [4, 'i'],
  [5, 'i'],
  [6, 'i'],
];

/** A peer that does not speak the protocol; its connection is closed. */
export class MilterProtocolError extends Error {
  override readonly name = 'MilterProtocolError';
}

/** One packet. `data` is only valid until the next `take`. */
export interface MilterPacket {
  /** The command's letter. */
  readonly command: string;
  readonly data: Buffer;
  /** The packet was longer than what is read of one. */
  readonly cut: boolean;
}

/** Cuts a byte stream into packets, however it was split. */
export class MilterPacketReader {
  #rest: Buffer = Buffer.alloc(0);
  /** What is still to come, and to be passed over, of a packet that was handed out cut. */
  #passOver = 0;

  /** The packets that are complete with these bytes. Throws a MilterProtocolError. */
  *take(chunk: Buffer): Generator<MilterPacket> {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const passed = Math.min(this.#passOver, bytes.length);
      bytes = bytes.subarray(passed);
      this.#passOver -= passed;
      this.#rest = bytes;
      if (this.#passOver > 0 || bytes.length <= LENGTH_BYTES) return;
      const length = bytes.readUInt32BE(0);
      // Beyond this it is another protocol: no mail server sends a header field so long.
      if (length === 0 || length > 2 ** 28) {
        const message = `a packet says that it has ${length} bytes; is this a mail server's milter client?`;
        throw new MilterProtocolError(message);
      }
      const whole = Math.min(length, MILTER_PACKET_BYTES_MAX);
      if (bytes.length < LENGTH_BYTES + whole) return;
      const packet = bytes.subarray(LENGTH_BYTES, LENGTH_BYTES + whole);
      this.#passOver = length - whole;
      bytes = bytes.subarray(LENGTH_BYTES + whole);
      this.#rest = bytes;
      const command = String.fromCharCode(packet[0] ?? 0);
      yield { command, data: packet.subarray(1), cut: whole < length };
    }
  }
}

function packet(command: string, data: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(LENGTH_BYTES + 1);
  head.writeUInt32BE(data.length + 1, 0);
  head.write(command, LENGTH_BYTES, 'latin1');
  return Buffer.concat([head, data]);
}

/** Go on (SMFIR_CONTINUE). */
export const CONTINUE = packet('c');
/** The rest of the body need not be sent (SMFIR_SKIP). */
export const SKIP = packet('s');
/** The message is fine as it is (SMFIR_ACCEPT). */
export const ACCEPT = packet('a');

/** What was agreed with the mail server. */
export interface Negotiated {
  readonly answer: Buffer;
  /** Whether the rest of a body may be declined. */
  readonly maySkip: boolean;
  /** Commands that must not be answered, by their letter. */
  readonly unanswered: ReadonlySet<string>;
}

function unansweredCommands(asked: number): ReadonlySet<string> {
  const pairs: readonly (readonly [number, string])[] = [
    [ASK.noReplyToConnect, COMMAND.connect],
    [ASK.noReplyToHelo, COMMAND.helo],
    [ASK.noReplyToMail, COMMAND.mail],
    [ASK.noReplyToRecipient, COMMAND.recipient],
    [ASK.noReplyToData, COMMAND.data],
    [ASK.noReplyToHeader, COMMAND.header],
    [ASK.noReplyToEndOfHeaders, COMMAND.endOfHeaders],
    [ASK.noReplyToBody, COMMAND.body],
  ];
  return new Set(pairs.filter(([flag]) => (asked & flag) !== 0).map(([, command]) => command));
}

/**
 * Answers the mail server's offer.
 *
 * @param wish `read`: everything of a message; `read-without-replies`: the same, and only the answer to
 *   its end is waited for (only on a unix socket: over TCP, Postfix's writes then wait 40 ms for
 *   a delayed acknowledgement); `nothing`: let everything pass
 */
export function negotiate(
  offer: Buffer,
  wish: 'read' | 'read-without-replies' | 'nothing',
): Negotiated {
  if (offer.length < OPTIONS_BYTES) {
    throw new MilterProtocolError(
      `an option negotiation has ${offer.length} bytes instead of ${OPTIONS_BYTES}; is this a mail server?`,
    );
  }
  const version = Math.min(offer.readUInt32BE(0), PROTOCOL_VERSION);
  const actions = offer.readUInt32BE(4) & SET_MACROS;
  const wanted =
    wish === 'nothing'
      ? NOTHING_WANTED
      : ASK.skip | ASK.noUnknown | (wish === 'read' ? 0 : NO_REPLIES);
  const asked = offer.readUInt32BE(8) & wanted;
  const options = Buffer.alloc(OPTIONS_BYTES);
  options.writeUInt32BE(version, 0);
  options.writeUInt32BE(actions, 4);
  options.writeUInt32BE(asked, 8);
  const macros = actions === 0 || wish === 'nothing' ? [] : MACROS.map(macroRequest);
  return {
    answer: packet(COMMAND.negotiate, Buffer.concat([options, ...macros])),
    maySkip: (asked & ASK.skip) !== 0,
    unanswered: unansweredCommands(asked),
  };
}

function macroRequest([stage, names]: readonly [number, string]): Buffer {
  const head = Buffer.alloc(LENGTH_BYTES);
  head.writeUInt32BE(stage, 0);
  return Buffer.concat([head, Buffer.from(`${names}\0`, 'latin1')]);
}

/** The NUL-terminated strings of a packet, as bytes; at most `max`. */
export function strings(data: Buffer, max: number): Buffer[] {
  const found: Buffer[] = [];
  for (let from = 0; from < data.length && found.length < max;) {
    const end = data.indexOf(0, from);
    const stop = end < 0 ? data.length : end;
    found.push(data.subarray(from, stop));
    from = stop + 1;
  }
  return found;
}

/** Puts a packet's macros into `into`, without the braces around their names. */
export function readMacros(data: Buffer, into: Map<string, string>): void {
  const words = strings(data.subarray(1), MILTER_MACROS_MAX * 2);
  for (let i = 0; i + 1 < words.length; i += 2) {
    const name = (words[i] ?? '').toString('latin1').replace(/^\{(.*)\}$/, '$1');
    into.set(name, (words[i + 1] ?? '').toString('utf8'));
  }
}

/** Who is at the other end of the mail server's connection. */
export interface MilterClient {
  readonly name: string;
  /** Absent when it is not known, or local. */
  readonly address?: string;
  readonly port?: number;
}

/** Reads the data of `connect`: name, address family, port, address. */
export function readClient(data: Buffer): MilterClient {
  const end = data.indexOf(0);
  const name = data.toString('utf8', 0, end < 0 ? data.length : end);
  const family = end < 0 ? '' : String.fromCharCode(data[end + 1] ?? 0);
  if ((family !== '4' && family !== '6') || data.length < end + 5) return { name };
  const port = data.readUInt16BE(end + 2);
  const [address] = strings(data.subarray(end + 4), 1);
  const text = (address ?? Buffer.alloc(0)).toString('latin1').replace(/^IPv6:/i, '');
  return { name, ...(text !== '' && { address: text }), ...(port > 0 && { port }) };
}

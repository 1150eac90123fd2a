// What Postfix 3.7 sent a milter, recorded packet by packet (test/corpus/milter), and what is read of
// it; then packets that no Postfix sends.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MessageContents } from '../message-contents.ts';
import { MilterConversation, type ConversationOptions } from './conversation.ts';
import {
  AUTHENTICATION_RESULTS_CHARS_MAX,
  AUTHENTICATION_RESULTS_MAX,
  CONTENTS_NAME_CHARS_MAX,
  CONTENTS_RECIPIENTS_MAX,
  CONTENTS_TEXT_CHARS_MAX,
  HEADER_ADDRESSES_MAX,
  HEADER_FIELD_BYTES_MAX,
  MILTER_MACROS_MAX,
  MILTER_PACKET_BYTES_MAX,
} from './limits.ts';
import { MilterPacketReader, MilterProtocolError } from './wire.ts';

const NOW_MS = 1_000;
const CORPUS = join(import.meta.dirname, '../../../test/corpus/milter');

function packet(command: string, data: string | Buffer = ''): Buffer {
  const bytes = Buffer.from(data as string, 'utf8');
  const head = Buffer.alloc(5);
  head.writeUInt32BE(bytes.length + 1, 0);
  head.write(command, 4, 'latin1');
  return Buffer.concat([head, bytes]);
}

function recorded(name: string): Buffer {
  const lines = readFileSync(join(CORPUS, `${name}.ndjson`), 'utf8')
    .trim()
    .split('\n');
  return Buffer.concat(
    lines.map((line) => {
      const { command, data } = JSON.parse(line) as { command: string; data: string };
      return packet(command, Buffer.from(data, 'latin1'));
    }),
  );
}

interface Heard {
  readonly read: MessageContents[];
  /** The letters of the answers. */
  readonly answers: string;
  readonly closed: boolean;
}

async function hear(
  chunks: readonly Buffer[],
  wish: ConversationOptions['wish'] = 'read-without-replies',
): Promise<Heard> {
  const read: MessageContents[] = [];
  const conversation = new MilterConversation({
    wish,
    now: () => NOW_MS,
    offer: async (contents) => void read.push(contents),
  });
  const packets = new MilterPacketReader();
  let answers = '';
  let closed = false;
  for (const chunk of chunks) {
    for (const one of packets.take(chunk)) {
      const { bytes, close } = await conversation.take(one);
      answers += bytes?.toString('latin1', 4, 5) ?? '';
      closed ||= close === true;
    }
  }
  return { read, answers, closed };
}

const OFFER = Buffer.from('00000006000001ff001fffff', 'hex');
const NEGOTIATE = packet('O', OFFER);

/** A message without a connection before it. */
function message(...packets: Buffer[]): Buffer {
  return Buffer.concat([
    NEGOTIATE,
    packet('D', 'M{auth_authen}\0alice\0'),
    packet('M', '<a@x.example>\0'),
    packet('R', '<b@x.example>\0'),
    packet('D', 'Ti\0QID\0'),
    packet('T'),
    ...packets,
  ]);
}

async function read(...packets: Buffer[]): Promise<MessageContents> {
  const heard = await hear([message(...packets, packet('N'), packet('E'))]);
  const [contents] = heard.read;
  if (contents === undefined) throw new Error('nothing was read');
  return contents;
}

const header = (name: string, value: string | Buffer): Buffer =>
  packet(
    'L',
    Buffer.concat([Buffer.from(`${name}\0`), Buffer.from(value as string), Buffer.of(0)]),
  );

describe('what Postfix sent', () => {
  const CONNECTION = {
    serverName: 'mail.nordlys-biotech.example',
    clientAddress: '127.0.0.1',
    clientPort: 49348,
    helo: 'client.test',
    saslUser: 'alice@nordlys-biotech.example',
    saslMethod: 'PLAIN',
    sender: 'alice@nordlys-biotech.example',
  };
  const NOTHING = { authenticationResults: [], attachments: [] };

  it('a submission of three: given up, sent, connection lost', async () => {
    const heard = await hear([recorded('submission')]);
    expect(heard.read).toEqual([
      {
        timeMs: NOW_MS,
        ...CONNECTION,
        recipients: ['bob@nordlys-biotech.example'],
        ...NOTHING,
        aborted: 'RCPT',
      },
      {
        timeMs: NOW_MS,
        queueId: '4jY18n6rzlzJHZ1',
        ...CONNECTION,
        recipients: ['bob@nordlys-biotech.example', 'x@outside.example'],
        messageId: '<1@x>',
        from: 'alice@x.example',
        to: ['a@b.example', 'c@d.example'],
        subject: 'Grüße',
        date: 'Mon, 23 Nov 2026 09:00:00 +0000',
        authenticationResults: [
          'mail.nordlys-biotech.example; dmarc=fail (p=reject) header.from=x.example',
        ],
        attachments: [{ path: 'a.txt', type: 'text/plain' }],
      },
      {
        timeMs: NOW_MS,
        queueId: '4jY18p0T8QzJHZ1',
        ...CONNECTION,
        recipients: ['bob@nordlys-biotech.example'],
        ...NOTHING,
        aborted: 'DATA',
      },
    ]);
    // The negotiation and the end of the message.
    expect(heard.answers).toBe('Oa');
    expect(heard.closed).toBe(true);
  });

  it('a message of sendmail(1), which has no client', async () => {
    const { read: contents, answers } = await hear([recorded('sendmail')], 'read');
    expect(contents).toEqual([
      {
        timeMs: NOW_MS,
        queueId: '4jY18p4P0WzJHZx',
        serverName: 'mail.nordlys-biotech.example',
        clientAddress: '127.0.0.1',
        clientName: 'localhost',
        helo: 'localhost',
        sender: 'root@nordlys-biotech.example',
        recipients: ['bob@nordlys-biotech.example'],
        messageId: '<4jY18p4P0WzJHZx@mail.nordlys-biotech.example>',
        from: 'root@nordlys-biotech.example',
        subject: 'local',
        date: 'Mon, 23 Nov 2026 09:38:34 +0000 (UTC)',
        ...NOTHING,
      },
    ]);
    // Each step but the macros is answered.
    expect(answers).toBe('Occccccccccsa');
  });

  it('is read the same however it was split', async () => {
    const bytes = recorded('submission');
    const whole = await hear([bytes]);
    const places = fc.array(fc.nat(bytes.length), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(places, async (cuts) => {
        const ordered = [0, ...cuts.toSorted((one, other) => one - other), bytes.length];
        const chunks = ordered.slice(1).map((to, i) => bytes.subarray(ordered[i], to));
        expect(await hear(chunks)).toEqual(whole);
      }),
    );
    expect(await hear([...bytes].map((byte) => Buffer.of(byte)))).toEqual(whole);
  });
});

async function answerTo(
  wish: ConversationOptions['wish'],
  offer = OFFER,
): Promise<{ version: number; actions: number; steps: string; more: string }> {
  const conversation = new MilterConversation({ wish, now: () => 0, offer: async () => {} });
  const { bytes } = await conversation.take({ command: 'O', data: offer, cut: false });
  if (bytes === undefined) throw new Error('no answer');
  return {
    version: bytes.readUInt32BE(5),
    actions: bytes.readUInt32BE(9),
    steps: bytes.readUInt32BE(13).toString(16),
    more: bytes.toString('latin1', 17),
  };
}

describe('the negotiation', () => {
  it('asks for no right to change a message, names the macros, and spares replies on a socket', async () => {
    const socket = await answerTo('read-without-replies');
    expect(socket).toMatchObject({ version: 6, actions: 0x100, steps: 'df580' });
    expect(socket.more).toContain('\0\0\0\u0002i {auth_type} {auth_authen}');
    expect((await answerTo('read')).steps).toBe('500');
    expect(await answerTo('nothing')).toMatchObject({ steps: '37f', more: '' });
  });

  it('asks only for what is offered', async () => {
    const old = await answerTo(
      'read-without-replies',
      Buffer.from('000000020000003f0000007f', 'hex'),
    );
    expect(old).toEqual({ version: 2, actions: 0, steps: '0', more: '' });
  });
});

describe('what is read of headers', () => {
  it('the first of each counts, and those of Authentication-Results all, in their order', async () => {
    const contents = await read(
      header('SUBJECT', 'first'),
      header('Subject', 'second'),
      header('Authentication-Results', 'ours; none'),
      header('authentication-results', 'theirs;\r\n\tspf=pass'),
    );
    expect(contents.subject).toBe('first');
    expect(contents.authenticationResults).toEqual(['ours; none', 'theirs;\tspf=pass']);
    expect(contents.queueId).toBe('QID');
  });

  it('takes UTF-8, and bytes that are none, for what they most likely are', async () => {
    expect((await read(header('Subject', 'Grüße 😀'))).subject).toBe('Grüße 😀');
    const latin1 = Buffer.from('Grüße', 'latin1');
    expect((await read(header('Subject', latin1))).subject).toBe('Grüße');
  });

  it('does not take an address out of a name', async () => {
    const forged = '=?utf-8?q?boss=40bank.example_=3Cboss=40bank.example=3E?= <real@x.example>';
    expect((await read(header('From', forged))).from).toBe('real@x.example');
  });

  it('has a whole message only: what ends after a header is not given up by the client', async () => {
    const heard = await hear([message(header('Subject', 'x'), packet('A'))]);
    expect(heard.read).toEqual([]);
    const early = await hear([NEGOTIATE, packet('M', '<a@x.example>\0'), packet('A')]);
    expect(early.read).toEqual([]);
  });

  it('knows each message by its own queue id and user', async () => {
    const second = Buffer.concat([
      packet('M', '<>\0'),
      packet('R', '<b@x.example>\0'),
      packet('A'),
    ]);
    const heard = await hear([message(packet('N'), packet('E')), second]);
    expect(heard.read[1]).toMatchObject({ sender: '', aborted: 'RCPT' });
    expect(heard.read[1]).not.toHaveProperty('queueId');
    expect(heard.read[1]).not.toHaveProperty('saslUser');
  });

  it('reads IPv6 clients', async () => {
    const connect = Buffer.concat([Buffer.from('mx.x.example\x006'), Buffer.of(0x04, 0xd2)]);
    const client = packet('C', Buffer.concat([connect, Buffer.from('IPv6:2001:db8::1\0')]));
    const rest = message(packet('N'), packet('E')).subarray(NEGOTIATE.length);
    const { read: contents } = await hear([NEGOTIATE, client, rest]);
    expect(contents[0]).toMatchObject({ clientAddress: '2001:db8::1', clientPort: 1234 });
  });
});

describe('limits and strangers', () => {
  it(`keeps ${CONTENTS_RECIPIENTS_MAX} recipients`, async () => {
    const more = Array.from({ length: CONTENTS_RECIPIENTS_MAX }, () => packet('R', '<c@x>\0'));
    const contents = await read(...more);
    expect(contents.recipients.length).toBe(CONTENTS_RECIPIENTS_MAX);
    expect(contents.cut).toEqual(['recipients']);
  });

  it('cuts long headers and says so', async () => {
    const contents = await read(
      header('Subject', 'x'.repeat(CONTENTS_TEXT_CHARS_MAX + 1)),
      header('To', 'a@x.example,'.repeat(HEADER_ADDRESSES_MAX + 1)),
    );
    expect(contents.subject?.length).toBe(CONTENTS_TEXT_CHARS_MAX);
    expect(contents.to?.length).toBe(HEADER_ADDRESSES_MAX);
    expect(contents.cut).toEqual(['header']);
    const results = header('Authentication-Results', 'x; none');
    const many = await read(
      ...Array.from({ length: AUTHENTICATION_RESULTS_MAX + 1 }, () => results),
    );
    expect(many.authenticationResults.length).toBe(AUTHENTICATION_RESULTS_MAX);
    expect(many.cut).toEqual(['headers']);
  });

  it('keeps only so much of a name, of a header and of the macros', async () => {
    const long = 'x'.repeat(CONTENTS_NAME_CHARS_MAX + 1);
    const macros = Array.from({ length: MILTER_MACROS_MAX }, (_, n) => `{m${n}}\0${n}\0`).join('');
    const heard = await hear([
      NEGOTIATE,
      packet('D', `C${macros}{client_addr}\x00192.0.2.1\0`),
      packet('H', `${long}\0`),
      packet('D', `M{auth_authen}\0${long}\0`),
      packet('M', `<${long}>\0`),
      packet('R', `<${long}>\0`),
      header('Content-Type', `text/plain; a="${'x'.repeat(HEADER_FIELD_BYTES_MAX)}"; name=x`),
      packet('N'),
      packet('E'),
    ]);
    const [contents] = heard.read;
    const cut = long.slice(1);
    expect(contents).toMatchObject({ helo: cut, saslUser: cut, sender: cut, recipients: [cut] });
    expect(contents).toMatchObject({ attachments: [], cut: ['header'] });
    expect(contents).not.toHaveProperty('clientAddress');
    const results = header(
      'Authentication-Results',
      'x'.repeat(AUTHENTICATION_RESULTS_CHARS_MAX + 1),
    );
    const { authenticationResults } = await read(results);
    expect(authenticationResults[0]?.length).toBe(AUTHENTICATION_RESULTS_CHARS_MAX);
  });

  it('passes over what is too long of a packet, and reads on behind it', async () => {
    const long = header('X-Long', 'x'.repeat(MILTER_PACKET_BYTES_MAX * 3));
    const contents = await read(long, header('Subject', 'behind'));
    expect(contents).toMatchObject({ subject: 'behind', cut: ['header'] });
  });

  it.each([
    ['another protocol', Buffer.from('GET / HTTP/1.1\r\n\r\n'), /is this a mail server/],
    ['an empty packet', Buffer.from('0000000000', 'hex'), /0 bytes/],
    ['a packet before the negotiation', packet('M', '<>\0'), /instead of a negotiation/],
    ['a short negotiation', packet('O', 'abc'), /3 bytes instead of 12/],
  ])('refuses to speak %s', async (_, bytes, why) => {
    await expect(hear([bytes])).rejects.toThrow(MilterProtocolError);
    await expect(hear([bytes])).rejects.toThrow(why);
  });

  it('stands packets in any order with anything in them', async () => {
    const command = fc.constantFrom(...'ABCDEHKLMNQRTUZ'.split(''));
    const data = fc.oneof(
      fc.constantFrom('x\0', 'Mi\0Q\0', '<a@x>\0', 'Content-Type\0multipart/mixed; boundary=b\0'),
      fc.constantFrom('--b\r\n\r\n--b--\r\n', '\x004', '6\0\0', '\0'),
      fc.string({ unit: 'binary' }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(command, data)), async (sent) => {
        const bytes = sent.map(([letter, text]) => packet(letter, text));
        const heard = await hear([NEGOTIATE, ...bytes]);
        expect(heard.answers).toMatch(/^O[acs]*$/);
      }),
    );
  });
});

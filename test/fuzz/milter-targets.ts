// Targets: what Postfix sends the milter, with packets lost, mixed and changed, and the MIME of
// messages that nobody sane would write. Mail must flow on: the only error is that it is no milter
// conversation at all, and what is kept of a message is small.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { MilterConversation } from '../../src/collect/milter/conversation.ts';
import { addressesOf } from '../../src/collect/milter/address-list.ts';
import { parseMimeField } from '../../src/collect/milter/mime-fields.ts';
import { MimeWalk } from '../../src/collect/milter/mime-walk.ts';
import { MilterPacketReader, MilterProtocolError } from '../../src/collect/milter/wire.ts';
import { CORPUS } from './corpus.ts';
import { hostileText } from './hostile-text.ts';
import type { FuzzTarget } from './target.ts';

/** Largest record of one message that is not to be found suspicious, in characters of its JSON. */
const CONTENTS_CHARS_MAX = 2 * 1024 * 1024;

/** The protocol's commands, and some that it does not have. */
const LETTERS = 'A B C D E H K L M N O Q R T U x y z'.split(' ');

interface Packet {
  readonly command: string;
  readonly data: Buffer;
}

function recorded(): Packet[] {
  const folder = join(CORPUS, 'milter');
  return readdirSync(folder).flatMap((name) =>
    readFileSync(join(folder, name), 'utf8')
      .trim()
      .split('\n')
      .map((line) => {
        const { command, data } = JSON.parse(line) as { command: string; data: string };
        return { command, data: Buffer.from(data, 'latin1') };
      }),
  );
}

function onTheWire({ command, data }: Packet): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(data.length + 1, 0);
  head.write(command, 4, 'latin1');
  return Buffer.concat([head, data]);
}

const bytes = fc.oneof(
  hostileText.map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array)),
);

/** Conversations that begin as they should and go on as nobody expects. */
function conversations(): fc.Arbitrary<Buffer> {
  const packets = recorded();
  const known = fc
    .nat(packets.length - 1)
    .map((n) => packets[n] ?? { command: 'A', data: Buffer.alloc(0) });
  const odd = fc.record({
    command: fc.constantFrom(...LETTERS),
    data: fc.oneof(
      bytes,
      bytes.map((text) => Buffer.concat([Buffer.from('Subject\0'), text, Buffer.of(0)])),
      bytes.map((text) =>
        Buffer.concat([
          Buffer.from('Content-Type\0multipart/mixed; boundary='),
          text,
          Buffer.of(0),
        ]),
      ),
      bytes.map((text) => Buffer.concat([Buffer.from('Mi\0'), text, Buffer.of(0)])),
    ),
  });
  const packet = fc.oneof({ weight: 3, arbitrary: known }, { weight: 2, arbitrary: odd });
  const broken = fc.oneof(
    { weight: 9, arbitrary: fc.constant(Buffer.alloc(0)) },
    { weight: 1, arbitrary: bytes },
  );
  return fc
    .tuple(fc.array(packet, { maxLength: 60 }), broken)
    .map(([more, end]) =>
      Buffer.concat([...packets.slice(0, 1), ...more].map(onTheWire).concat(end)),
    );
}

async function converse(stream: Buffer, chunkBytes: number): Promise<void> {
  const conversation = new MilterConversation({
    wish: 'read-without-replies',
    now: () => 0,
    offer: async (contents) => {
      const chars = JSON.stringify(contents).length;
      if (chars > CONTENTS_CHARS_MAX) throw new Error(`contents of ${chars} characters`);
      await Promise.resolve();
    },
  });
  const reader = new MilterPacketReader();
  try {
    for (let at = 0; at < stream.length; at += chunkBytes) {
      for (const packet of reader.take(stream.subarray(at, at + chunkBytes))) {
        await conversation.take(packet);
      }
    }
  } catch (error) {
    if (!(error instanceof MilterProtocolError)) throw error;
  }
}

const MIME_LINES = [
  '--b',
  '--b--',
  '--c',
  '--c--',
  '--',
  '',
  'Content-Type: multipart/mixed; boundary=b',
  'Content-Type: multipart/mixed; boundary="c"',
  'Content-Type: message/rfc822',
  'Content-Type: text/plain; name="a',
  "Content-Disposition: attachment; filename*0*=utf-8''a%2; filename*1=f",
  'Content-Disposition: attachment; filename="=?utf-8?q?x?="',
  'Content-Transfer-Encoding: base64',
  'Subject: s',
  ' folded',
] as const;

const mime: fc.Arbitrary<Buffer> = fc
  .array(
    fc.oneof(
      { weight: 5, arbitrary: fc.constantFrom(...MIME_LINES).map((line) => Buffer.from(line)) },
      { weight: 1, arbitrary: bytes },
    ),
    { maxLength: 80 },
  )
  .chain((lines) =>
    fc
      .constantFrom('\n', '\r\n')
      .map((end) => Buffer.concat(lines.flatMap((line) => [line, Buffer.from(end)]))),
  );

/** What a walk over the body finds when it comes in pieces of so many bytes. */
function found(body: Buffer, chunkBytes: number): string {
  const walk = new MimeWalk();
  walk.begin({ type: 'multipart/mixed; boundary=b' });
  for (let at = 0; at < body.length; at += chunkBytes)
    walk.push(body.subarray(at, at + chunkBytes));
  walk.end();
  return JSON.stringify([walk.attachments, [...walk.cut]]);
}

export const MILTER_TARGETS: readonly FuzzTarget[] = [
  {
    name: 'milter',
    property: () => fc.asyncProperty(conversations(), fc.integer({ min: 1, max: 5000 }), converse),
  },
  {
    name: 'mime',
    property: () =>
      fc.property(mime, fc.integer({ min: 1, max: 50 }), (body, chunkBytes) => {
        const [whole, pieces] = [found(body, body.length + 1), found(body, chunkBytes)];
        if (whole !== pieces) throw new Error(`in one piece ${whole}, in several ${pieces}`);
      }),
  },
  {
    name: 'mime-fields',
    property: () =>
      fc.property(hostileText, (text) => {
        parseMimeField(`text/plain; ${text}`);
        addressesOf(text, 100);
      }),
  },
];

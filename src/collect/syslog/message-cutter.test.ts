import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MessageCutter } from './message-cutter.ts';

function cut(
  pieces: readonly (string | Buffer)[],
  bytesMax = 100,
): { messages: string[]; cut: number } {
  const cutter = new MessageCutter(bytesMax);
  const messages = pieces.flatMap((piece) =>
    cutter.push(typeof piece === 'string' ? Buffer.from(piece) : piece),
  );
  const last = cutter.end();
  return { messages: [...messages, ...(last ? [last] : [])].map(String), cut: cutter.cut };
}

test.each([
  ['by newlines', '<13>one\n<13>two\n', ['<13>one', '<13>two']],
  ['by octets', '7 <13>one9 <13>two\n<', ['<13>one', '<13>two\n<']],
  ['by both', '7 <13>one<13>two\n7 <13>thr', ['<13>one', '<13>two', '<13>thr']],
  ['octets, not characters', '9 <13>grün\n', ['<13>grün']],
  ['a last line without its newline', '<13>one\n<13>tw', ['<13>one', '<13>tw']],
  ['half a counted message is none', '7 <13>one9 <13>', ['<13>one']],
  ['empty lines are none', '\n\n<13>one\n', ['<13>one']],
])('%s', (_, stream, expected) => {
  expect(cut([stream])).toEqual({ messages: expected, cut: 0 });
  const bytewise = Array.from(Buffer.from(stream), (byte) => Buffer.of(byte));
  expect(cut(bytewise)).toEqual({ messages: expected, cut: 0 });
});

test('a message too long is cut, and the next one is whole', () => {
  const long = 'x'.repeat(150);
  const short = 'x'.repeat(100);
  expect(cut([`${long}\n<13>a\n`])).toEqual({ messages: [short, '<13>a'], cut: 1 });
  expect(cut([`150 ${long}5 <13>a`])).toEqual({ messages: [short, '<13>a'], cut: 1 });
});

test.each(['1234567890 x', '12x'])('%j begins no message', (stream) => {
  expect(() => cut([stream])).toThrow('expected an octet count and a space');
});

test('however a stream is cut into pieces, its messages are the same', () => {
  const message = fc.tuple(fc.boolean(), fc.string({ unit: 'grapheme', maxLength: 40 }));
  fc.assert(
    fc.property(fc.array(message), fc.array(fc.nat(60)), (messages, cuts) => {
      const stream = Buffer.from(
        messages
          .map(([counted, text]) => {
            const said = `<13>${text.replaceAll('\n', ' ')}`;
            return counted ? `${Buffer.byteLength(said)} ${said}` : `${said}\n`;
          })
          .join(''),
      );
      const cutter = new MessageCutter(1_000);
      const found: Buffer[] = [];
      let from = 0;
      for (const length of [...cuts, stream.length]) {
        found.push(...cutter.push(stream.subarray(from, from + length)));
        from += length;
      }
      expect(found.map(String)).toEqual(
        messages.map(([, text]) => `<13>${text.replaceAll('\n', ' ')}`),
      );
    }),
  );
});

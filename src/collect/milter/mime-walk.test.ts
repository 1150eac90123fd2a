import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ATTACHMENT_PATH_CHARS_MAX,
  ATTACHMENTS_MAX,
  MIME_BOUNDARY_CHARS_MAX,
  MIME_DEPTH_MAX,
  MIME_HEADERS_BYTES_MAX,
  MIME_PARTS_MAX,
} from './limits.ts';
import { MimeWalk } from './mime-walk.ts';

interface Walked {
  readonly attachments: readonly { path: string; type: string }[];
  readonly cut: readonly string[];
}

/** Walks a body given in pieces, under a multipart with the boundary `b` where nothing is said. */
function walk(pieces: readonly (string | Buffer)[], type = 'multipart/mixed; boundary=b'): Walked {
  const found = new MimeWalk();
  found.begin({ type });
  for (const piece of pieces) found.push(Buffer.from(piece as string, 'utf8'));
  found.end();
  return { attachments: found.attachments, cut: [...found.cut] };
}

function root(type: string, more: object = {}): MimeWalk {
  const found = new MimeWalk();
  found.begin({ type, ...more });
  return found;
}

function lines(...text: string[]): string {
  return text.map((line) => `${line}\r\n`).join('');
}

const paths = (walked: Walked): string[] => walked.attachments.map(({ path }) => path);

const FORWARDED = lines(
  'This is a message with many parts.',
  '--b',
  'Content-Type: text/plain; charset=utf-8',
  '',
  'Hello',
  '--not a boundary',
  '--b  ',
  'Content-Type: application/pdf; name="plain.pdf"',
  'Content-Disposition: attachment;',
  "\tfilename*0*=utf-8''gro%C3%9F;",
  ' filename*1="artig.pdf"',
  'Content-Transfer-Encoding: base64',
  '',
  'AAAA',
  '--b',
  'Content-Type: message/rfc822',
  'Content-Disposition: attachment',
  '',
  'Subject: =?utf-8?Q?Re:_M=C3=BCller?=',
  'Content-Type: multipart/mixed; boundary="b2"',
  '',
  '--b2',
  'Content-Type: image/png; name="=?utf-8?B?YmlsZC5wbmc=?="',
  '',
  'AAAA',
  '--b2--',
  'epilogue',
  '--b',
  'Content-Disposition: ATTACHMENT',
  'Content-Type: application/octet-stream',
  '',
  'xyz',
  '--b--',
  '--b',
  'Content-Type: text/plain; name=after-the-end.txt',
  '',
);
const FORWARDED_PATHS = [
  'großartig.pdf',
  'Re: Müller',
  'Re: Müller/bild.png',
  'application/octet-stream',
];

describe('the walk through a message', () => {
  it('names attachments in all spellings, in messages in messages, and the unnamed by type', () => {
    const walked = walk([FORWARDED]);
    expect(paths(walked)).toEqual(FORWARDED_PATHS);
    expect(walked.attachments.map(({ type }) => type)).toEqual([
      'application/pdf',
      'message/rfc822',
      'image/png',
      'application/octet-stream',
    ]);
    expect(walked.cut).toEqual([]);
  });

  it('finds the same however the body is split', () => {
    const bytes = Buffer.from(FORWARDED);
    const places = fc.array(fc.nat(bytes.length), { maxLength: 40 });
    fc.assert(
      fc.property(places, (cuts) => {
        const ordered = [0, ...cuts.toSorted((one, other) => one - other), bytes.length];
        const pieces = ordered.slice(1).map((to, i) => bytes.subarray(ordered[i], to));
        expect(paths(walk(pieces))).toEqual(FORWARDED_PATHS);
      }),
    );
    expect(paths(walk([...bytes].map((byte) => Buffer.of(byte))))).toEqual(FORWARDED_PATHS);
  });

  it('finds the same with bare line feeds', () => {
    expect(paths(walk([FORWARDED.replaceAll('\r\n', '\n')]))).toEqual(FORWARDED_PATHS);
  });

  it('does not depend on what becomes of a piece afterwards', () => {
    const bytes = Buffer.from(FORWARDED);
    const found = new MimeWalk();
    found.begin({ type: 'multipart/mixed; boundary=b' });
    for (let from = 0; from < bytes.length; from += 7) {
      const piece = Buffer.from(bytes.subarray(from, from + 7));
      found.push(piece);
      piece.fill(0x2d);
    }
    found.end();
    expect(found.attachments.map(({ path }) => path)).toEqual(FORWARDED_PATHS);
  });

  it('needs no body where there can be nothing to find', () => {
    expect(root('text/plain').done).toBe(true);
    expect(root('multipart/mixed').done).toBe(true);
    expect(root('multipart/mixed; boundary=b').done).toBe(false);
    const pdf = root('application/pdf', { disposition: 'attachment; filename=only.pdf' });
    expect(pdf.done).toBe(true);
    expect(pdf.attachments).toEqual([{ path: 'only.pdf', type: 'application/pdf' }]);
  });

  it('needs no more body once the last part is closed', () => {
    const found = root('multipart/mixed; boundary=b');
    found.push(Buffer.from('--b\r\n\r\nx\r\n--b--\r\n'));
    expect(found.done).toBe(true);
  });

  it('reads a message that is the whole body', () => {
    const found = root('message/rfc822');
    expect(found.done).toBe(false);
    found.push(Buffer.from('Subject: in\n\tside\nContent-Type: text/csv; name=a.csv\n\n1,2\n'));
    expect(found.done).toBe(true);
    expect(found.attachments).toEqual([{ path: 'in\tside/a.csv', type: 'text/csv' }]);
  });

  it.each([
    ['a boundary that begins like the inner one', 'outer', 'outer2'],
    ['a boundary of odd characters', "a'()+_,-./:=? b", '=_x'],
    ['a boundary that is not ASCII', 'größe', 'ü'],
    ['a boundary that looks like an encoded word', '=?utf-8?q?x?=', '=?utf-8?q?y?='],
  ])('keeps %s apart', (_, outer, inner) => {
    const body = lines(
      `--${outer}`,
      `Content-Type: multipart/related; boundary="${inner}"`,
      '',
      `--${inner}`,
      'Content-Type: image/gif; name=one.gif',
      '',
      `--${inner}--`,
      `--${outer}`,
      'Content-Type: image/gif; name=two.gif',
      '',
      `--${outer}--`,
    );
    const type = Buffer.from(`multipart/mixed; boundary="${outer}"`).toString('latin1');
    expect(paths(walk([body], type))).toEqual(['one.gif', 'two.gif']);
  });

  it('goes on with the outer parts where an inner multipart is not closed', () => {
    const body = lines(
      '--b',
      'Content-Type: multipart/mixed; boundary=i',
      '',
      '--i',
      'Content-Type: text/plain; name=headers-only',
      '--b',
      'Content-Type: text/plain; name=next',
    );
    expect(paths(walk([body]))).toEqual(['headers-only', 'next']);
  });

  it('does not look into encoded messages, which are not messages then', () => {
    const body = lines(
      '--b',
      'Content-Type: message/rfc822; name=hidden.eml',
      'Content-Transfer-Encoding: BASE64',
      '',
      'Content-Type: text/plain; name=no',
      '',
      '--b--',
    );
    expect(paths(walk([body]))).toEqual(['hidden.eml']);
  });

  it('does not let a name pass for a path', () => {
    const body = lines('--b', 'Content-Type: text/plain; name="a.eml/b.exe"', '', '--b--');
    expect(paths(walk([body]))).toEqual(['a.eml\\/b.exe']);
  });
});

describe('the limits of the walk', () => {
  it(`names ${ATTACHMENTS_MAX} attachments`, () => {
    const part = lines('--b', 'Content-Type: text/plain; name=x', '');
    const walked = walk([part.repeat(ATTACHMENTS_MAX + 1)]);
    expect(walked.attachments.length).toBe(ATTACHMENTS_MAX);
    expect(walked.cut).toEqual(['attachments']);
  });

  it(`looks at ${MIME_PARTS_MAX} parts`, () => {
    const late = lines('--b', 'Content-Type: text/plain; name=late', '');
    const walked = walk([lines('--b', '').repeat(MIME_PARTS_MAX), late]);
    expect(walked).toEqual({ attachments: [], cut: ['mime-parts'] });
  });

  it(`goes ${MIME_DEPTH_MAX} levels deep, and knows the outer ones after that`, () => {
    const down = Array.from({ length: MIME_DEPTH_MAX + 5 }, (_, n) =>
      lines(n === 0 ? '--b' : `--${n}-`, `Content-Type: multipart/mixed; boundary=${n + 1}-`, ''),
    ).join('');
    const after = lines('--b', 'Content-Type: text/plain; name=after', '');
    const walked = walk([down, after]);
    expect(walked.cut).toEqual(['mime-depth']);
    expect(paths(walked)).toEqual(['after']);
    const messages = lines('--b', 'Content-Type: message/rfc822', '');
    const inside = lines('Content-Type: message/rfc822', '').repeat(MIME_DEPTH_MAX * 2);
    expect(walk([messages, inside, after])).toMatchObject({
      attachments: [{ path: 'after' }],
      cut: ['mime-depth'],
    });
  });

  it(`looks at ${MIME_HEADERS_BYTES_MAX} bytes of a part's headers`, () => {
    const junk = lines('X-Junk: yes').repeat(MIME_HEADERS_BYTES_MAX / 13);
    const name = 'Content-Type: text/plain; name=x';
    const next = lines('--b', 'Content-Type: text/plain; name=next', '');
    expect(walk([lines('--b', name), junk, lines('', ''), next])).toMatchObject({
      attachments: [{ path: 'x' }, { path: 'next' }],
      cut: ['mime-headers'],
    });
    expect(paths(walk([lines('--b'), junk, lines(name, ''), next]))).toEqual(['next']);
  });

  it('keeps no more of a line than it needs', () => {
    const next = lines('--b', 'Content-Type: text/plain; name=next', '');
    const dashes = Buffer.alloc(5_000_000, '-');
    expect(paths(walk(['\r\n', dashes, '\r\n', next]))).toEqual(['next']);
    const long = 'y'.repeat(MIME_BOUNDARY_CHARS_MAX);
    expect(walk([lines(`--${long}`)], `multipart/mixed; boundary=${long}`).cut).toEqual([
      'mime-headers',
    ]);
  });

  it(`cuts paths to ${ATTACHMENT_PATH_CHARS_MAX} characters, not through one`, () => {
    const name = `${'x'.repeat(ATTACHMENT_PATH_CHARS_MAX - 1)}😀`;
    const walked = walk([lines('--b', `Content-Type: text/plain; name="${name}"`, '')]);
    expect(paths(walked)).toEqual(['x'.repeat(ATTACHMENT_PATH_CHARS_MAX - 1)]);
    expect(walked.cut).toEqual(['attachment-name']);
  });

  it('stands whatever is given to it', () => {
    const token = fc.constantFrom(
      '--b',
      '--b--',
      '\r\n',
      '\n',
      'Content-Type: ',
      'multipart/mixed; boundary=b',
      'message/rfc822',
      '; name="',
      "; name*0*=utf-8''%",
      '(',
      '"',
      '\\',
      '\0',
    );
    const text = fc.array(fc.oneof(token, fc.string()), { maxLength: 60 });
    fc.assert(
      fc.property(text, fc.string(), (pieces, type) => {
        walk(pieces, type);
        expect(walk(pieces)).toEqual(walk([pieces.join('')]));
      }),
    );
  });
});

import fc from 'fast-check';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { exportField } from '../../test/collect/framings.ts';
import { systemClock } from '../platform/clock.ts';
import { silentLog } from '../platform/log.ts';
import { ExportCutter } from './export-cutter.ts';
import { LINE_BYTES_MAX } from './line-cutter.ts';
import { Tail } from './tail.ts';

const TIME_US = 1_795_413_371_000_001n;

function record(message: string, more: Readonly<Record<string, string>> = {}): Buffer {
  const fields = {
    __CURSOR: 's=1;i=1',
    __REALTIME_TIMESTAMP: String(TIME_US),
    _HOSTNAME: 'mx1',
    SYSLOG_IDENTIFIER: 'dovecot',
    _PID: '7',
    ...more,
    MESSAGE: message,
  };
  const parts = Object.entries(fields).map(([name, value]) => exportField(name, value));
  return Buffer.concat([...parts, Buffer.from('\n')]);
}

const HEAD = '2026-11-23T05:56:11.000001Z mx1 dovecot[7]: ';

const textOf = (bytes: Buffer | undefined): string =>
  (bytes?.toString('utf8') ?? '').replace(/\0+/g, '');

/** Lines with the places they begin and end at. */
function cut(content: Buffer, sizes: readonly number[]): [number, string, number][] {
  const cutter = new ExportCutter(0);
  const out: [number, string, number][] = [];
  let from = 0;
  for (let n = 0; from < content.length; n++) {
    const to = from + (sizes[n % sizes.length] ?? 1);
    const lines = cutter.take(Buffer.from(content.subarray(from, to)));
    from = to;
    if (lines === undefined) continue;
    let start = 0;
    const { bytes, at } = lines;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
      const text = bytes.toString('utf8', start, end).replace(/^\0+/, '');
      out.push([at + start, text, at + end + 1]);
      start = end + 1;
    }
    expect(at + bytes.length).toBe(cutter.place);
  }
  return out;
}

test('a record is a line of its length', () => {
  const [one, two] = [record('imap-login: Login: user=<ann>'), record('second')];
  expect(cut(Buffer.concat([one, two]), [1000])).toEqual([
    [0, `${HEAD}imap-login: Login: user=<ann>`, one.length],
    [one.length, `${HEAD}second`, one.length + two.length],
  ]);
});

test('nothing within a value is a field or the end of a record', () => {
  const forged = 'x\n\n__CURSOR=s=9\nMESSAGE=imap-login: Login: user=<forged>\n\n';
  const content = Buffer.concat([record(forged), record('behind')]);
  const lines = cut(content, [1000]).map(([, text]) => text);
  expect(lines).toHaveLength(2);
  expect(lines[0]).toContain('x#012#012__CURSOR=s=9#012MESSAGE=');
  expect(lines[1]).toBe(`${HEAD}behind`);
});

test('a message of nothing but line ends is still a line of its record', () => {
  const content = Buffer.concat([record('\n'.repeat(1000)), record('behind')]);
  const lines = cut(content, [4096]).map(([, text]) => text.trimEnd());
  expect(lines).toEqual([HEAD.trimEnd(), `${HEAD}behind`]);
});

test('records without a message and holes in the file make no line of their own', () => {
  const content = Buffer.concat([
    exportField('__CURSOR', 's=1'),
    Buffer.from('\n'),
    Buffer.alloc(300),
    record('behind a hole'),
  ]);
  expect(cut(content, [64]).map(([, text]) => text)).toEqual(['', `${HEAD}behind a hole`]);
});

test('what is no record is left at the next empty line', () => {
  const content = Buffer.concat([
    Buffer.from('no field\n12345678 and so on\n\n'),
    record('behind'),
  ]);
  expect(cut(content, [5]).map(([, text]) => text)).toEqual(['', `${HEAD}behind`]);
});

test('a record that is too long is skipped and quoted, the next one is read', () => {
  const cutter = new ExportCutter(0);
  const long = record('y'.repeat(LINE_BYTES_MAX));
  const content = Buffer.concat([long, record('behind')]);
  const first = cutter.take(content.subarray(0, LINE_BYTES_MAX + 50));
  expect(first?.overlong).toHaveLength(1);
  expect(cutter.place).toBe(0);
  const second = cutter.take(content.subarray(LINE_BYTES_MAX + 50));
  expect(second).toMatchObject({ at: long.length, overlong: [] });
  expect(second?.bytes.toString('utf8')).toContain('dovecot[7]: behind\n');
});

test('however a log is cut into pieces, its lines and places are the same', () => {
  const message = fc.string({
    unit: fc.constantFrom('a', '=', '\n', '\0', 'é', '__CURSOR='),
    maxLength: 12,
  });
  fc.assert(
    fc.property(
      fc.array(message, { minLength: 1, maxLength: 5 }),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }),
      (messages, sizes) => {
        const content = Buffer.concat(messages.map((text) => record(text)));
        expect(cut(content, sizes)).toEqual(cut(content, [content.length]));
        expect(cut(content, sizes)).toHaveLength(messages.length);
      },
    ),
    { numRuns: 500 },
  );
});

test('a log file in the format is followed, and read on from a place between records', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'export-'));
  const path = join(directory, 'log');
  const follow = (from?: ConstructorParameters<typeof Tail>[0]['from']): Tail =>
    new Tail({ path, clock: systemClock, log: silentLog, ...(from && { from }) });
  writeFileSync(path, '');
  const tail = follow();
  const reading = tail.next();
  appendFileSync(path, record('one'));
  const first = await reading;
  tail.stop();
  await tail.next();
  expect(textOf(first?.bytes)).toBe(`${HEAD}one\n`);
  appendFileSync(path, record('two').subarray(0, 50));
  const again = follow(first?.place);
  const next = again.next();
  appendFileSync(path, record('two').subarray(50));
  expect(textOf((await next)?.bytes)).toBe(`${HEAD}two\n`);
  again.stop();
  await again.next();
  rmSync(directory, { recursive: true });
});

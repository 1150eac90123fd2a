import { expect, test } from 'vitest';
import { admitLines, EVENT_LINE_BYTES_MAX, REJECTIONS_TOLD_MAX } from './admit-batch.ts';

const NOW = 1_795_401_684_000;

function auth(user: string, more = ''): string {
  return `{"log_type":"AUTHENTICATION_LOGS","event_timestamp":${NOW},"user":"${user}","auth_successful":true${more}}`;
}

function admit(text: string | Buffer): { users: string[]; rejected: unknown; count: number } {
  const batch = admitLines(Buffer.from(text), NOW);
  const lines = batch.lines.toString().split('\n');
  expect(lines.pop()).toBe('');
  const users = lines.map((line) => (JSON.parse(line) as { user: string }).user);
  expect(users.length).toBe(batch.count);
  return { users, rejected: batch.rejected, count: batch.count };
}

test('a body that needs nothing is not copied', () => {
  const body = Buffer.from(`${auth('a')}\n${auth('b')}\n`);
  const batch = admitLines(body, NOW);
  expect(batch.count).toBe(2);
  expect(batch.lines.buffer).toBe(body.buffer);
  expect(batch.lines.equals(body)).toBe(true);
});

test('the last line may lack its newline', () => {
  expect(admit(`${auth('a')}\n${auth('b')}`).users).toEqual(['a', 'b']);
  expect(admit(auth('a')).users).toEqual(['a']);
  expect(admit(auth('a', ',"x":1')).users).toEqual(['a']);
});

test('blank lines and CR LF are passed over, and count as lines', () => {
  const body = `\n${auth('a')}\r\n  \t\n${auth('b')}\n\r\nbad\n${auth('c')}\n`;
  const { users, rejected } = admit(body);
  expect(users).toEqual(['a', 'b', 'c']);
  expect(rejected).toEqual([{ line: 6, reason: expect.stringMatching(/^not JSON/) }]);
});

test('bad lines are told by number and never stop the good ones beside them', () => {
  const body = [auth('a'), '{', auth('b', ',"country":"NO"'), '[1]', auth('c')].join('\n');
  const { users, rejected } = admit(body);
  expect(users).toEqual(['a', 'b', 'c']);
  expect(rejected).toEqual([
    { line: 2, reason: expect.stringMatching(/^not JSON/) },
    { line: 4, reason: 'expected a JSON object, found [1]' },
  ]);
});

test('a line that is not UTF-8 is refused alone', () => {
  const body = Buffer.concat([
    Buffer.from(`${auth('a')}\n{"log_type":"AUTHENTICATION_LOGS","user":"`),
    Buffer.from([0xff]),
    Buffer.from(`"}\n${auth('ø')}\n`),
  ]);
  const { users, rejected } = admit(body);
  expect(users).toEqual(['a', 'ø']);
  expect(rejected).toEqual([{ line: 2, reason: 'not valid UTF-8' }]);
});

test('a line at the limit is taken, one beyond it is refused', () => {
  const room = EVENT_LINE_BYTES_MAX - auth('').length;
  expect(admit(`${auth('x'.repeat(room))}\n`).count).toBe(1);
  const { count, rejected } = admit(`${auth('x'.repeat(room + 1))}\n${auth('a')}\n`);
  expect(count).toBe(1);
  expect(rejected).toEqual([{ line: 1, reason: expect.stringContaining('1048577 bytes long') }]);
});

test('refusals beyond the limit are counted but not told', () => {
  const batch = admitLines(Buffer.from('x\n'.repeat(REJECTIONS_TOLD_MAX + 5)), NOW);
  expect(batch.rejected.length).toBe(REJECTIONS_TOLD_MAX);
  expect(batch.rejectedCount).toBe(REJECTIONS_TOLD_MAX + 5);
});

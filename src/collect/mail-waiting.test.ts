import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../platform/clock.ts';
import { silentLog } from '../platform/log.ts';
import { MAIL_LATELY_MS, MailWaiting } from './mail-waiting.ts';
import { READ_BYTES, READ_BYTES_MIN, READ_BYTES_WITH_MAIL, readBytes } from './read-size.ts';
import { Tail } from './tail.ts';

test('mail was seen lately, for as long as is said', () => {
  let now = 1000;
  const mail = new MailWaiting({ now: () => now });
  expect(mail.lately).toBe(false);
  mail.seen();
  expect(mail.lately).toBe(true);
  now += MAIL_LATELY_MS - 1;
  expect(mail.lately).toBe(true);
  now += 1;
  expect(mail.lately).toBe(false);
  mail.seen();
  now -= 1;
  expect(mail.lately, 'the clock was put back').toBe(false);
});

test('a piece is as large as what is left, within limits', () => {
  expect(readBytes(0, false)).toBe(READ_BYTES_MIN);
  expect(readBytes(10_000, false)).toBe(10_000);
  expect(readBytes(Infinity, false)).toBe(READ_BYTES);
  expect(readBytes(Infinity, true)).toBe(READ_BYTES_WITH_MAIL);
});

test('a backlog is read in smaller pieces while mail waits, and in larger ones again', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'mail-waiting-'));
  const path = join(directory, 'log');
  writeFileSync(path, `${'x'.repeat(99)}\n`.repeat(10_000));
  const mail = { lately: true };
  const tail = new Tail({ path, clock: systemClock, log: silentLog, mail });
  const small = await tail.next();
  mail.lately = false;
  const large = await tail.next();
  tail.stop();
  await tail.next();
  rmSync(directory, { recursive: true });
  expect(small?.bytes.length).toBeGreaterThan(0);
  expect(small?.bytes.length).toBeLessThanOrEqual(READ_BYTES_WITH_MAIL);
  expect(large?.bytes.length).toBeGreaterThan(READ_BYTES - 100);
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { eventLine } from '../../test/e2e/api-world.ts';
import { admitLines } from '../collect/http/admit-batch.ts';
import { admitSliced } from './admit-sliced.ts';
import { REJECTIONS_TOLD_MAX } from './limits.ts';

test('slices give what the whole gives', async () => {
  const line = fc.constantFrom(eventLine('a'), eventLine('ø'), 'bad', '', `${eventLine('b')}\r`);
  const property = fc.asyncProperty(
    fc.array(line, { maxLength: 30 }),
    fc.integer({ min: 1, max: 500 }),
    async (lines, sliceBytes) => {
      const body = Buffer.from(lines.join('\n'));
      const whole = admitLines(body, Date.now());
      const sliced = await admitSliced(body, admitLines, Date.now(), sliceBytes);
      expect(sliced).toEqual({ ...whole });
    },
  );
  await fc.assert(property, { numRuns: 200 });
});

test('lines that stay as they are are not copied', async () => {
  const body = Buffer.from(`${eventLine('a')}\n`.repeat(100));
  const { lines, count } = await admitSliced(body, admitLines, Date.now(), 1000);
  expect(count).toBe(100);
  expect(lines.buffer).toBe(body.buffer);
  expect(lines.equals(body)).toBe(true);
});

test('refusals beyond the limit are counted, not told', async () => {
  const body = Buffer.from('x\n'.repeat(REJECTIONS_TOLD_MAX + 7));
  const { rejected, rejectedCount } = await admitSliced(body, admitLines, Date.now(), 100);
  expect(rejected.at(-1)?.line).toBe(REJECTIONS_TOLD_MAX);
  expect(rejected.length).toBe(REJECTIONS_TOLD_MAX);
  expect(rejectedCount).toBe(REJECTIONS_TOLD_MAX + 7);
});

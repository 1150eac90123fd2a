import { expect, test } from 'vitest';
import type { LoadRange } from './event-store.ts';
import { halves } from './load-range.ts';

function range(...counts: number[]): LoadRange {
  let position = 10;
  const blocks = counts.map((count) => {
    const lines = Array.from({ length: count }, (_, i) => `${position + i}\n`).join('');
    const block = { position, count, sealedAtMs: position, lines: Buffer.from(lines) };
    position += count;
    return block;
  });
  return { from: 10, to: position, blocks };
}

const show = ({ from, to, blocks }: LoadRange): string => {
  const parts = blocks.map(({ position, count, sealedAtMs, lines }) => {
    const text = Buffer.from(lines).toString().trimEnd().replaceAll('\n', ',');
    return `${position}+${count}@${sealedAtMs}:${text}`;
  });
  return `${from}-${to} ${parts.join(' ')}`;
};

test('a range is cut in the middle, within a block or between two', () => {
  expect(halves(range(4)).map(show)).toEqual(['10-12 10+2@10:10,11', '12-14 12+2@10:12,13']);
  expect(halves(range(2, 2)).map(show)).toEqual(['10-12 10+2@10:10,11', '12-14 12+2@12:12,13']);
  expect(halves(range(1, 3, 1)).map(show)).toEqual([
    '10-12 10+1@10:10 11+1@11:11',
    '12-15 12+2@11:12,13 14+1@14:14',
  ]);
});

test('halving again and again ends at single events that keep their block', () => {
  const singles: string[] = [];
  const descend = (part: LoadRange): void => {
    if (part.to - part.from === 1) singles.push(show(part));
    else halves(part).forEach(descend);
  };
  descend(range(3, 1, 7));
  expect(singles).toHaveLength(11);
  expect(singles[0]).toBe('10-11 10+1@10:10');
  expect(singles.at(-1)).toBe('20-21 20+1@14:20');
});

import { expect, test } from 'vitest';
import { KEY_ENV, NOW_MS, queryAnswer, runCli } from '../../test/cli/fake-world.ts';
import { escapeForTerminal, safeJson } from './escape.ts';
import { caretLines } from './query-mistake.ts';
import { SAMPLE_ROWS_MAX } from './table.ts';
import { pad, splitAtWidth, textWidth, truncate } from './text-width.ts';
import { parseTime } from './time-argument.ts';

async function table(
  terminal: number | undefined,
  rows: readonly Readonly<Record<string, string>>[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const columns = Object.keys(rows[0] ?? {});
  const { out } = await runCli(['query', 'q'], {
    env: { ...KEY_ENV, NO_COLOR: '1', ...env },
    ...(terminal !== undefined && { terminal }),
    answer: () => queryAnswer(columns, rows),
  });
  return out;
}

test('a terminal table fits: the widest columns are cut first', async () => {
  const rows = [
    { user: 'bob', subject: 'x'.repeat(100), folder: 'y'.repeat(60), n: '123' },
    { user: 'carol', subject: 'short', folder: 'INBOX', n: '7' },
  ];
  const lines = (await table(60, rows)).trimEnd().split('\n');
  for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(60);
  expect(lines[2]).toMatch(/^bob {4}x{20,}…  y{20,}…  123$/);
  expect((await table(undefined, rows)).split('\n')[2]).toContain('x'.repeat(100));
});

test('more columns than fit become records', async () => {
  const row = Object.fromEntries(
    Array.from({ length: 12 }, (_, i) => [`field_${i}`, 'v'.repeat(30)]),
  );
  const out = await table(50, [{ ...row, empty: '' }]);
  expect(out).toMatch(/^─ 1 ─+\nfield_0 {3}v{30}\n/);
  expect(out).not.toContain('empty');
});

test('the last column is wrapped, the others are cut', async () => {
  const row = { user: 'u'.repeat(30), '@message': 'm'.repeat(40) };
  expect((await table(50, [row])).split('\n').slice(2)).toEqual([
    `${'u'.repeat(23)}…  ${'m'.repeat(24)}`,
    `${' '.repeat(26)}${'m'.repeat(16)}`,
    '',
  ]);
  expect((await table(40, [row])).split('\n')[2]).toBe(`${'u'.repeat(18)}…  ${'m'.repeat(18)}…`);
});

test('a single column is wrapped, not cut', async () => {
  const out = await table(20, [{ '@message': 'a'.repeat(45) }]);
  expect(out.split('\n').slice(2)).toEqual(['a'.repeat(20), 'a'.repeat(20), 'a'.repeat(5), '']);
});

test('wide characters take two columns', async () => {
  const out = await table(undefined, [
    { name: '漢字', n: '1' },
    { name: 'e\u0301x', n: '22' },
  ]);
  expect(out.split('\n').slice(2, 4)).toEqual(['漢字   1', 'e\u0301x    22']);
});

test('rows beyond the sample stream with the same widths', async () => {
  const rows = Array.from({ length: SAMPLE_ROWS_MAX + 2 }, (_, i) => ({ a: `v${i}`, b: 'x' }));
  const lines = (await table(undefined, rows)).trimEnd().split('\n');
  expect(lines).toHaveLength(rows.length + 2);
  expect(lines.at(-1)).toBe(`v${SAMPLE_ROWS_MAX + 1}  x`);
});

async function coloured(
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
  terminal?: number,
): Promise<boolean> {
  const { out } = await runCli(['query', 'q', ...argv], {
    env: { ...KEY_ENV, ...env },
    ...(terminal !== undefined && { terminal }),
    answer: () => queryAnswer(['a'], [{ a: '1' }]),
  });
  return out.includes('\u001b[');
}

test('colours follow --color, NO_COLOR, FORCE_COLOR and the terminal', async () => {
  expect(await coloured([], {}, 80)).toBe(true);
  expect(await coloured([], {})).toBe(false);
  expect(await coloured([], { NO_COLOR: '1' }, 80)).toBe(false);
  expect(await coloured([], { TERM: 'dumb' }, 80)).toBe(false);
  expect(await coloured([], { FORCE_COLOR: '1' })).toBe(true);
  expect(await coloured(['--color', 'always'], { NO_COLOR: '1' })).toBe(true);
  expect(await coloured(['--color', 'never'], { FORCE_COLOR: '1' }, 80)).toBe(false);
});

test('widths, cutting and filling by columns', () => {
  expect(textWidth('abc')).toBe(3);
  expect(textWidth('👩‍💻')).toBe(2);
  expect(textWidth('한글')).toBe(4);
  expect(splitAtWidth('漢字ab', 3)).toEqual(['漢', '字ab']);
  expect(truncate('漢字ab', 4)).toBe('漢…');
  expect(truncate('abcd', 4)).toBe('abcd');
  expect(pad('字', 4, 'right')).toBe('  字');
});

test('escapes keep what is harmless and show what is not', () => {
  expect(escapeForTerminal('Grüße 漢字 👩‍💻')).toBe('Grüße 漢字 👩‍💻');
  expect(escapeForTerminal('\u001b[2J\t\u0085\u202e\ud800')).toBe(
    String.raw`\x1b[2J\t\x85\u202e\ud800`,
  );
  expect(JSON.parse(safeJson({ a: '\u009b\u202e"' }))).toEqual({ a: '\u009b\u202e"' });
});

test('carets stand under the mistake', () => {
  const query = 'fields a\n\t| filter 漢 = x';
  const at = query.indexOf('=');
  expect(caretLines(query, at, at + 1)).toBe(`   | filter 漢 = x\n${' '.repeat(15)}^`);
  expect(caretLines('abc', 3, 3)).toBe('  abc\n     ^');
  expect(caretLines('ab\ncd', 0, 5)).toBe('  ab\n  ^^');
});

function parse(text: string): number {
  return parseTime(text, '--start', NOW_MS);
}

test('times in all their forms', () => {
  expect(parse('now')).toBe(NOW_MS);
  expect(parse('90m')).toBe(NOW_MS - 90 * 60_000);
  expect(parse('2d ago')).toBe(NOW_MS - 2 * 86_400_000);
  expect(parse('1767225600')).toBe(Date.UTC(2026, 0, 1));
  expect(parse('1767225600123')).toBe(Date.UTC(2026, 0, 1) + 123);
  expect(parse('2026-01-01')).toBe(Date.UTC(2026, 0, 1));
  expect(parse('2026-01-01 06:30')).toBe(Date.UTC(2026, 0, 1, 6, 30));
  expect(parse('2026-01-01T06:30:00.5+02:00')).toBe(Date.UTC(2026, 0, 1, 4, 30, 0, 500));
  expect(parse('2026-01-01t06:30:00z')).toBe(Date.UTC(2026, 0, 1, 6, 30));
  expect(parse('1')).toBe(1000);
  for (const wrong of ['', 'x', '2026-13-01', '2026-02-31', '1y', '-1h', '2026-01-01T25:00:00Z']) {
    expect(() => parse(wrong)).toThrow(/--start .*: expected now/);
  }
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { DeliveryRecord } from '../destination.ts';
import { formatRecord, headerLines, usableDelimiter } from './record-text.ts';

const FIELDS = ['a', 'b', 'c'];

function recordOf(fields: Readonly<Record<string, unknown>>): DeliveryRecord {
  return { position: 1, timestampMs: 0, logType: 'AUTHENTICATION_LOGS', fields };
}

function unescaped(text: string): string {
  return text.replace(/\\(?:u([0-9a-f]{4})|(.))/g, (_, hex: string | undefined, mark: string) =>
    hex !== undefined
      ? String.fromCharCode(Number.parseInt(hex, 16))
      : ({ n: '\n', r: '\r', t: '\t' }[mark] ?? mark),
  );
}

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(
      fc.constantFrom(
        '\n',
        '\r',
        '\t',
        '\\',
        '|',
        ' ',
        '"',
        '-',
        '#',
        '\u2028',
        '\ud800',
        '\udc00',
        'u',
        'é',
      ),
    )
    .map((parts) => parts.join('')),
);

test.each(['plain', 'w3c', 'raw'] as const)(
  'no value of %s forges a field or a line',
  (outputFormat) => {
    const value = fc.oneof(
      anyText,
      fc.constant(undefined),
      fc.array(anyText),
      fc.boolean(),
      fc.integer(),
    );
    fc.assert(
      fc.property(
        fc.tuple(value, value, value),
        fc.constantFrom('\t', ' ', '|', '||', ', ', '"'),
        ([a, b, c], fieldDelimiter) => {
          const line = formatRecord(recordOf({ a, b, c }), {
            outputFormat,
            fieldDelimiter,
            fields: FIELDS,
          });
          expect(line.startsWith('#')).toBe(false);
          expect(line).not.toMatch(/[\n\r\u0085\u2028\u2029]/);
          expect(Buffer.from(line).toString()).toBe(line);
          const found = line
            .split(fieldDelimiter)
            .map((part) => (part === '-' ? undefined : unescaped(part)));
          const meant = [a, b, c].map((of) =>
            of === undefined || typeof of === 'string' ? of : JSON.stringify(of),
          );
          expect(found).toEqual(meant);
        },
      ),
    );
  },
);

test('json is one line that reads back', () => {
  fc.assert(
    fc.property(fc.dictionary(anyText, anyText), (fields) => {
      const line = formatRecord(recordOf(fields), { outputFormat: 'json', fields: [] });
      expect(line).not.toContain('\n');
      expect(Buffer.from(line).toString()).toBe(line);
      expect(JSON.stringify(JSON.parse(line))).toBe(line);
    }),
  );
});

test('w3c names its version and fields', () => {
  expect(headerLines({ outputFormat: 'w3c', fields: FIELDS })).toEqual([
    '#Version: 1.0',
    '#Fields: a b c',
  ]);
  expect(headerLines({ outputFormat: 'plain', fields: FIELDS })).toEqual([]);
});

test('a delimiter that escapes are written with is refused', () => {
  for (const delimiter of ['u', '0', '\\', '-', '#', '\n', '||||||', 'é']) {
    expect(() => usableDelimiter(delimiter)).toThrow(/^fieldDelimiter: /);
  }
  expect(usableDelimiter('')).toBe('\t');
});

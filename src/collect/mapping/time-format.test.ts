import { expect, test } from 'vitest';
import { compileTimeFormat } from './time-format.ts';

// Times without a zone are in the machine's own.
process.env['TZ'] = 'Europe/Oslo';

const NOW_MS = Date.UTC(2026, 10, 24, 12);

function read(format: string, value: string | number, zone?: string): string | undefined {
  const reader = compileTimeFormat(format, zone);
  if ('problem' in reader) throw new Error(reader.problem);
  const timeMs = reader(value, NOW_MS);
  return timeMs === undefined ? undefined : new Date(timeMs).toISOString();
}

test.each([
  ['iso', '2026-11-23T10:00:00Z', undefined, '2026-11-23T10:00:00.000Z'],
  ['iso', '2026-11-23T10:00:00.123456+01:00', undefined, '2026-11-23T09:00:00.123Z'],
  ['iso', '2026-11-23 10:00:00 +0100', undefined, '2026-11-23T09:00:00.000Z'],
  ['iso', '2026-11-23 10:00:00', undefined, '2026-11-23T09:00:00.000Z'],
  ['iso', '2026-11-23 10:00:00', 'UTC', '2026-11-23T10:00:00.000Z'],
  ['iso', '2026-11-23 10:00:00', '-05:00', '2026-11-23T15:00:00.000Z'],
  ['syslog', 'Nov 23 10:00:00', undefined, '2026-11-23T09:00:00.000Z'],
  ['syslog', 'Dec 24 10:00:00', undefined, '2025-12-24T09:00:00.000Z'],
  ['seconds', '1795435200', undefined, '2026-11-23T12:00:00.000Z'],
  ['seconds', 1_795_435_200.5, undefined, '2026-11-23T12:00:00.500Z'],
  ['milliseconds', 1_795_435_200_500, undefined, '2026-11-23T12:00:00.500Z'],
  ['%d/%b/%Y:%H:%M:%S %z', '23/Nov/2026:10:00:00 +0100', undefined, '2026-11-23T09:00:00.000Z'],
  ['%Y-%m-%d %H:%M:%S.%f', '2026-07-23 10:00:00.5', undefined, '2026-07-23T08:00:00.500Z'],
  ['[%e.%m.%Y] %H%%', '[ 3.11.2026] 10%', 'UTC', '2026-11-03T10:00:00.000Z'],
])('%s reads %s (zone %s)', (format, value, zone, expected) => {
  expect(read(format, value, zone)).toBe(expected);
});

test.each([
  ['iso', 'yesterday'],
  ['iso', '2026-11-23T10:00:00Z and more'],
  ['syslog', '2026'],
  ['seconds', '12s'],
  ['seconds', '-5'],
  ['%Y-%m-%d', '2026-02-30'],
  ['%Y-%m-%d %H', '2026-02-03 24'],
  ['%Y-%m-%d %z', '2026-02-03 +1'],
])('%s does not read %s', (format, value) => {
  expect(read(format, value)).toBeUndefined();
});

test.each([
  ['%Y-%m', undefined, 'a format with %Y, one of %m and %b, and %d'],
  ['%Y %Y %m %d', undefined, 'expected "%Y" once, found it again'],
  ['%Y-%m-%d %q', undefined, 'found "%q"'],
  ['is', undefined, 'expected iso, syslog, seconds, milliseconds'],
  ['iso', 'Oslo', 'expected the zone local, UTC or e.g. +01:00, found "Oslo"'],
  ['syslog', 'UTC', 'expected no zone'],
])('the format %s with zone %s is a mistake', (format, zone, problem) => {
  expect(compileTimeFormat(format, zone)).toMatchObject({
    problem: expect.stringContaining(problem),
  });
});

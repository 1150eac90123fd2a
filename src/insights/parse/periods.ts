// Lengths of time: `5m`, `30 seconds`, `1hr`.
import type { Period, PeriodUnit } from '../ast.ts';
import type { TokenCursor } from './token-cursor.ts';

/** @see CloudWatch Logs user guide, "bin": units and their abbreviations */
const UNIT_NAMES: Readonly<Record<PeriodUnit, readonly string[]>> = {
  ms: ['ms', 'msec', 'millisecond'],
  s: ['s', 'sec', 'second'],
  m: ['m', 'min', 'minute'],
  h: ['h', 'hr', 'hour'],
  d: ['d', 'day'],
  w: ['w', 'week'],
  mo: ['mo', 'mon', 'month'],
  q: ['q', 'qtr', 'quarter'],
  y: ['y', 'yr', 'year'],
};

const UNITS: ReadonlyMap<string, PeriodUnit> = new Map(
  Object.entries(UNIT_NAMES).flatMap(([unit, names]) =>
    names.flatMap((name): [string, PeriodUnit][] => [
      [name, unit as PeriodUnit],
      ...(name.length > 1 ? [[`${name}s`, unit as PeriodUnit] as [string, PeriodUnit]] : []),
    ]),
  ),
);

/** The period ahead, or undefined when there is none; nothing is taken then. */
export function parsePeriod(cursor: TokenCursor): Period | undefined {
  const { token } = cursor;
  const { start } = token;
  if (token.kind === 'word' && !token.quoted) {
    const [, digits = '', letters = ''] = /^(\d+)([A-Za-z]+)$/.exec(token.value) ?? [];
    const unit = UNITS.get(letters.toLowerCase());
    if (unit === undefined) return undefined;
    cursor.take();
    return { kind: 'period', count: Number(digits), unit, start, end: cursor.previousEnd };
  }
  if (token.kind !== 'number' || !/^\d+$/.test(token.value)) return undefined;
  const next = cursor.peek();
  const unit = next.kind === 'word' ? UNITS.get(next.value.toLowerCase()) : undefined;
  if (unit === undefined) return undefined;
  cursor.take();
  cursor.take();
  return { kind: 'period', count: Number(token.value), unit, start, end: cursor.previousEnd };
}

import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  CALL_BYTES_MAX,
  CALL_RECORDS_MAX,
  callsOf,
  type PutRecord,
  RECORD_BYTES_MAX,
} from './record-batches.ts';

const record = (index: number, bytes = 1): PutRecord => ({ index, data: new Uint8Array(bytes) });
const sizes = (bytes: readonly number[]): number[] =>
  callsOf(bytes.map((each, index) => record(index, each))).map(({ length }) => length);

test('a call takes 500 records, and not one more', () => {
  expect(sizes(Array.from({ length: 500 }, () => 1))).toEqual([500]);
  expect(sizes(Array.from({ length: 501 }, () => 1))).toEqual([500, 1]);
});

test('a call takes 4 MiB to the last byte', () => {
  const most = RECORD_BYTES_MAX;
  const rest = CALL_BYTES_MAX - 4 * most;
  expect(sizes([most, most, most, most, rest])).toEqual([5]);
  expect(sizes([most, most, most, most, rest + 1])).toEqual([4, 1]);
});

test('every record is in one call, in order, and no call is beyond a limit', () => {
  const lengths = fc.array(fc.constantFrom(1, 1000, 300_000, RECORD_BYTES_MAX), { maxLength: 600 });
  const property = fc.property(lengths, (bytes) => {
    const calls = callsOf(bytes.map((each, index) => record(index, each)));
    expect(calls.flat().map(({ index }) => index)).toEqual(bytes.map((_, index) => index));
    for (const call of calls) {
      expect(call.length).toBeLessThanOrEqual(CALL_RECORDS_MAX);
      const sum = call.reduce((total, { data }) => total + data.length, 0);
      expect(sum).toBeLessThanOrEqual(CALL_BYTES_MAX);
    }
  });
  fc.assert(property, { numRuns: 30, seed: 20_261_124 });
});

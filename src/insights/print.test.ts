// The printer and the parser undo each other.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { query, withoutPlaces } from '../../test/conformance/generated-queries.ts';
import { parsePipeline, printPipeline } from './parse/commands.ts';

test('what is printed parses to the same tree', () => {
  fc.assert(
    fc.property(query, (tree) => {
      const printed = printPipeline(tree);
      expect(withoutPlaces(parsePipeline(printed))).toEqual(withoutPlaces(tree));
    }),
    { numRuns: 1000 },
  );
});

test('the print of a print is the same', () => {
  fc.assert(
    fc.property(query, (tree) => {
      const printed = printPipeline(tree);
      expect(printPipeline(parsePipeline(printed))).toBe(printed);
    }),
    { numRuns: 300 },
  );
});

const printed = (text: string): string => printPipeline(parsePipeline(text));

test('parentheses only where they are needed', () => {
  expect(printed('filter (a+b)*c - (d - e) = (1) and (x or y) and not (z and w)')).toBe(
    'filter (a + b) * c - (d - e) = 1 and (x or y) and !(z and w)',
  );
  expect(printed('WHERE `a b`.c NOT LIKE /x\\/y/ | head 3 | order by q DESC')).toBe(
    'filter `a b.c` not like /x\\/y/\n| limit 3\n| sort q desc',
  );
});

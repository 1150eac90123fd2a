// All functions by name.
import { AGGREGATE_FUNCTIONS } from './aggregate.ts';
import { DATE_TEXT_FUNCTIONS } from './date-text.ts';
import { DATETIME_FUNCTIONS } from './datetime.ts';
import type { FunctionDefinition } from './function.ts';
import { GENERAL_FUNCTIONS } from './general.ts';
import { HISTOGRAM_FUNCTIONS } from './histogram.ts';
import { IP_FUNCTIONS } from './ip.ts';
import { JSON_FUNCTIONS } from './json.ts';
import { NUMERIC_FUNCTIONS } from './numeric.ts';
import { STRING_FUNCTIONS } from './string.ts';

export const FUNCTIONS: readonly FunctionDefinition[] = [
  ...AGGREGATE_FUNCTIONS,
  ...HISTOGRAM_FUNCTIONS,
  ...NUMERIC_FUNCTIONS,
  ...STRING_FUNCTIONS,
  ...DATETIME_FUNCTIONS,
  ...DATE_TEXT_FUNCTIONS,
  ...GENERAL_FUNCTIONS,
  ...IP_FUNCTIONS,
  ...JSON_FUNCTIONS,
];

const BY_NAME: ReadonlyMap<string, FunctionDefinition> = new Map(
  FUNCTIONS.flatMap((definition) =>
    [definition.name, ...(definition.aliases ?? [])].map((name): [string, FunctionDefinition] => [
      name.toLowerCase(),
      definition,
    ]),
  ),
);

/** The function of that name, whatever its case. */
export function findFunction(name: string): FunctionDefinition | undefined {
  return BY_NAME.get(name.toLowerCase());
}

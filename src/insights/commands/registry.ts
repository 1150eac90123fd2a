// All commands by their keywords, and the ones of Logs Insights that are refused by name.
import type { Command } from '../ast.ts';
import type { CommandDefinition } from './command.ts';
import { ADDTOTALS } from './addtotals.ts';
import { APPENDCOLS } from './appendcols.ts';
import { ANOMALY, DIFF } from './compare.ts';
import { COUNT_FREQUENT } from './count-frequent.ts';
import { DEDUP } from './dedup.ts';
import { DISPLAY } from './display.ts';
import { ESTIMATE } from './estimate.ts';
import { FIELDS } from './fields.ts';
import { FILTER } from './filter.ts';
import { FILLMISSING } from './fillmissing.ts';
import { FILTER_INDEX } from './filter-index.ts';
import { JOIN } from './join.ts';
import { JSON_COMMAND } from './json.ts';
import { LIMIT } from './limit.ts';
import { LOGCOMPARE } from './logcompare.ts';
import { CIDRLOOKUP, LOOKUP } from './lookup.ts';
import { OUTLIER } from './outlier.ts';
import { PARSE } from './parse.ts';
import { PATTERN } from './pattern.ts';
import { RELEVANTFIELDS } from './relevantfields.ts';
import { ACCUM, AUTOREGRESS, FILLDOWN } from './row-order.ts';
import { SESSIONIZE } from './sessionize.ts';
import { SORT } from './sort.ts';
import { STATS } from './stats.ts';
import { UNMASK } from './unmask.ts';
import { EXPAND, UNNEST } from './unnest.ts';

/** A definition whose node's type was forgotten; it is only ever given nodes of its own kind. */
type AnyDefinition = CommandDefinition<Command>;

function erased<Node extends Command>(definition: CommandDefinition<Node>): AnyDefinition {
  return definition as unknown as AnyDefinition;
}

export const COMMANDS: readonly AnyDefinition[] = [
  erased(FIELDS),
  erased(DISPLAY),
  erased(FILTER),
  erased(FILTER_INDEX),
  erased(STATS),
  erased(SORT),
  erased(LIMIT),
  erased(DEDUP),
  erased(PARSE),
  erased(UNNEST),
  erased(EXPAND),
  erased(UNMASK),
  erased(COUNT_FREQUENT),
  erased(ADDTOTALS),
  erased(ACCUM),
  erased(AUTOREGRESS),
  erased(FILLDOWN),
  erased(FILLMISSING),
  erased(PATTERN),
  erased(DIFF),
  erased(ANOMALY),
  erased(JOIN),
  erased(LOOKUP),
  erased(CIDRLOOKUP),
  erased(APPENDCOLS),
  erased(LOGCOMPARE),
  erased(SESSIONIZE),
  erased(OUTLIER),
  erased(JSON_COMMAND),
  erased(ESTIMATE),
  erased(RELEVANTFIELDS),
];

/** Words that errors of CloudWatch Logs name and its guide does not know, with what to write in their place. */
export const UNDOCUMENTED_COMMANDS: ReadonlyMap<string, string> = new Map([
  ['search', 'filter @message like "text"'],
  ['tail', 'sort in the other direction, then limit'],
]);

const BY_KEYWORD: ReadonlyMap<string, AnyDefinition> = new Map(
  COMMANDS.flatMap((definition) =>
    definition.keywords.map((keyword): [string, AnyDefinition] => [
      keyword.toLowerCase(),
      definition,
    ]),
  ),
);

const BY_KIND: ReadonlyMap<Command['kind'], AnyDefinition> = new Map(
  COMMANDS.map((definition) => [definition.kind, definition]),
);

/** The command that a word begins, whatever its case. */
export function findCommand(word: string): AnyDefinition | undefined {
  return BY_KEYWORD.get(word.toLowerCase());
}

/** The definition of a command. */
export function definitionOf(command: Command): AnyDefinition {
  const definition = BY_KIND.get(command.kind);
  if (definition === undefined) throw new Error(`no definition of ${command.kind}`);
  return definition;
}

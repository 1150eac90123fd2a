// What an editor can offer: commands, operators and functions with a sentence each.
import { COMMANDS } from './commands/registry.ts';
import { signatureOf } from './functions/arity.ts';
import { FUNCTIONS } from './functions/registry.ts';

export interface Completion {
  readonly text: string;
  /** For a function, how it is called. */
  readonly signature?: string;
  readonly about: string;
}

export const completions: {
  readonly commands: readonly Completion[];
  readonly keywords: readonly string[];
  readonly functions: readonly Completion[];
} = {
  commands: COMMANDS.flatMap(({ keywords, about }) => keywords.map((text) => ({ text, about }))),
  keywords: ['and', 'or', 'not', 'like', 'in', 'as', 'by', 'asc', 'desc', 'any'],
  functions: FUNCTIONS.filter(({ hidden }) => hidden !== true).flatMap((definition) =>
    [definition.name, ...(definition.aliases ?? [])].map((text) => ({
      text,
      signature: signatureOf(definition),
      about: definition.about,
    })),
  ),
};

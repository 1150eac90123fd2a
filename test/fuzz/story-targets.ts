// Targets: the collectors' stories with hostile texts.
import fc from 'fast-check';
import { DovecotServers } from '../../src/collect/dovecot/servers.ts';
import type { Assembler } from '../../src/collect/log-collector.ts';
import { PostfixAssembler } from '../../src/collect/postfix/assembler.ts';
import { assemble } from '../collect/assemble.ts';
import { hostileText } from './hostile-text.ts';
import { forgery } from './same-story.ts';
import { type Choices, dovecotStory, MARKS, postfixStory } from './stories.ts';
import type { FuzzTarget } from './target.ts';

/** Some time after the stories. */
const NOW_MS = Date.UTC(2026, 10, 24);

/** Of a text that is empty nothing is told. */
const nonEmptyText = hostileText.map((text) => text || 'x');

/** Harmless but for some. */
const choices: fc.Arbitrary<Choices> = fc
  .record(
    Object.fromEntries(Object.keys(MARKS).map((name) => [name, nonEmptyText])) as {
      [Name in keyof Choices]: fc.Arbitrary<string>;
    },
    { requiredKeys: [] },
  )
  .map((chosen) => ({ ...MARKS, ...chosen }))
  // What begins like the shared namespace is in it.
  .map((chosen) => ({ ...chosen, folder: chosen.folder.replaceAll('shared/', 'shares/') }));

function storyTarget(
  name: string,
  story: (choices: Choices) => string[],
  assembler: () => Assembler,
): FuzzTarget {
  const bytes = (chosen: Choices): Buffer => Buffer.from(`${story(chosen).join('\n')}\n`);
  const harmless = assemble(assembler(), bytes(MARKS));
  return {
    name,
    property: () =>
      fc.property(choices, (chosen) => {
        const { events, rejected } = assemble(assembler(), bytes(chosen));
        const problem = forgery(events, harmless.events, chosen);
        if (problem !== undefined) throw new Error(problem);
        if (rejected.length > harmless.rejected.length) {
          throw new Error(`a good line was refused: ${rejected.join('\n')}`);
        }
      }),
  };
}

export const dovecotStories = storyTarget(
  'dovecot-stories',
  dovecotStory,
  () => new DovecotServers({ now: () => NOW_MS, sharedPrefixes: ['shared/'] }),
);

export const postfixStories = storyTarget(
  'postfix-stories',
  postfixStory,
  () => new PostfixAssembler({ now: () => NOW_MS, lmtpTold: () => false }),
);

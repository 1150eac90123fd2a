// `mailtrail rules explain`: of each rule why it matches or not.
import { ApiClient } from './api-client.ts';
import type { Call } from './command.ts';
import { escapeForTerminal, safeJson } from './escape.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { decisionText, type Effect, fetchEffect } from './rules.ts';

function linesOf(answer: Effect): string[] {
  const rules = answer.rules.flatMap(({ name, effect, dryRun, matched, conditions }) => [
    `${matched ? '✓' : '✗'} ${name} (${effect}${dryRun === true ? ', only recorded' : ''})`,
    ...(conditions.length === 0 ? ['    has no conditions'] : []),
    ...conditions.map(({ condition, holds, entries, seen }) => {
      return `    ${holds ? 'holds' : 'fails'}: ${condition} ${entries.join(', ')}; it is ${seen}`;
    }),
  ]);
  return [decisionText(answer), ...rules].map((line) => escapeForTerminal(line));
}

/** Prints the decision and its reasons. */
export async function run(call: Call): Promise<ExitCode> {
  const answer = await fetchEffect(await ApiClient.find(call), call);
  const json = call.options.text('output') === 'json';
  await call.world.stdout.write(`${json ? safeJson(answer) : linesOf(answer).join('\n')}\n`);
  return EXIT.ok;
}

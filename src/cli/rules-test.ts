// `mailtrail rules test`: what the rules would decide.
import { ApiClient } from './api-client.ts';
import type { Call } from './command.ts';
import { safeJson } from './escape.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { decisionText, fetchEffect } from './rules.ts';

/** Prints the decision; scripts see by the exit code whether it allows. */
export async function run(call: Call): Promise<ExitCode> {
  const answer = await fetchEffect(await ApiClient.find(call), call);
  const { rules: _, ...decision } = answer;
  const json = call.options.text('output') === 'json';
  await call.world.stdout.write(`${json ? safeJson(decision) : decisionText(answer)}\n`);
  return answer.effect === 'ALLOW' ? EXIT.ok : EXIT.failure;
}

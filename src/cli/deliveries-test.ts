// `mailtrail deliveries test`: a probe to where a delivery goes.
import { ApiClient } from './api-client.ts';
import type { Call } from './command.ts';
import { escapeForTerminal, safeJson } from './escape.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { deliveriesPath } from './told-delivery.ts';

/** Prints what the probe showed; scripts see by the exit code whether it arrived. */
export async function run(call: Call): Promise<ExitCode> {
  const [id = ''] = call.arguments;
  const client = await ApiClient.find(call);
  const response = await client.post(`${deliveriesPath(id)}/test`, {});
  const tested = (await response.json()) as { readonly ok: boolean; readonly message: string };
  const json = call.options.text('output') === 'json';
  const text = `${tested.ok ? '✓' : '✗'} ${tested.message}`;
  await call.world.stdout.write(`${json ? safeJson(tested) : escapeForTerminal(text)}\n`);
  return tested.ok ? EXIT.ok : EXIT.failure;
}

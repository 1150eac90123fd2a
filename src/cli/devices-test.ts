// `mailtrail devices test`: what would be decided about a device.
import { ApiClient } from './api-client.ts';
import type { Call } from './command.ts';
import { escapeForTerminal, safeJson } from './escape.ts';
import { EXIT, type ExitCode } from './exit-code.ts';

const ASKED = [
  ['userId', 'user'],
  ['deviceId', 'device-id'],
  ['deviceType', 'type'],
  ['deviceModel', 'model'],
  ['deviceOperatingSystem', 'os'],
  ['deviceUserAgent', 'user-agent'],
] as const;

/** As POST /v1/device-effect answers. */
interface DeviceEffect {
  readonly effect: string;
  readonly rule?: string;
  readonly override?: string;
  readonly matched: readonly { readonly id: string; readonly effect: string }[];
}

function textOf({ effect, rule, override, matched }: DeviceEffect): string {
  const byRule = rule === undefined ? 'no rule matches' : `by the rule ${rule}`;
  const by = override === undefined ? byRule : `by the override ${override}`;
  const all = matched.map(({ id, effect: of }) => `${id} (${of})`).join(', ');
  return `${effect}: ${by}${all === '' ? '' : `; rules that match: ${all}`}`;
}

/** Prints the decision; scripts see by the exit code whether it allows. */
export async function run(call: Call): Promise<ExitCode> {
  const { options, world } = call;
  const given = ASKED.map(([member, flag]) => [member, options.text(flag)] as const);
  const device = Object.fromEntries(given.filter(([, value]) => value !== undefined));
  const response = await (await ApiClient.find(call)).post('/v1/device-effect', device);
  const answer = (await response.json()) as DeviceEffect;
  const json = options.text('output') === 'json';
  await world.stdout.write(`${json ? safeJson(answer) : escapeForTerminal(textOf(answer))}\n`);
  return answer.effect === 'ALLOW' ? EXIT.ok : EXIT.failure;
}

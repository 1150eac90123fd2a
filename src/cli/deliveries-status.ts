// `mailtrail deliveries status`: whether deliveries get where they go, for people and for monitoring.
import { ApiClient } from './api-client.ts';
import type { Call } from './command.ts';
import { escapeForTerminal } from './escape.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import {
  deliveriesPath,
  shortTime,
  stateOf,
  type ToldDelivery,
  toldIn,
  writeDeliveries,
} from './told-delivery.ts';

function linesOf(delivery: ToldDelivery, nowMs: number): readonly string[] {
  const { id, name = '', logType = '', place = '', status } = delivery;
  const head = `${id} (${name}): ${logType} to ${place}: ${stateOf(delivery)}`;
  if (status === undefined) return [head];
  const { behindEvents, lagMs, delivered, lastDeliveredAtMs, retried = 0, failures = 0 } = status;
  const { dropped = 0, deadLetters, lastError } = status;
  const last =
    lastDeliveredAtMs === undefined
      ? ''
      : `, the last ${shortTime(Math.max(0, nowMs - lastDeliveredAtMs))} ago`;
  const lag = lagMs === undefined ? '' : `, the oldest for ${shortTime(lagMs)}`;
  return [
    head,
    `  behind: ${behindEvents} events of the journal${lag}`,
    `  delivered since the start: ${delivered}${last}`,
    `  failures: ${failures} (${retried} records given again)`,
    ...(dropped > 0 ? [`  dropped for want of room: ${dropped}`] : []),
    ...(deadLetters > 0 ? [`  dead letters: ${deadLetters}`] : []),
    ...(lastError === undefined ? [] : [`  error: ${lastError}`]),
  ];
}

/** Prints how deliveries are; ends with 1 when one of them does not get on. */
export async function run(call: Call): Promise<ExitCode> {
  const [key] = call.arguments;
  const client = await ApiClient.find(call);
  const path = key === undefined ? '/v1/deliveries' : deliveriesPath(key);
  const deliveries = await toldIn(await client.get(path));
  if ((call.options.text('output') ?? 'text') === 'text') {
    const nowMs = call.world.clock.now();
    const lines = deliveries.flatMap((each) => linesOf(each, nowMs));
    if (lines.length > 0) {
      await call.world.stdout.write(`${lines.map(escapeForTerminal).join('\n')}\n`);
    }
  } else await writeDeliveries(call, deliveries);
  const isStuck = deliveries.some(({ status }) => status?.lastError !== undefined);
  return isStuck ? EXIT.failure : EXIT.ok;
}

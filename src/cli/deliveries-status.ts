// `mailtrail deliveries status`: whether deliveries get where they go, for people and for monitoring.
import { ApiClient } from './api-client.ts';
import type { Call } from './command.ts';
import { formatSize } from '../config/quantity.ts';
import { escapeForTerminal } from './escape.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import {
  deliveriesPath,
  errorOf,
  shortTime,
  stateOf,
  type ToldDelivery,
  toldIn,
  writeDeliveries,
} from './told-delivery.ts';

function linesOf(delivery: ToldDelivery, nowMs: number): readonly string[] {
  const { id, name = '', logType = '', place = '', status } = delivery;
  const head = `${id} (${name}): ${logType} to ${place}: ${stateOf(delivery)}`;
  const error = errorOf(delivery);
  const errors = error === undefined ? [] : [`  error: ${error}`];
  if (status === undefined) return [head, ...errors];
  const { behindEvents, lagMs, delivered, lastDeliveredAtMs, retried = 0, failures = 0 } = status;
  const { behindBytes, dropped = 0, deadLetters } = status;
  const last =
    lastDeliveredAtMs === undefined
      ? ''
      : `, the last ${shortTime(Math.max(0, nowMs - lastDeliveredAtMs))} ago`;
  const size = behindBytes === undefined ? '' : ` (${formatSize(behindBytes)})`;
  const lag = lagMs === undefined || lagMs === 0 ? '' : `, the oldest for ${shortTime(lagMs)}`;
  return [
    head,
    `  behind: ${behindEvents} events of the journal${size}${lag}`,
    `  delivered since the start: ${delivered}${last}`,
    `  failures: ${failures} (${retried} records given again)`,
    ...(dropped > 0 ? [`  dropped for want of room: ${dropped}`] : []),
    ...(deadLetters > 0 ? [`  dead letters: ${deadLetters}`] : []),
    ...errors,
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
  const isStuck = deliveries.some((each) => errorOf(each) !== undefined);
  return isStuck ? EXIT.failure : EXIT.ok;
}

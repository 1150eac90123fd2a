// `mailtrail deliveries list`: the deliveries and how they are.
import { ApiClient } from './api-client.ts';
import type { Call } from './command.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { toldIn, writeDeliveries } from './told-delivery.ts';

/** Prints all deliveries. */
export async function run(call: Call): Promise<ExitCode> {
  const deliveries = await toldIn(await (await ApiClient.find(call)).get('/v1/deliveries'));
  if (deliveries.length > 0 || (call.options.text('output') ?? 'table') !== 'table') {
    await writeDeliveries(call, deliveries);
    return EXIT.ok;
  }
  await call.world.stderr.write(
    'There is no delivery; "mailtrail deliveries create" makes one (docs/guides/delivery.md).\n',
  );
  return EXIT.ok;
}

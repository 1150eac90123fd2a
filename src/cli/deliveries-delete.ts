// `mailtrail deliveries delete`: a delivery, or all of a name; what has arrived stays where it is.
import { ApiClient } from './api-client.ts';
import type { Call } from './command.ts';
import type { ExitCode } from './exit-code.ts';
import { deliveriesPath, toldIn, writeDone } from './told-delivery.ts';

/** Deletes those that the id or name is of, or says which they would be. */
export async function run(call: Call): Promise<ExitCode> {
  const [key = ''] = call.arguments;
  const dryRun = call.options.on('dry-run');
  const client = await ApiClient.find(call);
  const path = deliveriesPath(key);
  const deliveries = await toldIn(dryRun ? await client.get(path) : await client.delete(path));
  return writeDone(call, deliveries, dryRun ? 'would be deleted' : 'deleted');
}

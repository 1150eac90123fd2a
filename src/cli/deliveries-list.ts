// `mailtrail deliveries list`: the deliveries and how they are.
import { ApiClient } from './api-client.ts';
import type { Call } from './command.ts';
import { safeJson } from './escape.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { resultWriter } from './result-writer.ts';

/** A delivery as GET /v1/deliveries tells of it. */
interface ListedDelivery {
  readonly id: string;
  readonly logType?: string;
  readonly to?: string;
  readonly status?: {
    readonly behindEvents: number;
    readonly delivered: number;
    readonly deadLetters: number;
    readonly down: boolean;
    readonly lastError?: string;
  };
}

const COLUMNS = ['id', 'log', 'to', 'state', 'behind', 'delivered', 'dead letters', 'error'];

function stateOf({ status }: ListedDelivery): string {
  if (status === undefined) return 'not running';
  if (status.down) return 'down';
  return status.lastError === undefined ? 'running' : 'trying again';
}

function forPeople(delivery: ListedDelivery): Map<string, string> {
  const { id, logType = '', to = '', status } = delivery;
  return new Map([
    ['id', id],
    ['log', logType],
    ['to', to],
    ['state', stateOf(delivery)],
    ['behind', String(status?.behindEvents ?? '')],
    ['delivered', String(status?.delivered ?? '')],
    ['dead letters', String(status?.deadLetters ?? '')],
    ['error', status?.lastError ?? ''],
  ]);
}

/** Prints all deliveries. */
export async function run(call: Call): Promise<ExitCode> {
  const response = await (await ApiClient.find(call)).get('/v1/deliveries');
  const { deliveries = [] } = (await response.json()) as {
    readonly deliveries?: readonly ListedDelivery[];
  };
  const { stdout, stderr } = call.world;
  switch (call.options.text('output')) {
    case 'json':
      await stdout.write(`${safeJson(deliveries)}\n`);
      return EXIT.ok;
    case 'ndjson':
      for (const delivery of deliveries) await stdout.write(`${safeJson(delivery)}\n`);
      return EXIT.ok;
    default:
  }
  if (deliveries.length === 0) {
    await stderr.write(
      'There is no delivery; "aws logs create-delivery" makes one (docs/guides/delivery.md).\n',
    );
    return EXIT.ok;
  }
  const writer = resultWriter(call);
  await writer.begin(COLUMNS);
  for (const delivery of deliveries) await writer.row(forPeople(delivery));
  await writer.end();
  return EXIT.ok;
}

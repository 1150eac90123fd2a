// What the running server says about itself: readiness, and what its collectors do.
import { ApiClient, endpointOf } from '../api-client.ts';
import { CliError, wordsOf } from '../cli-error.ts';
import type { Call } from '../command.ts';
import { formatDuration } from '../../config/quantity.ts';
import { area, type Check } from './check.ts';

const server = area('server');
/** Two clocks on one host agree; the header has seconds only. */
const SKEW_MAX_MS = 60_000;
/** A server that is alive answers at once. */
const ANSWER_TIMEOUT_MS = 5000;

interface Component {
  readonly component: string;
  readonly ok: boolean;
  readonly reason?: string;
}

interface CollectorStatus {
  readonly name: string;
  readonly state: string;
  readonly reason?: string;
  readonly seen?: number;
  readonly events?: number;
  readonly rejected?: number;
  readonly lost?: string;
}

const START =
  'start it: mailtrail serve, or systemctl start mailtrail; or name it with --endpoint-url';

function readinessChecks(endpoint: string, body: unknown, ready: boolean): Check[] {
  if (ready) return [server.ok(`${endpoint} is ready`)];
  const { reasons = [] } = (body ?? {}) as { reasons?: readonly Component[] };
  const wrong = reasons.filter(({ ok }) => !ok);
  if (wrong.length === 0) return [server.fail(`${endpoint} is not ready`, 'look into its log')];
  return wrong.map(({ component, reason }) =>
    server.fail(`not ready: ${component}`, reason ?? 'look into its log'),
  );
}

function skewCheck(response: Response, nowMs: number): Check[] {
  const theirs = Date.parse(response.headers.get('date') ?? '');
  if (Number.isNaN(theirs) || Math.abs(theirs - nowMs) <= SKEW_MAX_MS) return [];
  const message = `the server's clock is ${formatDuration(Math.abs(theirs - nowMs))} from this host's`;
  return [area('clock').fail(message, 'set both: timedatectl set-ntp true')];
}

/** What became of a collector's source, and what can never be read any more. */
function collectorChecks(status: CollectorStatus): Check[] {
  const { name, lost } = status;
  if (lost === undefined) return [collectorCheck(status)];
  const remedy = 'what is lost cannot be had again; see "Lost events" in docs/compatibility.md';
  return [collectorCheck(status), server.warn(`${name} lost something: ${lost}`, remedy)];
}

function collectorCheck(status: CollectorStatus): Check {
  const { name, state, reason, seen = 0, events = 0, rejected = 0 } = status;
  const counts = `${seen} lines or requests, ${events} events`;
  if (state === 'failed' || state === 'waiting') {
    const message = `${name} is ${state} (${counts})`;
    const remedy = reason ?? 'look into its log';
    return state === 'failed' ? server.fail(message, remedy) : server.warn(message, remedy);
  }
  if (rejected > 0) {
    const message = `${name}: ${rejected} lines could not be read (${counts})`;
    return server.warn(message, "look into the server's log for the lines");
  }
  return server.ok(`${name} is ${state} (${counts})`);
}

async function statusChecks(call: Call): Promise<Check[]> {
  try {
    const client = await ApiClient.find(call);
    const response = await client.get('/v1/status');
    const status = (await response.json()) as { collectors?: readonly CollectorStatus[] };
    return [server.ok('takes the key'), ...(status.collectors ?? []).flatMap(collectorChecks)];
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    const [message = '', ...advice] = error.message.split('; ');
    return [server.fail(message, advice.join('; ') || 'look into its log')];
  }
}

/** Asks the server; it not running is a failure with the way to start it. */
export async function serverChecks(call: Call): Promise<readonly Check[]> {
  let endpoint: URL;
  try {
    endpoint = endpointOf(call);
  } catch (error) {
    return [server.fail(wordsOf(error), 'correct it')];
  }
  const url = new URL('readyz', endpoint);
  let response: Response;
  let body: unknown;
  try {
    const signal = AbortSignal.any([call.signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]);
    response = await call.world.fetch(url, { signal });
    body = await response.json();
  } catch (error) {
    return [
      server.fail(`${endpoint.origin} does not answer as Mailtrail (${wordsOf(error)})`, START),
    ];
  }
  return [
    ...readinessChecks(endpoint.origin, body, response.ok),
    ...skewCheck(response, call.world.clock.now()),
    ...(await statusChecks(call)),
  ];
}

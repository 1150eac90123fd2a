// POST /dovecot/policy: Dovecot waits for this answer at every sign-in, so that it takes the
// shortest way: straight on node:http, one small body, one record on disk, one line back.
import { ApiError, retryAfter } from './api-error.ts';
import type { Exchange } from './exchange.ts';
import type { Gate } from './gate.ts';
import { POLICY_BODY_BYTES_MAX, POLICY_REQUESTS_MAX, RETRY_SOON_SECONDS } from './limits.ts';

export const POLICY_PATH = '/dovecot/policy';

/** Who decides. A rejection named PolicyRequestError says that the request cannot be understood. */
export interface PolicyService {
  /** Resolves when the decision's record is durable. */
  handle(command: 'allow' | 'report', body: unknown): Promise<object>;
}

export interface PolicyEndpointOptions {
  readonly gate: Gate;
  readonly policy: PolicyService;
  /** For tests. */
  readonly requestsMax?: number;
}

/** Whether the path is this endpoint's; Dovecot appends `&command=` to a URL that ends so. */
export function isPolicyPath(path: string): boolean {
  return path === POLICY_PATH || path.startsWith(`${POLICY_PATH}&`);
}

function commandOf(target: string): 'allow' | 'report' {
  const command = /[?&]command=([^&]*)/.exec(target)?.[1];
  if (command === 'allow' || command === 'report') return command;
  throw new ApiError(
    400,
    'InvalidParameterException',
    'command must be allow or report: set auth_policy_server_url to a URL that ends with /dovecot/policy',
  );
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (error) {
    const message = `the body is not JSON: ${(error as Error).message}`;
    throw new ApiError(400, 'InvalidParameterException', message);
  }
}

/** The auth-policy endpoint. */
export class PolicyEndpoint {
  readonly #options: PolicyEndpointOptions;
  readonly #requestsMax: number;
  #requests = 0;

  constructor(options: PolicyEndpointOptions) {
    this.#options = options;
    this.#requestsMax = options.requestsMax ?? POLICY_REQUESTS_MAX;
  }

  /** Handles one POST. Throws what is to be refused. */
  async handle(exchange: Exchange): Promise<void> {
    const client = this.#options.gate.admit(exchange, { apiKeyHeader: true });
    const command = commandOf(exchange.target);
    if (this.#requests >= this.#requestsMax) {
      const message = `${this.#requests} policy requests wait for the disk, which is the limit`;
      throw retryAfter(503, 'ServiceUnavailableException', message, RETRY_SOON_SECONDS);
    }
    this.#requests++;
    try {
      const body = parse(await exchange.body(client, POLICY_BODY_BYTES_MAX));
      exchange.json(200, await this.#options.policy.handle(command, body));
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'PolicyRequestError') throw error;
      throw new ApiError(400, 'InvalidParameterException', error.message, { cause: error });
    } finally {
      this.#requests--;
    }
  }
}

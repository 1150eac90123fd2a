// POST /v1/decide: webmail and other front ends, which speak protocols that the mail servers' hooks do not
// see, ask whether somebody may come in. As for those hooks the answer comes when its record is durable.
import { ApiError, retryAfter } from './api-error.ts';
import { readDecideQuestion, type DecideQuestion } from './decide-request.ts';
import type { Exchange } from './exchange.ts';
import type { Gate } from './gate.ts';
import { DECIDE_BODY_BYTES_MAX, POLICY_REQUESTS_MAX, RETRY_SOON_SECONDS } from './limits.ts';

export const DECIDE_PATH = '/v1/decide';

/** What one kind of rules said. */
export interface ToldEvaluation {
  readonly scope: string;
  readonly effect: 'ALLOW' | 'DENY';
  readonly ruleId?: string;
  readonly dryRunRuleId?: string;
}

/** The answer. */
export interface ToldDecision {
  readonly effect: 'ALLOW' | 'DENY';
  /** For the refused client; absent when nothing was refused. */
  readonly message?: string;
  /** Of the records. */
  readonly requestId: string;
  readonly evaluations: readonly ToldEvaluation[];
}

/** Who decides. */
export interface DecideService {
  /** Resolves when the decision's records are durable; rejects when they cannot be. */
  decide(question: DecideQuestion, requestId: string): Promise<ToldDecision>;
}

export interface DecideEndpointOptions {
  readonly gate: Gate;
  /** Nothing is decided when absent. */
  readonly decisions?: DecideService;
  /** For tests. */
  readonly requestsMax?: number;
}

/** See the head of this file. */
export class DecideEndpoint {
  readonly #options: DecideEndpointOptions;
  readonly #requestsMax: number;
  #requests = 0;

  constructor(options: DecideEndpointOptions) {
    this.#options = options;
    this.#requestsMax = options.requestsMax ?? POLICY_REQUESTS_MAX;
  }

  /** Handles one POST. Throws what is to be refused. */
  async handle(exchange: Exchange): Promise<void> {
    const client = this.#options.gate.admit(exchange);
    const { decisions } = this.#options;
    if (decisions === undefined) {
      throw new ApiError(503, 'ServiceUnavailableException', 'this server decides nothing');
    }
    if (this.#requests >= this.#requestsMax) {
      const message = `${this.#requests} decisions wait for the disk, which is the limit`;
      throw retryAfter(503, 'ServiceUnavailableException', message, RETRY_SOON_SECONDS);
    }
    this.#requests++;
    try {
      const question = readDecideQuestion(await exchange.body(client, DECIDE_BODY_BYTES_MAX));
      exchange.json(
        200,
        await decisions.decide(question, question.requestId ?? exchange.requestId),
      );
    } finally {
      this.#requests--;
    }
  }
}

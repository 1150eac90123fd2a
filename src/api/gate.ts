// What stands before every endpoint: who is asking, whether the key may, whether the signature was seen
// before. A refusal of something that would change things is a management event.
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { Actor, State } from '../state/state.ts';
import { accessRefusal, permissionFor, type Permission } from './access.ts';
import { actorOf } from './actor.ts';
import type { ApiError } from './api-error.ts';
import type { Admitted, Authenticator } from './authenticator.ts';
import type { Exchange } from './exchange.ts';
import {
  REFUSALS_RECORDED_BURST,
  REFUSALS_RECORDED_PER_SECOND,
  SEEN_CHANGES_MAX,
  SEEN_INGESTS_MAX,
} from './limits.ts';
import { SeenSignatures } from './replay.ts';
import { RequestRate } from './request-rate.ts';

export interface GateOptions {
  readonly authenticator: Authenticator;
  readonly state?: State;
  readonly clock: Clock;
  readonly log: Log;
}

/** An act as a refusal's event names it. */
export interface WantedAct {
  /** The operation or request. */
  readonly name: string;
  readonly source: string;
  readonly resource: string;
}

/** See the head of this file. */
export class Gate {
  readonly authenticator: Authenticator;
  readonly #options: GateOptions;
  readonly #changes: SeenSignatures;
  readonly #ingests: SeenSignatures;
  readonly #recorded: RequestRate;
  #unrecorded = 0;

  constructor(options: GateOptions) {
    this.#options = options;
    this.authenticator = options.authenticator;
    // Apart, so that no number of events pushes out what changes the configuration.
    this.#changes = new SeenSignatures(options.clock, SEEN_CHANGES_MAX);
    this.#ingests = new SeenSignatures(options.clock, SEEN_INGESTS_MAX);
    this.#recorded = new RequestRate({
      perSecond: REFUSALS_RECORDED_PER_SECOND,
      burst: REFUSALS_RECORDED_BURST,
      clientsMax: 1,
    });
  }

  /**
   * Throws an ApiError unless the caller is known and may ask for the path. Where only the body proves
   * who it is, the rest is found out by `checkBody`.
   */
  admit(
    exchange: Exchange,
    options: { readonly apiKeyHeader?: boolean; readonly webhookKey?: string } = {},
  ): Admitted {
    const { apiKeyHeader, webhookKey } = options;
    const admitted = exchange.authenticate(this.authenticator, apiKeyHeader, webhookKey);
    // What an administrator alone may see is no change by being looked at.
    const looks = exchange.method === 'GET' || exchange.method === 'HEAD';
    const permission = permissionFor(exchange.path.replace(/&.*$/s, ''), looks);
    const act: WantedAct = {
      name: `${exchange.method} ${exchange.path.slice(0, 100)}`,
      source: 'mailtrail',
      resource: exchange.path.slice(0, 500),
    };
    const permit = (): void =>
      this.permit(admitted, permission, act, looks ? undefined : actorOf(exchange, admitted));
    if (admitted.proven) permit();
    return {
      ...admitted,
      checkBody: async (body) => {
        await admitted.checkBody(body);
        if (!admitted.proven) permit();
        if (!looks) await this.once(admitted, permission);
      },
    };
  }

  /**
   * Throws an ApiError of status 403 unless the key may; the caller must have proven to have it.
   *
   * @param actor whose refusal is recorded, unless he only wanted to look
   */
  permit(
    admitted: Admitted,
    permission: Permission,
    act: WantedAct,
    actor: Actor | undefined,
  ): void {
    const refusal = accessRefusal(admitted, permission, act.name);
    if (refusal === undefined) return;
    if (permission !== 'read' && actor !== undefined) this.#record(act, actor, refusal);
    throw refusal;
  }

  /** Rejects with an ApiError of status 429 when a request that changes something has a signature seen before. */
  async once({ signature }: Admitted, permission: Permission): Promise<void> {
    if (signature === undefined || permission === 'read') return;
    await (permission === 'admin' ? this.#changes : this.#ingests).take(signature);
  }

  /** In the background: who is refused need not wait for it. */
  #record(act: WantedAct, actor: Actor, refusal: ApiError): void {
    const { state, clock, log } = this.#options;
    if (state === undefined) return;
    if (!this.#recorded.take('', clock.now())) {
      this.#unrecorded++;
      return;
    }
    const more = this.#unrecorded > 0 ? ` (${this.#unrecorded} more were refused before)` : '';
    this.#unrecorded = 0;
    const recorded = state.record(actor, {
      eventName: act.name,
      eventSource: act.source,
      resource: act.resource,
      errorCode: refusal.code,
      errorMessage: `${refusal.message}${more}`,
    });
    recorded.catch((error: unknown) => {
      const reason = (error as Error).message;
      log.warn('a refusal could not be recorded', { operation: act.name, reason });
    });
  }
}

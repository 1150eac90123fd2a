// What the password databases said to the attempts that are in progress, until the attempts end.
import { textField, type DovecotEvent } from './event-line.ts';

/** Most attempts in progress whose passdb results are remembered; the oldest goes first. */
export const PASSDB_RESULTS_MAX = 10_000;
/** Most results of one attempt: as many passdbs as a site may have. */
const RESULTS_OF_ATTEMPT_MAX = 20;
/** How far back a passdb result is of interest, in bytes of log: its attempt ends at once. */
const PASSDB_RESULT_BYTES = 1024 * 1024;
/** Drivers that may take a token in place of a password. */
const TOKEN_DRIVERS = new Set(['lua', 'oauth2', 'checkpassword', 'dict']);

/** What an attempt's passdbs said, put together. */
export interface PassdbOutcome {
  /** Why it failed; undefined when no passdb was asked. */
  readonly reason: string | undefined;
  /** Whether every passdb said that there is no such user. */
  readonly userUnknown: boolean;
  /** Whether a passdb let it in that may take tokens. */
  readonly byToken: boolean;
  /** The place of the first of their lines. */
  readonly at: number;
}

/** In 2.3 `passdb` is the driver; in 2.4 it is the block's name, and the driver has a field of its own. */
function driverOf({ fields }: DovecotEvent): string | undefined {
  return textField(fields, 'passdb_driver') ?? textField(fields, 'passdb');
}

interface Results {
  readonly at: number;
  readonly given: { readonly result: string; readonly driver: string }[];
}

/** The results of one log's attempts in progress. */
export class PassdbResults {
  readonly #results = new Map<string, Results>();

  /**
   * A passdb has answered. Of a passdb that runs in a worker process two events tell, the worker's
   * and the service's own; only the worker's names a command.
   *
   * @see Dovecot 2.3 src/auth/auth-worker-client.c
   */
  add(attempt: string, event: DovecotEvent, at: number): void {
    const result = textField(event.fields, 'result');
    if (result === undefined || textField(event.fields, 'command') !== undefined) return;
    const known = this.#results.get(attempt);
    const given = { result, driver: driverOf(event) ?? '' };
    if (known !== undefined) {
      if (known.given.length < RESULTS_OF_ATTEMPT_MAX) known.given.push(given);
      return;
    }
    if (this.#results.size >= PASSDB_RESULTS_MAX) {
      for (const oldest of this.#results.keys()) {
        this.#results.delete(oldest);
        break;
      }
    }
    this.#results.set(attempt, { at, given: [given] });
  }

  /** The attempt has ended. The last passdb that knew the user tells why it failed. */
  take(attempt: string): PassdbOutcome | undefined {
    const results = this.#results.get(attempt);
    if (results === undefined) return undefined;
    this.#results.delete(attempt);
    const refusals = results.given.filter(({ result }) => result !== 'ok');
    const knew = refusals.filter(({ result }) => result !== 'user_unknown');
    const last = results.given.at(-1);
    return {
      reason: (knew.at(-1) ?? refusals.at(-1))?.result,
      userUnknown: refusals.length > 0 && knew.length === 0,
      byToken: last?.result === 'ok' && TOKEN_DRIVERS.has(last.driver),
      at: results.at,
    };
  }

  /** The place of the oldest line that an attempt in progress needs. */
  openFrom(at: number): number | undefined {
    for (const { at: place } of this.#results.values()) {
      if (place >= at - PASSDB_RESULT_BYTES) return place;
    }
    return undefined;
  }
}

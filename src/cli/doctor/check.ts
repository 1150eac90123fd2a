// What a check of `doctor` says.
import type { Loss } from './losses.ts';

export type CheckStatus = 'ok' | 'warn' | 'fail' | 'skip';

export interface Check {
  /** What was looked at: `data directory`, `Dovecot`. */
  readonly area: string;
  readonly status: CheckStatus;
  readonly message: string;
  /** What to do; with a warning or failure always. */
  readonly remedy?: string;
  /** Lines that are missing somewhere. */
  readonly snippet?: string;
  /** Events or fields that are not told because of it. */
  readonly lost?: readonly Loss[];
}

/** Makes the checks of one area. */
export interface Area {
  ok(message: string): Check;
  /** There is nothing to look at, which is no fault. */
  skip(message: string): Check;
  warn(message: string, remedy: string, snippet?: string): Check;
  fail(message: string, remedy: string, snippet?: string): Check;
}

export function area(name: string): Area {
  const make = (
    status: CheckStatus,
    message: string,
    remedy?: string,
    snippet?: string,
  ): Check => ({
    area: name,
    status,
    message,
    ...(remedy !== undefined && { remedy }),
    ...(snippet !== undefined && snippet !== '' && { snippet }),
  });
  return {
    ok: (message) => make('ok', message),
    skip: (message) => make('skip', message),
    warn: (message, remedy, snippet) => make('warn', message, remedy, snippet),
    fail: (message, remedy, snippet) => make('fail', message, remedy, snippet),
  };
}

/** The same finding with what is lost by it. */
export function losing(check: Check, lost: readonly Loss[]): Check {
  return lost.length === 0 ? check : { ...check, lost };
}

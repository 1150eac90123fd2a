// A log record of OTLP, whichever way it was encoded, and the values in it as plain JavaScript.
import { OTLP_DEPTH_MAX, OTLP_VALUES_MAX } from './limits.ts';

/** Attributes by their keys. */
export type Attributes = Readonly<Record<string, unknown>>;

/** What the spec calls LogRecord, with the resource it is of. Absent is what was not sent. */
export interface OtlpLogRecord {
  readonly resource: Attributes;
  /** The name of the instrumentation scope. */
  readonly scope?: string;
  /** When it happened, or else when it was seen, in ms since the Unix epoch. */
  readonly timeMs?: number;
  readonly severityText?: string;
  readonly eventName?: string;
  /** In hex. */
  readonly traceId?: string;
  readonly spanId?: string;
  readonly body?: unknown;
  readonly attributes: Attributes;
}

/** A record, or why it cannot be read. */
export type ReadOtlpRecord =
  | { readonly ok: true; readonly record: OtlpLogRecord }
  | { readonly ok: false; readonly reason: string };

/** Bytes that are no record: the record is refused, or the request where none can be told apart. */
export class OtlpError extends Error {
  override readonly name = 'OtlpError';
}

/** A request with more records than are taken. */
export class OtlpTooLargeError extends OtlpError {}

/** Counts the values of one record against their limits. */
export class ValueBudget {
  #values = 0;

  /** Throws an OtlpError where a value is one too many or too deep. */
  take(depth: number): void {
    if (++this.#values > OTLP_VALUES_MAX)
      throw new OtlpError(`more than ${OTLP_VALUES_MAX} values`);
    if (depth > OTLP_DEPTH_MAX) throw new OtlpError(`nested deeper than ${OTLP_DEPTH_MAX} levels`);
  }
}

/**
 * The attributes as an object whose keys are its own whatever they are called. Throws an OtlpError when a key
 * is there twice: which of the two would count is for nobody to guess.
 *
 * @see OpenTelemetry common.proto, KeyValueList: keys must be unique
 */
export function attributesOf(pairs: readonly (readonly [string, unknown])[]): Attributes {
  const keys = new Set<string>();
  for (const [key] of pairs) {
    if (keys.has(key)) throw new OtlpError(`the key ${shown(key)} is there twice`);
    keys.add(key);
  }
  return Object.fromEntries(pairs);
}

/** Text of a stranger as a reason may quote it. */
export function shown(text: string): string {
  return JSON.stringify(text.slice(0, 60));
}

/** An integer: a number where it is exact, and its digits where it is not. */
export function integerOf(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value.toString();
}

const NS_PER_MS = 1_000_000n;

/** Milliseconds of the first time that is known; 0 means unknown. */
export function timeMsOf(...times: readonly bigint[]): number | undefined {
  const known = times.find((ns) => ns !== 0n);
  return known === undefined ? undefined : Number(known / NS_PER_MS);
}

/** A double as JSON can say it: those that are no number as their word, e.g. `NaN`. */
export function doubleOf(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

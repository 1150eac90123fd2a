// Lines that vouch for each other: each ends with a checksum over itself and the line before, so that a torn
// end, a changed byte and a missing line are all seen. They stay JSON, one object a line.
import { createHash } from 'node:crypto';

const SEALED = /^(.*),"_sum":"([0-9a-f]{64})"\}$/s;

function sumOf(previous: string, body: string): string {
  return createHash('sha256').update(previous).update(body).digest('hex');
}

/** A line and the checksum that the next one is made with. */
export interface ChainedLine {
  readonly line: string;
  readonly sum: string;
}

/** The object as a line behind the one with the checksum `previous`; the first has none. */
export function chainedLine(value: object, previous: string): ChainedLine {
  const body = JSON.stringify(value).slice(0, -1);
  const sum = sumOf(previous, body);
  return { line: `${body},"_sum":"${sum}"}\n`, sum };
}

/** The object of a line without its newline, or undefined when it is not what was written there. */
export function readChainedLine(
  line: string,
  previous: string,
): { readonly value: Readonly<Record<string, unknown>>; readonly sum: string } | undefined {
  const [, body, sum] = SEALED.exec(line) ?? [];
  if (body === undefined || sum === undefined || sumOf(previous, body) !== sum) return undefined;
  return { value: JSON.parse(`${body}}`) as Readonly<Record<string, unknown>>, sum };
}

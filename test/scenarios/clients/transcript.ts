// What the clients of a scenario did and what they were answered, in their own order: kept beside the
// recorded logs so that an expected event can be checked against what caused it.

/** Longest text of an answer that is kept, in characters: enough to see what it was. */
const ANSWER_LENGTH_MAX = 300;

/** One thing a client did. */
export interface Step {
  /** Which client: protocol, address and port, e.g. `imap 192.0.2.7:40001`. */
  readonly client: string;
  /** What it sent; bytes that are no text are shown as \xNN. */
  readonly did: string;
  /** The end of the answer: the tagged line, the status line, an exit code. */
  readonly answer?: string;
}

/** Shows bytes as text that is safe in a terminal and a diff. */
export function shown(data: string | Buffer): string {
  const text = typeof data === 'string' ? data : data.toString('latin1');
  return text.replace(/[^\P{Cc}\n]/gu, (c) =>
    c === '\r' ? '' : `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}

/** The steps of one scenario. */
export class Transcript {
  readonly steps: Step[] = [];

  add(client: string, did: string | Buffer, answer?: string): void {
    this.steps.push({
      client,
      did: shown(did),
      ...(answer !== undefined && { answer: shown(answer).slice(0, ANSWER_LENGTH_MAX) }),
    });
  }
}

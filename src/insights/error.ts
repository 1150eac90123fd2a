// How a query's mistakes are told: a message and the characters of the text it is about.

/** Character offsets in the query's text; `end` is after the last character. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** What is wrong with a query; the shape of MalformedQueryException's compile error. */
export interface QueryError extends Span {
  readonly message: string;
  /** The log group that `SOURCE` names and that does not exist, when that is what is wrong. */
  readonly missingGroup?: string;
}

/** Thrown inside the compiler and turned into a QueryError at its border, in index.ts. */
export class MalformedQuery extends Error implements QueryError {
  override readonly name = 'MalformedQuery';
  readonly start: number;
  readonly end: number;
  readonly missingGroup?: string;

  constructor(message: string, { start, end }: Span, missingGroup?: string) {
    super(message);
    this.start = start;
    this.end = end;
    if (missingGroup !== undefined) this.missingGroup = missingGroup;
  }
}

/** The place of an offset as AWS writes it: lines count from 1, positions in a line from 0. */
export function lineAndPosition(text: string, offset: number): string {
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  return `line ${line} and position ${offset - (before.lastIndexOf('\n') + 1)}`;
}

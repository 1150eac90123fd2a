// What is fuzzed: a name, and one attempt at breaking it.
import type fc from 'fast-check';

/** One thing to fuzz. */
export interface FuzzTarget {
  readonly name: string;
  /** A property that holds for every input; fast-check makes the inputs and shrinks what breaks it. */
  property(): fc.IRawProperty<unknown>;
}

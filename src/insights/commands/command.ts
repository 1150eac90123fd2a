// What the query language must know of a command: one definition each, in a file of its own.
import type { Command, Expression } from '../ast.ts';
import type { TokenCursor } from '../parse/token-cursor.ts';
import type { Planner } from '../plan/planner.ts';

/** An expression of a command and whether aggregate functions may stand in it. */
export interface Place {
  readonly expression: Expression;
  readonly aggregates: boolean;
}

export interface CommandDefinition<Node extends Command> {
  readonly kind: Node['kind'];
  /** The words it goes by; the first is the one it is printed with. */
  readonly keywords: readonly string[];
  /** One sentence, for completion. */
  readonly about: string;
  /** Reads what follows the keyword, which was taken; `start` is where it stood. */
  readonly parse: (cursor: TokenCursor, start: number) => Node;
  /** Writes the command so that it parses to the same node. */
  readonly print: (node: Node) => string;
  readonly places: (node: Node) => readonly Place[];
  /** Throws MalformedQuery for what `places` does not cover. */
  readonly check?: (node: Node) => void;
  /** Adds the command's stages to the plan. */
  readonly plan: (node: Node, planner: Planner) => void;
}

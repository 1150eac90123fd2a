// A state in memory: a double of src/state for tests of the API alone, made from the contract. It keeps
// what a change says, and what management events it would owe.
import type { DocumentKind, StateDocuments } from '../../src/state/documents.ts';
import type { Actor, State, StateChange, StateView } from '../../src/state/state.ts';

/** What was recorded, with who did it. */
export interface Recorded {
  readonly actor: Actor;
  readonly eventName: string;
  readonly resource: string;
}

export class MemoryState implements State {
  readonly recorded: Recorded[] = [];
  readonly #documents = new Map<string, Map<string, unknown>>();

  #of(kind: DocumentKind): Map<string, unknown> {
    const known = this.#documents.get(kind) ?? new Map<string, unknown>();
    this.#documents.set(kind, known);
    return known;
  }

  get<K extends DocumentKind>(kind: K, id: string): StateDocuments[K] | undefined {
    return this.#of(kind).get(id) as StateDocuments[K] | undefined;
  }

  *list<K extends DocumentKind>(kind: K): IterableIterator<readonly [string, StateDocuments[K]]> {
    const all = [...this.#of(kind)].toSorted(([a], [b]) => (a < b ? -1 : 1));
    for (const [id, document] of all) yield [id, document as StateDocuments[K]];
  }

  count(kind: DocumentKind): number {
    return this.#of(kind).size;
  }

  async change(actor: Actor, decide: (view: StateView) => StateChange | undefined): Promise<void> {
    const change = decide(this);
    if (change === undefined) return;
    for (const { kind, id, value } of change.changes) {
      if (value === undefined) this.#of(kind).delete(id);
      else this.#of(kind).set(id, value);
    }
    this.recorded.push({ actor, eventName: change.eventName, resource: change.resource });
  }

  record(actor: Actor, act: { eventName: string; resource: string }): Promise<void> {
    this.recorded.push({ actor, eventName: act.eventName, resource: act.resource });
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

// The documents as they are: what all changes so far come to.
import type { DocumentKind, StateDocuments } from './documents.ts';
import { DOCUMENTS_MAX } from './limits.ts';
import { type DocumentChange, StateError, type StateView } from './state.ts';

interface Kind {
  readonly documents: Map<string, unknown>;
  /** The ids in order; made when asked for and no longer right after a change of ids. */
  sorted: readonly string[] | undefined;
}

export class DocumentsFold implements StateView {
  readonly #kinds = new Map<string, Kind>();
  #version = 0;

  get version(): number {
    return this.#version;
  }

  #kind(kind: string): Kind {
    let known = this.#kinds.get(kind);
    if (known === undefined) {
      known = { documents: new Map(), sorted: undefined };
      this.#kinds.set(kind, known);
    }
    return known;
  }

  get<K extends DocumentKind>(kind: K, id: string): StateDocuments[K] | undefined {
    return this.#kind(kind).documents.get(id) as StateDocuments[K] | undefined;
  }

  *list<K extends DocumentKind>(kind: K): IterableIterator<readonly [string, StateDocuments[K]]> {
    const known = this.#kind(kind);
    known.sorted ??= [...known.documents.keys()].toSorted((a, b) => (a < b ? -1 : 1));
    for (const id of known.sorted) {
      yield [id, known.documents.get(id) as StateDocuments[K]];
    }
  }

  count(kind: DocumentKind): number {
    return this.#kind(kind).documents.size;
  }

  /** Every document there is, of all kinds. */
  *all(): IterableIterator<{
    readonly kind: string;
    readonly id: string;
    readonly value: unknown;
  }> {
    for (const [kind, { documents }] of this.#kinds) {
      for (const [id, value] of documents) yield { kind, id, value };
    }
  }

  /** Throws a StateError when the changes would make more documents of a kind than there may be. */
  check(changes: readonly DocumentChange[]): void {
    const added = new Map<DocumentKind, number>();
    for (const { kind, id, value } of changes) {
      const has = this.#kind(kind).documents.has(id);
      const more = value === undefined ? (has ? -1 : 0) : has ? 0 : 1;
      added.set(kind, (added.get(kind) ?? 0) + more);
    }
    for (const [kind, more] of added) {
      if (more > 0 && this.count(kind) + more > DOCUMENTS_MAX[kind]) {
        const message = `there are ${this.count(kind)} documents of the kind ${kind}; at most ${DOCUMENTS_MAX[kind]} are kept`;
        throw new StateError('limit', message);
      }
    }
  }

  apply(changes: readonly { kind: string; id: string; value?: unknown }[]): void {
    for (const { kind, id, value } of changes) {
      const known = this.#kind(kind);
      if (value === undefined || value === null) {
        if (known.documents.delete(id)) known.sorted = undefined;
      } else {
        if (!known.documents.has(id)) known.sorted = undefined;
        known.documents.set(id, value);
      }
    }
    this.#version++;
  }
}

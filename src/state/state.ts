// The contract of the state: everything that people make and change through the API, as the fold of
// an append-only change log. A change is durable, and its management event owed, before it is in force.
import type { DocumentKind, StateDocuments } from './documents.ts';

/** Who changes something, for the management event. */
export interface Actor {
  /** The access key id, or `local` for the server itself. */
  readonly userId: string;
  /** The address the request came from. */
  readonly sourceIp?: string;
  readonly userAgent?: string;
  readonly requestId?: string;
}

/** A document's new value; undefined deletes it. */
export type DocumentChange = {
  readonly [K in DocumentKind]: {
    readonly kind: K;
    readonly id: string;
    readonly value: StateDocuments[K] | undefined;
  };
}[DocumentKind];

/** One change, whole or not at all. */
export interface StateChange {
  /** The API operation, e.g. `CreateLogGroup`. */
  readonly eventName: string;
  /** e.g. `logs.amazonaws.com`, as CloudTrail names services; `mailtrail` for what AWS does not have. */
  readonly eventSource: string;
  /** What was changed, e.g. the ARN. */
  readonly resource: string;
  /** The first is what the management event tells before and after of; the others follow from it. */
  readonly changes: readonly DocumentChange[];
  /** Nobody decided it, e.g. when a key was last used: it has no management event. */
  readonly silent?: true;
}

/** An act that changes no document, or one that was refused. */
export interface RecordedAct {
  readonly eventName: string;
  readonly eventSource: string;
  readonly resource: string;
  /** What it asked for, e.g. the query of an export. */
  readonly after?: object;
  /** Only when it was refused. */
  readonly errorCode?: string;
  readonly errorMessage?: string;
}

/** The documents as they are now; not to be kept over an `await`. */
export interface StateView {
  get<K extends DocumentKind>(kind: K, id: string): StateDocuments[K] | undefined;
  /** All of a kind in the order of their ids by code unit. */
  list<K extends DocumentKind>(
    kind: K,
  ): IterableIterator<readonly [id: string, document: StateDocuments[K]]>;
  count(kind: DocumentKind): number;
  /** Another one after each change. */
  readonly version: number;
}

/**
 * The state. `change` rejects with what `decide` throws, which leaves everything as it was, or with
 * a StateError.
 */
export interface State extends StateView {
  /**
   * Asks `decide` what to change, one change after the other, so that nothing comes between its look
   * and the change. Resolves when the change is durable and in force; its management event, which is
   * durable with it, is in the journal then or, where the journal takes none, as soon as it does.
   * `undefined` means that there is nothing to change.
   */
  change(actor: Actor, decide: (view: StateView) => StateChange | undefined): Promise<void>;
  /** Writes the management event of an act that changes no document, e.g. an export, or of a refusal. */
  record(actor: Actor, act: RecordedAct): Promise<void>;
  status(): StateStatus;
  close(): Promise<void>;
}

export interface StateStatus {
  /** The number of the last change. */
  readonly changes: number;
  /** Of the change log. */
  readonly bytes: number;
  /** Management events that the journal did not take yet; absent when it has all. */
  readonly owed?: { readonly events: number; readonly reason: string };
}

export type StateErrorCode =
  /** the disk has no room: nothing was changed */
  | 'disk-full'
  /** the change log cannot be written, or the journal takes no events: try again later */
  | 'unavailable'
  /** more documents of the kind than there may be */
  | 'limit';

export class StateError extends Error {
  override readonly name = 'StateError';
  readonly code: StateErrorCode;
  constructor(code: StateErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

// What a session has learnt of the rights in the folder that it has selected. Dovecot answers OK to
// what an ACL forbids in it and does nothing; then only the silence of mail_log tells, which is also
// silent on what changes nothing. The owner's own folders have no ACL that binds him, but one may bind the
// master user who opened them: they are read-only then.
import type { FlagChange } from './flag-change.ts';
import { changesNothing, rightsNeeded } from './flag-change.ts';

/** Most messages of a folder whose flags are remembered; beyond it the oldest is forgotten. */
export const KNOWN_FLAGS_MAX = 1_000;

/** A folder that a session has selected. */
export class SelectedFolder {
  readonly path: string;
  /** Whether nothing can be changed in it. */
  readonly isReadOnly: boolean;
  readonly #proven = new Set<string>();
  readonly #flags = new Map<number, string>();

  constructor(path: string, isReadOnly: boolean) {
    this.path = path;
    this.isReadOnly = isReadOnly;
  }

  /** mail_log told of a change: it was allowed. */
  changed(change: FlagChange | undefined, uid: number, flags: string | undefined): void {
    for (const right of change === undefined ? [] : rightsNeeded(change)) this.#proven.add(right);
    if (flags === undefined) return;
    this.#flags.delete(uid);
    this.#flags.set(uid, flags);
    if (this.#flags.size <= KNOWN_FLAGS_MAX) return;
    for (const oldest of this.#flags.keys()) {
      this.#flags.delete(oldest);
      return;
    }
  }

  /**
   * Whether a change that mail_log told nothing of was denied: not where it could not change anything,
   * as far as the session told, nor where the session was seen to have the rights.
   */
  isDenied(change: FlagChange, uid: number | undefined): boolean {
    if (this.isReadOnly) return true;
    const flags = uid === undefined ? undefined : this.#flags.get(uid);
    if (flags !== undefined && changesNothing(change, flags)) return false;
    return !rightsNeeded(change).every((right) => this.#proven.has(right));
  }
}

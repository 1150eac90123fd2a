// The keys that open the API: the administrator's, which is a file, and those of the state. Found by
// access key id for signatures, and by the SHA-256 of the token for bearer tokens.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { ApiKeyDocument, KeyAccess } from '../state/documents.ts';
import type { State } from '../state/state.ts';
import { KEY_USE_NOTED_MS } from './limits.ts';

/** The keys of the administrator, from `DATA/credentials`. */
export interface ApiKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly bearerToken: string;
}

/** A key and what it may do. */
export interface ApiKey extends ApiKeys {
  readonly name: string;
  readonly access: KeyAccess;
}

/** What the administrator's key is called; no other has the name. */
export const ADMINISTRATOR = 'administrator';

export interface KeyRingOptions {
  /** The administrator's key now. */
  readonly keys: () => ApiKeys;
  /** Without it the administrator's key is the only one. */
  readonly state?: State;
  readonly clock: Clock;
  readonly log: Log;
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** Compares without telling by its time how much is right. */
export function sameSecret(a: string, b: string): boolean {
  return timingSafeEqual(digest(a), digest(b));
}

function keyOf(accessKeyId: string, document: ApiKeyDocument): ApiKey {
  const { name, access, secretAccessKey, bearerToken } = document;
  return { accessKeyId, name, access, secretAccessKey, bearerToken };
}

/** See the head of this file. */
export class KeyRing {
  readonly #options: KeyRingOptions;
  /** The access key id by the hash of the token: a hash's order tells nothing of the token. */
  #byToken = new Map<string, string>();
  /** Of the state that `#byToken` was made from. */
  #version = -1;
  /** When the use of a key was noted last, so that one is not noted twice while it is being written. */
  readonly #noted = new Map<string, number>();

  constructor(options: KeyRingOptions) {
    this.#options = options;
  }

  /** The administrator's key. */
  get administrator(): ApiKey {
    return { ...this.#options.keys(), name: ADMINISTRATOR, access: 'admin' };
  }

  /** The key with this id; ids are no secrets. */
  byAccessKeyId(accessKeyId: string): ApiKey | undefined {
    const { administrator } = this;
    if (accessKeyId === administrator.accessKeyId) return administrator;
    const document = this.#options.state?.get('api-key', accessKeyId);
    return document && keyOf(accessKeyId, document);
  }

  /** The key with this token. The comparisons take the same time whichever key it is of, if any. */
  byToken(token: string): ApiKey | undefined {
    const { administrator } = this;
    const isAdministrators = sameSecret(token, administrator.bearerToken);
    const id = this.#tokens().get(digest(token).toString('base64'));
    const found = id === undefined ? undefined : this.byAccessKeyId(id);
    if (isAdministrators) return administrator;
    return found !== undefined && sameSecret(token, found.bearerToken) ? found : undefined;
  }

  #tokens(): ReadonlyMap<string, string> {
    const { state } = this.#options;
    if (state !== undefined && state.version !== this.#version) this.#index(state);
    return this.#byToken;
  }

  /** Only keys that came since are hashed: the state changes for other reasons, too. */
  #index(state: State): void {
    const known = new Map([...this.#byToken].map(([token, id]) => [id, token]));
    const index = new Map<string, string>();
    for (const [id, { bearerToken }] of state.list('api-key')) {
      index.set(known.get(id) ?? digest(bearerToken).toString('base64'), id);
    }
    this.#byToken = index;
    this.#version = state.version;
  }

  /**
   * Notes in the background that the key was used, at most once an hour: who wants to know whether a
   * key is still needed does not look closer.
   */
  noteUse({ accessKeyId }: Pick<ApiKey, 'accessKeyId'>): void {
    const { state, clock, log } = this.#options;
    const document = state?.get('api-key', accessKeyId);
    if (state === undefined || document === undefined) return;
    const hourMs = Math.floor(clock.now() / KEY_USE_NOTED_MS) * KEY_USE_NOTED_MS;
    if ((document.lastUsedAtMs ?? 0) >= hourMs || this.#noted.get(accessKeyId) === hourMs) return;
    this.#noted.set(accessKeyId, hourMs);
    const noted = state.change({ userId: 'local' }, (view) => {
      const now = view.get('api-key', accessKeyId);
      if (now === undefined) {
        this.#noted.delete(accessKeyId);
        return undefined;
      }
      return {
        eventName: 'NoteApiKeyUse',
        eventSource: 'mailtrail',
        resource: accessKeyId,
        silent: true,
        changes: [{ kind: 'api-key', id: accessKeyId, value: { ...now, lastUsedAtMs: hourMs } }],
      };
    });
    noted.catch((error: unknown) => {
      log.warn('the last use of an API key was not noted', {
        accessKeyId,
        reason: (error as Error).message,
      });
    });
  }
}

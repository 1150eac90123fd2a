// /v1/keys: further keys are made, listed and revoked. A secret is shown once, when its key is made.
import { z } from 'zod';
import { makeCredentials, type RandomBytes } from '../config/credentials.ts';
import type { Clock } from '../platform/clock.ts';
import type { ApiKeyDocument, KeyAccess } from '../state/documents.ts';
import type { Actor, State } from '../state/state.ts';
import { ApiError } from './api-error.ts';
import { ADMINISTRATOR, type KeyRing } from './key-ring.ts';

const EVENT_SOURCE = 'mailtrail';
const ACCESSES = ['admin', 'read-only', 'ingest-only'] as const satisfies readonly KeyAccess[];
/** A name is read by people and stands in messages: as long as one line may be. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9 ._@:/-]{0,63}$/;

/** A key as it is listed. */
export interface KeyDescription {
  readonly accessKeyId: string;
  readonly name: string;
  readonly access: KeyAccess;
  /** ms since the Unix epoch; absent of the administrator's. */
  readonly createdTime?: number;
  /** To the hour; absent when it was never used. */
  readonly lastUsedTime?: number;
  /** False of the administrator's, which is a file. */
  readonly revocable: boolean;
}

/** A new key with its secrets, which are never told again. */
export interface CreatedKey extends KeyDescription {
  readonly secretAccessKey: string;
  readonly bearerToken: string;
}

export interface KeysOptions {
  readonly state?: State;
  readonly ring: KeyRing;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
}

const CreateInput = z.strictObject({
  name: z.string().regex(NAME, {
    error:
      'expected 1 to 64 letters, digits, spaces and . _ @ : / -, beginning with a letter or digit',
  }),
  access: z.enum(ACCESSES, { error: `expected one of ${ACCESSES.join(', ')}` }),
});

function invalid(message: string): ApiError {
  return new ApiError(400, 'InvalidParameterException', message);
}

function readInput(body: Buffer): z.infer<typeof CreateInput> {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch (error) {
    throw invalid(`the body is not JSON: ${(error as Error).message}`);
  }
  const read = CreateInput.safeParse(value);
  if (read.success) return read.data;
  const { path, message } = read.error.issues[0] ?? { path: [], message: 'not an object' };
  throw invalid(path.length === 0 ? message : `${path.join('.')}: ${message}`);
}

function describe(accessKeyId: string, document: ApiKeyDocument): KeyDescription {
  const { name, access, createdAtMs, lastUsedAtMs } = document;
  return {
    accessKeyId,
    name,
    access,
    createdTime: createdAtMs,
    ...(lastUsedAtMs !== undefined && { lastUsedTime: lastUsedAtMs }),
    revocable: true,
  };
}

/** See the head of this file. */
export class KeysEndpoint {
  readonly #options: KeysOptions;

  constructor(options: KeysOptions) {
    this.#options = options;
  }

  #state(): State {
    const { state } = this.#options;
    if (state !== undefined) return state;
    throw new ApiError(503, 'ServiceUnavailableException', 'this server keeps no further keys');
  }

  /** All keys, the administrator's first, without their secrets. */
  list(): readonly KeyDescription[] {
    const { state, ring } = this.#options;
    const { accessKeyId, name, access } = ring.administrator;
    const further = [...(state?.list('api-key') ?? [])].map(([id, key]) => describe(id, key));
    return [{ accessKeyId, name, access, revocable: false }, ...further];
  }

  /** Makes a key. Throws an ApiError, also when there is one of the name, or a StateError. */
  async create(body: Buffer, actor: Actor): Promise<CreatedKey> {
    const { clock, ring, randomBytes } = this.#options;
    const { name, access } = readInput(body);
    const { accessKeyId, secretAccessKey, bearerToken } = makeCredentials(randomBytes);
    const createdAtMs = clock.now();
    const value: ApiKeyDocument = { name, access, secretAccessKey, bearerToken, createdAtMs };
    await this.#state().change(actor, (view) => {
      const taken = [...view.list('api-key')].some(([, key]) => key.name === name);
      if (taken || name === ADMINISTRATOR) {
        const message = `there is a key ${JSON.stringify(name)} already; choose another name, or revoke that one`;
        throw new ApiError(409, 'ResourceAlreadyExistsException', message);
      }
      if (ring.byAccessKeyId(accessKeyId) !== undefined) {
        throw new Error('a random access key id is taken: the source of randomness is broken');
      }
      return {
        eventName: 'CreateApiKey',
        eventSource: EVENT_SOURCE,
        resource: accessKeyId,
        changes: [{ kind: 'api-key', id: accessKeyId, value }],
      };
    });
    return { ...describe(accessKeyId, value), secretAccessKey, bearerToken };
  }

  /** Revokes the key of the id; no request opens with it from then on. Throws an ApiError or a StateError. */
  async revoke(accessKeyId: string, actor: Actor): Promise<KeyDescription> {
    const { ring } = this.#options;
    if (accessKeyId === ring.administrator.accessKeyId) {
      const message =
        "this is the administrator's key, which is the file DATA/credentials: to have another one, remove the file and restart the server";
      throw new ApiError(403, 'AccessDeniedException', message);
    }
    let revoked: KeyDescription | undefined;
    await this.#state().change(actor, (view) => {
      const key = view.get('api-key', accessKeyId);
      if (key === undefined) {
        const message = `there is no key ${JSON.stringify(accessKeyId.slice(0, 128))}; "mailtrail keys list" tells which there are`;
        throw new ApiError(404, 'ResourceNotFoundException', message);
      }
      revoked = describe(accessKeyId, key);
      return {
        eventName: 'DeleteApiKey',
        eventSource: EVENT_SOURCE,
        resource: accessKeyId,
        changes: [{ kind: 'api-key', id: accessKeyId, value: undefined }],
      };
    });
    if (revoked === undefined) throw new Error('the state resolved without asking');
    return revoked;
  }
}

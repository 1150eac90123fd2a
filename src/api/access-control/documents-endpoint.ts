// /v1/access-rules, /v1/mobile-device-rules, /v1/mobile-device-overrides, /v1/impersonation-roles: what
// decides about access, as Mailtrail has it, with what AWS's operations cannot say: revisions, and
// conditions beyond WorkMail's.
import type { StateDocuments } from '../../state/documents.ts';
import type { Actor, State } from '../../state/state.ts';
import { ApiError } from '../api-error.ts';
import { type AccessActs, type AccessKind, AccessRefusal, overrideId } from './acts.ts';

/** How the documents of one kind are asked for and changed. */
export interface DocumentsPath {
  readonly kind: AccessKind;
  /** The member of the list's answer. */
  readonly list: string;
  readonly noun: string;
  /** The command that tells which there are. */
  readonly listedBy: string;
  /** AWS's names of the three changes. */
  readonly create: string;
  readonly update: string;
  readonly remove: string;
}

/** By their paths. */
export const DOCUMENT_PATHS: Readonly<Record<string, DocumentsPath>> = {
  '/v1/access-rules': {
    kind: 'access-rule',
    list: 'rules',
    noun: 'access control rule',
    listedBy: 'mailtrail rules list',
    create: 'PutAccessControlRule',
    update: 'PutAccessControlRule',
    remove: 'DeleteAccessControlRule',
  },
  '/v1/mobile-device-rules': {
    kind: 'mobile-device-rule',
    list: 'rules',
    noun: 'mobile device access rule',
    listedBy: 'mailtrail devices list',
    create: 'CreateMobileDeviceAccessRule',
    update: 'UpdateMobileDeviceAccessRule',
    remove: 'DeleteMobileDeviceAccessRule',
  },
  '/v1/mobile-device-overrides': {
    kind: 'mobile-device-override',
    list: 'overrides',
    noun: 'mobile device access override',
    listedBy: 'mailtrail device-overrides list',
    create: 'PutMobileDeviceAccessOverride',
    update: 'PutMobileDeviceAccessOverride',
    remove: 'DeleteMobileDeviceAccessOverride',
  },
  '/v1/impersonation-roles': {
    kind: 'impersonation-role',
    list: 'roles',
    noun: 'impersonation role',
    listedBy: 'mailtrail roles list',
    create: 'CreateImpersonationRole',
    update: 'UpdateImpersonationRole',
    remove: 'DeleteImpersonationRole',
  },
};

const REFUSALS = {
  invalid: [400, 'InvalidParameterException'],
  'not-found': [404, 'ResourceNotFoundException'],
  exists: [409, 'ResourceAlreadyExistsException'],
  conflict: [409, 'ConflictException'],
  declared: [409, 'ConflictException'],
  limit: [400, 'LimitExceededException'],
  'unknown-user': [400, 'EntityNotFoundException'],
} as const;

/** A mistake of who asks. */
export function invalid(message: string): ApiError {
  return new ApiError(400, 'InvalidParameterException', message);
}

/** The body as JSON. Throws an ApiError when it is none. */
export function parseBody(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch (error) {
    throw invalid(`the body is not JSON: ${(error as Error).message}`);
  }
}

/** `If-Match: "3"`, the revision that was seen. */
function revisionOf(ifMatch: string | undefined): { readonly revision?: number } {
  if (ifMatch === undefined) return {};
  const digits = /^"?(\d{1,15})"?$/.exec(ifMatch)?.[1];
  if (digits === undefined) throw invalid('If-Match: expected a revision, such as "3"');
  return { revision: Number(digits) };
}

type AccessDocument = StateDocuments[AccessKind];

export interface AccessDocumentsOptions {
  readonly state: Pick<State, 'get' | 'list'>;
  readonly acts: AccessActs;
}

/** The documents of one kind; see the head of this file. */
export class AccessDocumentsEndpoint {
  readonly #options: AccessDocumentsOptions;
  readonly #path: DocumentsPath;

  constructor(options: AccessDocumentsOptions, path: DocumentsPath) {
    this.#options = options;
    this.#path = path;
  }

  /** All of them in the order of their ids. */
  list(): Readonly<Record<string, readonly AccessDocument[]>> {
    const { kind, list } = this.#path;
    return { [list]: [...this.#options.state.list(kind)].map(([, document]) => document) };
  }

  /** The one with the id. Throws an ApiError when there is none. */
  get(id: string): AccessDocument {
    const document = this.#options.state.get(this.#path.kind, this.#idOf(id));
    if (document === undefined) throw this.#notFound(id);
    return document;
  }

  /** Makes or changes the one with the id. Throws an ApiError or a StateError. */
  async put(
    id: string,
    body: Buffer,
    ifMatch: string | undefined,
    actor: Actor,
  ): Promise<AccessDocument> {
    const { kind, noun, create, update } = this.#path;
    const input = parseBody(body);
    if (typeof input !== 'object' || input === null || Array.isArray(input)) {
      throw invalid(`the body must be a JSON object with the fields of an ${noun}`);
    }
    const named = this.#named(id, input);
    const isThere = this.#options.state.get(kind, this.#idOf(id)) !== undefined;
    const act = { actor, eventName: isThere ? update : create, ...revisionOf(ifMatch) };
    return refusalsTold(this.#options.acts.put(kind, named, act));
  }

  /** Removes the one with the id, which it resolves with. Throws an ApiError or a StateError. */
  async remove(id: string, ifMatch: string | undefined, actor: Actor): Promise<AccessDocument> {
    const { kind, remove: eventName } = this.#path;
    const document = this.get(id);
    const act = { actor, eventName, ...revisionOf(ifMatch) };
    const removed = await refusalsTold(this.#options.acts.remove(kind, this.#idOf(id), act));
    if (!removed) throw this.#notFound(id);
    return document;
  }

  /** The id in the state: of an override `USER:DEVICE`, however the two are written. */
  #idOf(id: string): string {
    if (this.#path.kind !== 'mobile-device-override') return id;
    const { userId, deviceId } = partsOfOverride(id);
    return overrideId(this.#options.acts.userIdOf(userId), deviceId);
  }

  /** The fields with the id of the path, which the body may repeat and not contradict. */
  #named(id: string, input: object): object {
    const { kind } = this.#path;
    if (kind === 'mobile-device-override') {
      const named = { ...partsOfOverride(id), ...input };
      const { userId, deviceId } = named as Readonly<Record<'userId' | 'deviceId', unknown>>;
      if (this.#idOf(`${String(userId)}:${String(deviceId)}`) === this.#idOf(id)) return named;
      throw invalid(
        `userId, deviceId: the path says ${JSON.stringify(id)}, the body something else`,
      );
    }
    const field = kind === 'access-rule' ? 'name' : 'id';
    const said = (input as Readonly<Record<string, unknown>>)[field];
    if (said === undefined || said === id) return { ...input, [field]: id };
    throw invalid(`${field}: the path says ${JSON.stringify(id)}, the body something else`);
  }

  #notFound(id: string): ApiError {
    const { noun, listedBy } = this.#path;
    const message = `there is no ${noun} ${JSON.stringify(id.slice(0, 128))}; "${listedBy}" tells which there are`;
    return new ApiError(404, 'ResourceNotFoundException', message);
  }
}

/** A device's id has no colon; a user's may. */
function partsOfOverride(id: string): { readonly userId: string; readonly deviceId: string } {
  const colon = id.lastIndexOf(':');
  return { userId: id.slice(0, Math.max(colon, 0)), deviceId: id.slice(colon + 1) };
}

/** Refusals as the API tells them. */
export async function refusalsTold<T>(change: Promise<T>): Promise<T> {
  try {
    return await change;
  } catch (error) {
    if (!(error instanceof AccessRefusal)) throw error;
    const [status, code] = REFUSALS[error.code];
    throw new ApiError(status, code, error.message, { cause: error });
  }
}

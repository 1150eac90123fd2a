// Who may do what: a table of what each kind of key may, and one of what each path needs.
import type { KeyAccess } from '../state/documents.ts';
import { ApiError } from './api-error.ts';

/** What a caller must be allowed: to ask, to bring events, or to change things. */
export type Permission = 'read' | 'ingest' | 'admin';

const MAY: Readonly<Record<KeyAccess, readonly Permission[]>> = {
  admin: ['read', 'ingest', 'admin'],
  'read-only': ['read'],
  'ingest-only': ['ingest'],
};

const MAY_IN_WORDS: Readonly<Record<KeyAccess, string>> = {
  admin: 'everything',
  'read-only': 'ask and export, and nothing else',
  'ingest-only': 'bring events and answer for mail servers, and nothing else',
};

/** What must be allowed who asks for a path; the operations of the AWS API say it each for themselves. */
const NEEDED: Readonly<Record<string, Permission>> = {
  '/v1/events': 'ingest',
  '/v1/logs': 'ingest',
  '/dovecot/policy': 'ingest',
  '/v1/decide': 'ingest',
  '/v1/query': 'read',
  '/v1/export': 'read',
  '/v1/groups': 'read',
  '/v1/tail': 'read',
  '/v1/status': 'read',
  '/v1/keys': 'admin',
  '/v1/access-rules': 'admin',
  '/v1/mobile-device-rules': 'admin',
  '/v1/mobile-device-overrides': 'admin',
  '/v1/impersonation-roles': 'admin',
  '/v1/access-effect': 'read',
  '/v1/device-effect': 'read',
  '/v1/deliveries': 'admin',
};

/** Only an administrator changes what lies there, and whoever may ask may see it. */
const SEEN_BY_READERS: ReadonlySet<string> = new Set([
  '/v1/access-rules',
  '/v1/mobile-device-rules',
  '/v1/mobile-device-overrides',
  '/v1/impersonation-roles',
  '/v1/deliveries',
]);

/**
 * What a path needs, itself or the longest one that it lies under; everything else needs `admin`.
 *
 * @param looks whether it is only looked at, by GET or HEAD
 */
export function permissionFor(path: string, looks: boolean): Permission {
  for (let at = path; at !== ''; at = at.slice(0, at.lastIndexOf('/'))) {
    const needed = Object.hasOwn(NEEDED, at) ? NEEDED[at] : undefined;
    if (needed !== undefined) return looks && SEEN_BY_READERS.has(at) ? 'read' : needed;
  }
  return 'admin';
}

/** A key as far as its permissions go. */
export interface KeyHolder {
  readonly name: string;
  readonly access: KeyAccess;
}

/**
 * Why the key may not do it, which names what it may.
 *
 * @param what the operation or request, e.g. `POST /v1/keys`
 */
export function accessRefusal(
  { name, access }: KeyHolder,
  permission: Permission,
  what: string,
): ApiError | undefined {
  if (MAY[access].includes(permission)) return undefined;
  const message = `the key ${JSON.stringify(name)} is ${access}: it may ${MAY_IN_WORDS[access]}; ${what} takes another key ("mailtrail keys create")`;
  return new ApiError(403, 'AccessDeniedException', message);
}

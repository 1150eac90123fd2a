// Every change of what decides about access: rules, device rules, overrides, roles, tokens. The WorkMail
// operations, the REST paths and the configuration file all change them here, so that all are checked
// alike, a stale change is refused, and each is one management event with before and after.
import { createHash } from 'node:crypto';
import { DEFAULT_RULE } from '../../access/decide.ts';
import { validateRole } from '../../access/impersonation-role.ts';
import { DEFAULT_DEVICE_RULE } from '../../access/mobile-device.ts';
import { validateDeviceRule, validateOverride } from '../../access/mobile-device-rule.ts';
import { validateRule } from '../../access/rule.ts';
import type { Problem, Validation } from '../../access/validation.ts';
import type { Clock } from '../../platform/clock.ts';
import type { StateDocuments } from '../../state/documents.ts';
import type { Actor, State, StateView } from '../../state/state.ts';

export const WORKMAIL_EVENT_SOURCE = 'workmail.amazonaws.com';

/** How long a token is good for, in ms. @see AWS WorkMail API, AssumeImpersonationRole */
export const TOKEN_MS = 15 * 60_000;
const TOKEN_BYTES = 32;

/** The kinds of documents that are checked and counted. */
export type AccessKind =
  | 'access-rule'
  | 'mobile-device-rule'
  | 'mobile-device-override'
  | 'impersonation-role';

type Said<K extends AccessKind> = Omit<
  StateDocuments[K],
  'revision' | 'createdAtMs' | 'modifiedAtMs' | 'declared'
>;

/** Why a change was refused. */
export type AccessRefusalCode =
  /** what it says cannot be; `problems` says where */
  | 'invalid'
  | 'not-found'
  /** there is one already */
  | 'exists'
  /** it was changed since it was looked at */
  | 'conflict'
  /** it is in the configuration file, and changed there */
  | 'declared'
  /** there are as many as there may be */
  | 'limit'
  /** it is about a user who is not in the directory */
  | 'unknown-user';

export class AccessRefusal extends Error {
  override readonly name = 'AccessRefusal';
  readonly code: AccessRefusalCode;
  readonly problems: readonly Problem[];
  constructor(code: AccessRefusalCode, message: string, problems: readonly Problem[] = []) {
    super(message);
    this.code = code;
    this.problems = problems;
  }
}

/** Who changes something, and what for. */
export interface Act {
  readonly actor: Actor;
  /** e.g. `PutAccessControlRule` */
  readonly eventName: string;
  /** `put` makes or changes, `create` refuses what is there, `update` what is not; `put` when undefined. */
  readonly how?: 'put' | 'create' | 'update';
  /** The revision that was seen, 0 for none; any when undefined. */
  readonly revision?: number;
}

export interface AccessActsOptions {
  readonly state: State;
  readonly clock: Pick<Clock, 'now'>;
  readonly randomBytes: (length: number) => Uint8Array;
  /** The one name of a user who may be called in several ways. */
  readonly userIdOf: (name: string) => string;
  /** Most documents of a kind, where an organization wants WorkMail's limits. */
  readonly limits?: () => Partial<Record<AccessKind, number>>;
  /** Whether there is such a user; everybody is one when undefined. */
  readonly isUser?: (name: string) => boolean;
}

interface KindOf<K extends AccessKind> {
  readonly noun: string;
  readonly check: (input: unknown) => Validation<Said<K>>;
  readonly idOf: (said: Said<K>, userIdOf: (name: string) => string) => string;
}

/** The id of an override. */
export function overrideId(userId: string, deviceId: string): string {
  return `${userId}:${deviceId.toLowerCase()}`;
}

const KINDS: { readonly [K in AccessKind]: KindOf<K> } = {
  'access-rule': {
    noun: 'access control rule',
    check: (input) => {
      const checked = validateRule(input);
      return checked.ok ? { ok: true, value: checked.rule } : checked;
    },
    idOf: ({ name }) => name,
  },
  'mobile-device-rule': {
    noun: 'mobile device access rule',
    check: validateDeviceRule,
    idOf: ({ id }) => id,
  },
  'mobile-device-override': {
    noun: 'mobile device access override',
    check: validateOverride,
    idOf: ({ userId, deviceId }, userIdOf) => overrideId(userIdOf(userId), deviceId),
  },
  'impersonation-role': {
    noun: 'impersonation role',
    check: validateRole,
    idOf: ({ id }) => id,
  },
};

/** What the first rule of every organization is on record for. */
const MADE_WITH_ORGANIZATION = { revision: 1 } as const;

/** What a document says, without who made it when. */
export function saidBy<K extends AccessKind>(document: StateDocuments[K]): Said<K> {
  const { revision: _, createdAtMs: _1, modifiedAtMs: _2, declared: _3, ...said } = document;
  return said;
}

/** The members of all kinds that name users. */
interface UsersNamed {
  readonly userId?: string;
  readonly userIds?: readonly string[];
  readonly notUserIds?: readonly string[];
  readonly rules?: readonly {
    readonly targetUsers?: readonly string[];
    readonly notTargetUsers?: readonly string[];
  }[];
}

function usersIn({ userId, userIds = [], notUserIds = [], rules = [] }: UsersNamed): string[] {
  const targets = rules.flatMap(({ targetUsers = [], notTargetUsers = [] }) => [
    ...targetUsers,
    ...notTargetUsers,
  ]);
  return [...(userId === undefined ? [] : [userId]), ...userIds, ...notUserIds, ...targets];
}

function tokenId(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** See the head of this file. */
export class AccessActs {
  readonly #options: AccessActsOptions;

  constructor(options: AccessActsOptions) {
    this.#options = options;
  }

  /**
   * Makes or changes a document. Resolves with it once it is durable and in force; nothing is changed,
   * and no event told, where it is that already. Rejects with an AccessRefusal or a StateError.
   */
  async put<K extends AccessKind>(kind: K, input: unknown, act: Act): Promise<StateDocuments[K]> {
    return this.#put(kind, input, act, false);
  }

  /** Removes a document; false when there is none. Rejects as `put` does. */
  async remove(kind: AccessKind, id: string, act: Act): Promise<boolean> {
    return this.#remove(kind, id, act, false);
  }

  /** The one name of a user who may be called in several ways. */
  userIdOf(name: string): string {
    return this.#options.userIdOf(name);
  }

  async #put<K extends AccessKind>(
    kind: K,
    input: unknown,
    act: Act,
    declared: boolean,
  ): Promise<StateDocuments[K]> {
    const { noun, check, idOf } = KINDS[kind] as unknown as KindOf<K>;
    const checked = check(input);
    if (!checked.ok) {
      const told = checked.problems.map(({ path, message }) => `${path || noun}: ${message}`);
      throw new AccessRefusal('invalid', told.join('; '), checked.problems);
    }
    if (!declared) this.#refuseUnknownUsers(checked.value as UsersNamed);
    const id = idOf(checked.value, this.#options.userIdOf);
    let document: StateDocuments[K] | undefined;
    await this.#options.state.change(act.actor, (view) => {
      const known = view.get(kind, id);
      this.#refuse(kind, id, act, known);
      if (!declared) refuseDeclared(kind, id, known);
      if (known === undefined && !declared) this.#refuseMore(kind, view);
      const nowMs = this.#options.clock.now();
      document = {
        ...checked.value,
        revision: (known?.revision ?? 0) + 1,
        createdAtMs: known?.createdAtMs ?? nowMs,
        modifiedAtMs: nowMs,
        ...(declared && { declared: true }),
      } as unknown as StateDocuments[K];
      if (known !== undefined && textOf(known) === textOf(document)) {
        document = known;
        return undefined;
      }
      return this.#change(act, id, { kind, id, value: document });
    });
    if (document === undefined) throw new Error('the state resolved without asking');
    return document;
  }

  async #remove(kind: AccessKind, id: string, act: Act, declared: boolean): Promise<boolean> {
    let found = false;
    await this.#options.state.change(act.actor, (view) => {
      const known = view.get(kind, id);
      found = known !== undefined;
      this.#refuse(kind, id, { ...act, how: 'put' }, known);
      if (!declared) refuseDeclared(kind, id, known);
      return found ? this.#change(act, id, { kind, id, value: undefined }) : undefined;
    });
    return found;
  }

  #change(
    { eventName }: Act,
    resource: string,
    change: { readonly kind: AccessKind; readonly id: string; readonly value: unknown },
  ): ReturnType<Parameters<State['change']>[1]> {
    // The kind and the value belong together, which the type of the caller says.
    const changes = [change] as unknown as NonNullable<
      ReturnType<Parameters<State['change']>[1]>
    >['changes'];
    return { eventName, eventSource: WORKMAIL_EVENT_SOURCE, resource, changes };
  }

  #refuse(
    kind: AccessKind,
    id: string,
    { how = 'put', revision }: Act,
    known: { readonly revision: number } | undefined,
  ): void {
    const name = `${KINDS[kind].noun} ${JSON.stringify(id)}`;
    if (how === 'create' && known !== undefined) {
      throw new AccessRefusal('exists', `there is already the ${name}`);
    }
    if (how === 'update' && known === undefined) {
      throw new AccessRefusal('not-found', `there is no ${name}`);
    }
    if (revision !== undefined && revision !== (known?.revision ?? 0)) {
      const now = known === undefined ? 'there is none' : `it is at revision ${known.revision}`;
      const message = `the ${name} was changed meanwhile: revision ${revision} was seen, now ${now}; look at it again`;
      throw new AccessRefusal('conflict', message);
    }
  }

  /** Throws for a user who is not in the directory, if there is one. */
  refuseUnknownUser(name: string): void {
    if (this.#options.isUser?.(name) !== false) return;
    const message = `there is no user ${JSON.stringify(name)} in the directory`;
    throw new AccessRefusal('unknown-user', message);
  }

  #refuseUnknownUsers(said: UsersNamed): void {
    for (const name of usersIn(said)) this.refuseUnknownUser(name);
  }

  #refuseMore(kind: AccessKind, view: StateView): void {
    const most = this.#options.limits?.()[kind];
    if (most === undefined || view.count(kind) < most) return;
    throw new AccessRefusal('limit', `there may be at most ${most} ${KINDS[kind].noun}s`);
  }

  /**
   * Gives a new organization its first rules, which allow everything, once.
   *
   * @see AWS WorkMail administrator guide, "Working with access control rules": the default rule
   */
  async begin(organization: string, actor: Actor): Promise<void> {
    await this.#options.state.change(actor, (view) => {
      if (view.count('organization') > 0) return undefined;
      const createdAtMs = this.#options.clock.now();
      const made = { ...MADE_WITH_ORGANIZATION, createdAtMs, modifiedAtMs: createdAtMs };
      return {
        eventName: 'CreateOrganization',
        eventSource: WORKMAIL_EVENT_SOURCE,
        resource: organization,
        changes: [
          { kind: 'organization', id: organization, value: { createdAtMs } },
          { kind: 'access-rule', id: DEFAULT_RULE.name, value: { ...DEFAULT_RULE, ...made } },
          {
            kind: 'mobile-device-rule',
            id: DEFAULT_DEVICE_RULE.id,
            value: { ...DEFAULT_DEVICE_RULE, ...made },
          },
        ],
      };
    });
  }

  /**
   * Makes the declared documents of a kind those that the configuration file has: each that differs is
   * one change, and what is declared no longer is removed.
   */
  async declare<K extends AccessKind>(
    kind: K,
    wanted: readonly Said<K>[],
    names: { readonly put: string; readonly remove: string },
    actor: Actor,
  ): Promise<void> {
    const { state, userIdOf } = this.#options;
    const { idOf } = KINDS[kind] as unknown as KindOf<K>;
    const ids = new Set(wanted.map((said) => idOf(said, userIdOf)));
    for (const said of wanted) await this.#put(kind, said, { actor, eventName: names.put }, true);
    const gone = [...state.list(kind)].filter(([id, { declared }]) => declared && !ids.has(id));
    for (const [id] of gone) await this.#remove(kind, id, { actor, eventName: names.remove }, true);
  }

  /** Gives somebody a token for a role. Rejects with an AccessRefusal where there is no such role. */
  async assumeRole(
    roleId: string,
    actor: Actor,
  ): Promise<{ readonly token: string; readonly expiresInSeconds: number }> {
    const { state, clock, randomBytes } = this.#options;
    const token = Buffer.from(randomBytes(TOKEN_BYTES)).toString('base64url');
    await state.change(actor, (view) => {
      if (view.get('impersonation-role', roleId) === undefined) {
        throw new AccessRefusal(
          'not-found',
          `there is no impersonation role ${JSON.stringify(roleId)}`,
        );
      }
      const createdAtMs = clock.now();
      const value = { roleId, createdAtMs, expiresAtMs: createdAtMs + TOKEN_MS };
      const over = [...view.list('impersonation-token')].filter(
        ([, { expiresAtMs }]) => expiresAtMs <= createdAtMs,
      );
      return {
        eventName: 'AssumeImpersonationRole',
        eventSource: WORKMAIL_EVENT_SOURCE,
        resource: roleId,
        changes: [
          { kind: 'impersonation-token', id: tokenId(token), value },
          ...over.map(([id]) => ({ kind: 'impersonation-token' as const, id, value: undefined })),
        ],
      };
    });
    return { token, expiresInSeconds: TOKEN_MS / 1000 };
  }

  /** The role of a token that is still good. */
  roleOfToken(token: string): string | undefined {
    const { state, clock } = this.#options;
    const known = state.get('impersonation-token', tokenId(token));
    return known !== undefined && known.expiresAtMs > clock.now() ? known.roleId : undefined;
  }
}

function refuseDeclared(
  kind: AccessKind,
  id: string,
  known: { readonly declared?: true } | undefined,
): void {
  if (known?.declared !== true) return;
  const message = `the ${KINDS[kind].noun} ${JSON.stringify(id)} is declared in the configuration file; change it there and send the server SIGHUP`;
  throw new AccessRefusal('declared', message);
}

/** What a document says as text; who declares it counts, when it was changed does not. */
function textOf(document: object): string {
  return JSON.stringify(
    Object.entries(document)
      .filter(([name]) => !['revision', 'createdAtMs', 'modifiedAtMs'].includes(name))
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
}

// The rules in force: the state's rules, device rules, overrides and roles, compiled into the policy of this
// moment. Whoever enforces asks for it at each attempt. A policy never changes; a change of the state makes
// another one, and a decision that is under way ends with the one it has.
import { randomBytes } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { CountryDatabase, DATABASE_BYTES_MAX } from './access/country-database.ts';
import type { AccessFacts } from './access/decision.ts';
import { UNCONTROLLED, type AccessInForce } from './access/evaluation.ts';
import { compilePolicy, type AccessPolicy } from './access/policy.ts';
import { AccessActs, type AccessKind } from './api/access-control/acts.ts';
import { comparableLogin, type UserDirectory } from './directory/user-directory.ts';
import { FollowedUsers, readUsers } from './directory/followed-users.ts';
import { masterUserAcl, type MasterUser } from './collect/dovecot/master-user-acl.ts';
import type { AccessSettings } from './config/access-settings.ts';
import { WrittenFile } from './platform/written-file.ts';
import type { Clock } from './platform/clock.ts';
import type { Log } from './platform/log.ts';
import type { StateDocuments } from './state/documents.ts';
import type { Actor, State } from './state/state.ts';

/**
 * How often the state is looked at where nobody signs in, in ms: what Dovecot reads from a file must follow
 * a change within a second.
 */
export const FOLLOW_MS = 250;

/** @see AWS WorkMail API: most entries of ListAccessControlRules, ListMobileDeviceAccessRules, ListImpersonationRoles */
const WORKMAIL_LIMITS: Partial<Record<AccessKind, number>> = {
  'access-rule': 10,
  'mobile-device-rule': 10,
  'impersonation-role': 20,
};

const KINDS = [
  'access-rule',
  'mobile-device-rule',
  'mobile-device-override',
  'impersonation-role',
] as const satisfies readonly AccessKind[];

export interface RulesInForceOptions {
  readonly state: State;
  readonly clock: Clock;
  readonly log: Log;
  /** The settings now; others after a reload. */
  readonly settings: () => AccessSettings;
}

interface InForce {
  readonly policy: AccessPolicy;
  readonly access: AccessInForce;
  readonly settings: AccessSettings;
  readonly documents: readonly object[];
}

/** See the head of this file. */
export class RulesInForce {
  /** How they are changed. */
  readonly acts: AccessActs;
  readonly #options: RulesInForceOptions;
  #inForce: InForce;
  #users: FollowedUsers | undefined;
  #usersPath: string | undefined;
  #seen: number;
  #acl: WrittenFile | undefined;
  #timer: { cancel(): void } | undefined;
  #stopped = false;
  #countries:
    | { readonly settings: AccessSettings; readonly database: CountryDatabase | undefined }
    | undefined;

  constructor(options: RulesInForceOptions) {
    const { state, clock } = options;
    this.#options = options;
    const { users } = options.settings();
    this.#usersPath = users;
    this.#users = users === undefined ? undefined : new FollowedUsers(users, options.log);
    this.acts = new AccessActs({
      state,
      clock,
      randomBytes,
      userIdOf: (name) => this.#userIdOf(name),
      isUser: (name) =>
        this.directory()?.find(name) !== undefined || this.directory() === undefined,
      limits: () => (options.settings().workmailLimits ? WORKMAIL_LIMITS : {}),
    });
    this.#seen = state.version;
    this.#inForce = this.#compile(this.#documents());
  }

  /** What decides now. */
  access(): AccessInForce {
    return this.#current().access;
  }

  /** The same policy, for those who test and explain. */
  policy(): AccessPolicy {
    return this.#current().policy;
  }

  /**
   * Gives a new organization its first rules, puts the declared ones into the state, and follows the
   * state from then on. Rejects when the state takes no change.
   */
  async start(organization: string, actor: Actor): Promise<void> {
    await this.acts.begin(organization, actor);
    await this.declare(actor);
    this.#follow();
  }

  /** Makes the declared rules those of the settings, each difference a change. */
  async declare(actor: Actor): Promise<void> {
    const names = { put: 'PutAccessControlRule', remove: 'DeleteAccessControlRule' };
    await this.acts.declare('access-rule', this.#options.settings().rules, names, actor);
  }

  /** Throws an Error that says why these settings cannot be in force. */
  check(settings: AccessSettings): void {
    if (settings.users !== undefined) readUsers(settings.users);
    openCountries(settings.countries);
  }

  /** The users, where an administrator says who they are. */
  directory(): UserDirectory | undefined {
    return this.#users?.directory;
  }

  #userIdOf(name: string): string {
    return this.directory()?.userIdOf(name) ?? comparableLogin(name);
  }

  /** Follows another file. It was good when the settings were checked; those before stay otherwise. */
  #followUsers({ users }: AccessSettings): void {
    const { log } = this.#options;
    this.#usersPath = users;
    try {
      this.#users = users === undefined ? undefined : new FollowedUsers(users, log);
    } catch (error) {
      const reason = (error as Error).message;
      log.error('the users file cannot be used; the users before it stay', { reason });
    }
  }

  /** Resolves when nothing is being written any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#acl?.stop();
  }

  #follow(): void {
    if (this.#stopped) return;
    // Groups and names are in the compiled rules.
    if (this.#users?.refresh() === true) this.#inForce = this.#compile(this.#documents());
    this.#writeAcl(this.#current());
    this.#timer = this.#options.clock.after(FOLLOW_MS, () => this.#follow());
  }

  #writeAcl({ policy, settings }: InForce): void {
    const path = settings.dovecotAcl;
    if (this.#acl !== undefined && this.#acl.path !== path) {
      void this.#acl.stop();
      this.#acl = undefined;
    }
    if (path === undefined) return;
    this.#acl ??= new WrittenFile(path, this.#options.log);
    this.#acl.write(masterUserAcl(mastersIn(settings, policy)));
  }

  #documents(): StateDocuments[AccessKind][] {
    const { state } = this.#options;
    return KINDS.flatMap((kind) => [...state.list(kind)].map(([, document]) => document));
  }

  #current(): InForce {
    const { state, settings, log } = this.#options;
    const sameSettings = settings() === this.#inForce.settings;
    if (settings().users !== this.#usersPath) this.#followUsers(settings());
    if (sameSettings && state.version === this.#seen) return this.#inForce;
    this.#seen = state.version;
    const documents = this.#documents();
    const known = this.#inForce.documents;
    // The state also has log groups and keys, whose changes are none of the rules'.
    const same =
      documents.length === known.length && documents.every((each, at) => each === known[at]);
    if (same && sameSettings) return this.#inForce;
    try {
      this.#inForce = this.#compile(documents);
    } catch (error) {
      const reason = (error as Error).message;
      log.error('the rules cannot be compiled; those before stay in force', { reason });
      // Until something changes again: it would fail and be logged at every attempt.
      this.#inForce = { ...this.#inForce, settings: settings(), documents };
    }
    return this.#inForce;
  }

  /** The countries by the file of these settings, which is read once for them. */
  #factsOf(settings: AccessSettings): Pick<AccessFacts, 'countryOf'> {
    if (settings !== this.#countries?.settings) {
      this.#countries = { settings, database: openCountries(settings.countries) };
    }
    const { database } = this.#countries;
    return database === undefined ? {} : { countryOf: (address) => database.countryOf(address) };
  }

  /** A rule that names what nobody has is likely a slip, and no rule that holds for nothing. */
  #warn({ parts }: AccessPolicy, { networks }: AccessSettings): void {
    const known = new Set(Object.keys(networks).map((name) => name.toLowerCase()));
    for (const { name, networks: these = [], notNetworks = [] } of parts.rules) {
      const unknown = [...these, ...notNetworks].filter((each) => !known.has(each.toLowerCase()));
      if (unknown.length === 0) continue;
      const reason = `it names ${unknown.join(', ')}, which access.networks has not: no address is in there`;
      this.#options.log.warn(`access control rule ${name}`, { reason });
    }
  }

  #compile(documents: readonly object[]): InForce {
    const { state } = this.#options;
    const users = this.directory();
    const settings = this.#options.settings();
    const all = <K extends AccessKind>(kind: K): StateDocuments[K][] =>
      [...state.list(kind)].map(([, document]) => document);
    const policy = compilePolicy(
      {
        rules: all('access-rule'),
        deviceRules: all('mobile-device-rule'),
        overrides: all('mobile-device-override'),
        roles: all('impersonation-role'),
      },
      {
        ...this.#factsOf(settings),
        networks: settings.networks,
        userIdOf: (name) => users?.userIdOf(name) ?? comparableLogin(name),
        ...(users && { groupsOf: (userId: string) => users.groupsOf(userId) }),
      },
    );
    this.#warn(policy, settings);
    const roles = rolesOf(settings, policy);
    const controlled = Object.keys(settings.impersonation).length > 0;
    const access: AccessInForce = {
      rulings: policy,
      roleOf: (login) => (controlled ? roles.get(login.toLowerCase())?.id : UNCONTROLLED),
      roleOfToken: (digest, nowMs) => {
        const token = state.get('impersonation-token', digest);
        return token !== undefined && token.expiresAtMs > nowMs ? token.roleId : undefined;
      },
      deviceProtocols: new Set(settings.deviceProtocols.map((name) => name.toLowerCase())),
      ...(settings.message !== undefined && { message: settings.message }),
    };
    return { policy, access, settings, documents };
  }
}

/** Throws an Error that names the file and says what is wrong with it. */
function openCountries(path: string | undefined): CountryDatabase | undefined {
  if (path === undefined) return undefined;
  try {
    const { size } = statSync(path);
    if (size > DATABASE_BYTES_MAX) {
      throw new TypeError(`it has ${size} bytes; at most ${DATABASE_BYTES_MAX} are read`);
    }
    return new CountryDatabase(readFileSync(path));
  } catch (error) {
    const why = (error as Error).message;
    const message = `access.countries: ${path} cannot be used: ${why}; name a file in MaxMind's format (.mmdb)`;
    throw new Error(message, { cause: error });
  }
}

type Role = AccessPolicy['parts']['roles'][number];

/** The roles of the master users by their logins in lower case; who has one that is not there has none. */
function rolesOf({ impersonation }: AccessSettings, { parts }: AccessPolicy): Map<string, Role> {
  const found = new Map<string, Role>();
  for (const [login, named] of Object.entries(impersonation)) {
    const role =
      parts.roles.find(({ id }) => id === named) ?? parts.roles.find(({ name }) => name === named);
    if (role !== undefined) found.set(login.toLowerCase(), role);
  }
  return found;
}

function mastersIn(settings: AccessSettings, policy: AccessPolicy): MasterUser[] {
  return [...rolesOf(settings, policy)].map(([login, { type }]) => ({ login, type }));
}

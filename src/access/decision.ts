// The vocabulary of access control rules: what is asked, what a rule says, what was decided.

export type Effect = 'ALLOW' | 'DENY';

/**
 * An access control rule: WorkMail's, and what it does not have. All conditions must hold: a list
 * holds when one of its entries fits, a not-list when none does.
 *
 * @see AWS WorkMail API, PutAccessControlRule; administrator guide, "Working with access control rules"
 */
export interface AccessRule {
  /** 1-64 characters of `[a-zA-Z0-9_-]`. */
  readonly name: string;
  readonly effect: Effect;
  readonly description?: string;
  /** Only of a DENY: it refuses nothing, but is on record as the rule that would have. */
  readonly dryRun?: boolean;
  readonly ipRanges?: readonly string[];
  readonly notIpRanges?: readonly string[];
  /** Protocols, e.g. `IMAP`. */
  readonly actions?: readonly string[];
  readonly notActions?: readonly string[];
  readonly userIds?: readonly string[];
  readonly notUserIds?: readonly string[];
  /** The role in which somebody acts for the user. */
  readonly impersonationRoleIds?: readonly string[];
  readonly notImpersonationRoleIds?: readonly string[];
  /** Groups of users, by the user directory. */
  readonly groups?: readonly string[];
  readonly notGroups?: readonly string[];
  /** Where the address is, as ISO 3166-1 alpha-2 codes. */
  readonly countries?: readonly string[];
  readonly notCountries?: readonly string[];
  /** Names of ranges that were given one. */
  readonly networks?: readonly string[];
  readonly notNetworks?: readonly string[];
  /** e.g. `Mo-Fr 08:00-18:00 Europe/Berlin`; see `parseHours`. */
  readonly hours?: readonly string[];
  readonly notHours?: readonly string[];
  /**
   * Who a submitted message says it is from (RFC 5321 MAIL FROM): an address, or `@` and a domain. A rule
   * with this or the next condition, in either form, is about messages alone.
   */
  readonly senders?: readonly string[];
  readonly notSenders?: readonly string[];
  /** How large a submitted message is announced to be, e.g. `10MiB-`; see `parseSizeRange`. */
  readonly messageSizes?: readonly string[];
  readonly notMessageSizes?: readonly string[];
}

/** What somebody wants to do. */
export interface AccessRequest {
  readonly protocol: string;
  readonly sourceIp: string;
  /** Whose mailbox it is. */
  readonly userId: string;
  /** The role of the one who acts for the user. */
  readonly impersonationRoleId?: string;
  /** When, in ms since the Unix epoch. */
  readonly atMs: number;
  /** The message that is handed in, if one is. */
  readonly message?: SubmittedMessage;
}

/** What is known of a message before it is sent. */
export interface SubmittedMessage {
  /** The address of MAIL FROM, empty for a notification (RFC 5321, 4.5.5). */
  readonly sender: string;
  /** As the client announced it (RFC 1870); undefined where it announced none. */
  readonly sizeBytes?: number;
}

/** What was decided and which rules matched, in the order of the rules. */
export interface Decision {
  readonly effect: Effect;
  /** The rule that decided; absent when none matched. */
  readonly rule?: AccessRule;
  /** Those that are only tried are not among them. */
  readonly matched: readonly AccessRule[];
  /** The first rule that would have denied what was allowed, were it not only tried. */
  readonly wouldDeny?: AccessRule;
}

/** What rules refer to and do not say themselves. */
export interface AccessFacts {
  /** The named networks: ranges by name. */
  readonly networks?: Readonly<Record<string, readonly string[]>>;
  /** The groups that a user is in; nobody is in any when undefined. */
  readonly groupsOf?: (userId: string) => readonly string[];
  /** The country of an address, undefined where it is not known. */
  readonly countryOf?: (address: string) => string | undefined;
  /** The one name of a user who may be called in several ways; in lower case when undefined. */
  readonly userIdOf?: (name: string) => string;
}

// The vocabulary of access rules: what is asked, what a rule says, what was decided.

export type Effect = 'ALLOW' | 'DENY';

/**
 * An access control rule as WorkMail has it.
 * @see AWS WorkMail API, PutAccessControlRule; administrator guide, "Working with access control rules"
 */
export interface AccessRule {
  /** 1-64 characters of `[a-zA-Z0-9_-]`. */
  readonly name: string;
  readonly effect: Effect;
  readonly description?: string;
  readonly ipRanges?: readonly string[];
  readonly notIpRanges?: readonly string[];
  /** Protocols, e.g. `IMAP`. */
  readonly actions?: readonly string[];
  readonly notActions?: readonly string[];
  readonly userIds?: readonly string[];
  readonly notUserIds?: readonly string[];
}

/** What somebody wants to do. */
export interface AccessRequest {
  readonly protocol: string;
  readonly sourceIp: string;
  readonly userId: string;
}

/** What was decided and which rules matched, in the order of the rules. */
export interface Decision {
  readonly effect: Effect;
  /** The rule that decided; absent when none matched. */
  readonly rule?: AccessRule;
  readonly matched: readonly AccessRule[];
}

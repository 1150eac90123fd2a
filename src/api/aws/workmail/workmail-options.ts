// What the operations of the WorkMail API are given.
import type { AccessPolicy } from '../../../access/policy.ts';
import type { UserDirectory } from '../../../directory/user-directory.ts';
import type { Clock } from '../../../platform/clock.ts';
import type { State } from '../../../state/state.ts';
import type { AccessActs } from '../../access-control/acts.ts';

/** The one organization that a server has. */
export interface Organization {
  /** `m-` and 32 hexadecimal digits. */
  readonly id: string;
  readonly alias: string;
  readonly arn: string;
}

export interface WorkMailOptions {
  readonly organization: () => Organization;
  readonly state: State;
  readonly acts: AccessActs;
  /** The policy in force now. */
  readonly policy: () => AccessPolicy;
  /** Absent when every login is a user. */
  readonly directory: () => UserDirectory | undefined;
  readonly clock: Clock;
  readonly randomId: () => string;
}

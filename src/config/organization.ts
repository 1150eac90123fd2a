// What is derived from the organization's settings: its id and its ARN, which every event carries.
import { createHash } from 'node:crypto';

/** Whose mail it is. */
export interface Organization {
  /** 1 to 62 of `a-z 0-9 -`; names the log groups. */
  readonly name: string;
  /** 12 digits. */
  readonly account: string;
  readonly region: string;
}

/**
 * The organization's id: `m-` and 32 hexadecimal digits, the beginning of the name's SHA-256, so
 * that the same name has the same id on every machine.
 *
 * @see AWS WorkMail API, OrganizationId (`^m-[0-9a-f]{32}$`)
 */
export function organizationId(name: string): string {
  return `m-${createHash('sha256').update(name).digest('hex').slice(0, 32)}`;
}

/**
 * The organization's ARN, as WorkMail's logs carry it in `organization_arn`.
 *
 * @see AWS Service Authorization Reference, "Amazon WorkMail", resource type `organization`
 */
export function organizationArn({ name, account, region }: Organization): string {
  return `arn:aws:workmail:${region}:${account}:organization/${organizationId(name)}`;
}

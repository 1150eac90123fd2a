// The members of the WorkMail API's requests with the constraints that AWS publishes for them. Wider
// where mail servers are wider: logins are shorter than WorkMail's ids, and addresses are also IPv6.
// @see AWS WorkMail API reference 2017-10-01, the page of each operation and data type
import { z } from 'zod';
import { text, whole } from '../constraint.ts';

export const OrganizationId = text(34, 34, 'm-[0-9a-f]{32}');
export const Effect = z.enum(['ALLOW', 'DENY']);
export const RuleName = text(1, 64, '[a-zA-Z0-9_-]+');
export const IpRange = text(1, 49);
export const IpRanges = z.array(IpRange).max(1024);
export const Action = text(1, 64, '[a-zA-Z0-9]+');
export const Actions = z.array(Action).max(12);
/** A user's id, login or address; WorkMail's ids have at least 12 characters. */
export const EntityIdentifier = text(1, 256, '[a-zA-Z0-9._%+@:/=-]{1,256}');
export const UserIds = z.array(EntityIdentifier).max(1000);
export const ImpersonationRoleId = text(1, 64, '[a-zA-Z0-9_-]+');
export const ImpersonationRoleIds = z.array(ImpersonationRoleId).max(1000);
export const ClientToken = text(1, 128, '[\\x21-\\x7e]+');
export const NextToken = text(1, 1024, '[\\S\\s]*|[a-zA-Z0-9/+=]{1,1024}');
export const MaxResults = whole(1, 100);
export const MAX_RESULTS_DEFAULT = 100;
export const Description = text(1, 256);
export const DeviceId = text(1, 32, '[A-Za-z0-9]+');

/** One to ten entries, or so many as Mailtrail takes. */
const deviceEntries = z
  .array(text(1, 256, '[\\u0020-\\u00FF]+'))
  .min(1)
  .max(1000);

/** What a mobile device rule and the question about a device have in common. */
export const DEVICE_CONDITIONS = {
  DeviceTypes: deviceEntries.optional(),
  NotDeviceTypes: deviceEntries.optional(),
  DeviceModels: deviceEntries.optional(),
  NotDeviceModels: deviceEntries.optional(),
  DeviceOperatingSystems: deviceEntries.optional(),
  NotDeviceOperatingSystems: deviceEntries.optional(),
  DeviceUserAgents: deviceEntries.optional(),
  NotDeviceUserAgents: deviceEntries.optional(),
};

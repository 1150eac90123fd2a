// Everything that decides about access, at one moment: access control rules, mobile device rules and
// their overrides, impersonation roles. Compiled once at each change, never changed itself.
import { compileRules, decide } from './decide.ts';
import type { AccessFacts, AccessRequest, AccessRule, Decision } from './decision.ts';
import { explain, type Explanation } from './explain.ts';
import {
  compileRoles,
  decideImpersonation,
  type ImpersonationDecision,
  type ImpersonationRole,
} from './impersonation.ts';
import {
  compileDevices,
  decideDevice,
  type DeviceDecision,
  type DeviceRequest,
  type MobileDeviceOverride,
  type MobileDeviceRule,
} from './mobile-device.ts';

/** What a policy is made of. */
export interface PolicyParts {
  readonly rules: readonly AccessRule[];
  readonly deviceRules: readonly MobileDeviceRule[];
  readonly overrides: readonly MobileDeviceOverride[];
  readonly roles: readonly ImpersonationRole[];
}

/** A policy; the hooks that enforce, the calls that test and those that explain ask the same one. */
export interface AccessPolicy {
  readonly parts: PolicyParts;
  decide(request: AccessRequest): Decision;
  explain(request: AccessRequest): Explanation;
  decideDevice(device: DeviceRequest): DeviceDecision;
  decideImpersonation(roleId: string, targetUser: string): ImpersonationDecision;
}

/** Makes a policy. Throws a TypeError on what validation would have refused. */
export function compilePolicy(parts: PolicyParts, facts: AccessFacts = {}): AccessPolicy {
  const userIdOf = facts.userIdOf ?? ((name: string) => name.toLowerCase());
  const rules = compileRules(parts.rules, facts);
  const devices = compileDevices(parts.deviceRules, parts.overrides, userIdOf);
  const roles = compileRoles(parts.roles, userIdOf);
  return {
    parts,
    decide: (request) => decide(rules, request),
    explain: (request) => explain(rules, request),
    decideDevice: (device) => decideDevice(devices, device),
    decideImpersonation: (roleId, targetUser) => decideImpersonation(roles, roleId, targetUser),
  };
}

// Access control rules.
// @see AWS WorkMail API, PutAccessControlRule, DeleteAccessControlRule, ListAccessControlRules, GetAccessControlEffect
import type { AccessRuleDocument } from '../../../state/documents.ts';
import { parseAddress } from '../../../access/address.ts';
import type { Operation } from '../operation.ts';
import { organizationCall, present, seconds } from './organization-call.ts';
import { asAws, invalidParameter, refuseUnknownUser, resourceNotFound } from './refusal.ts';
import {
  Action,
  Actions,
  Effect,
  EntityIdentifier,
  ImpersonationRoleId,
  ImpersonationRoleIds,
  IpRanges,
  RuleName,
  UserIds,
} from './shapes.ts';
import { text } from '../constraint.ts';
import type { WorkMailOptions } from './workmail-options.ts';

/** Conditions that AWS's clients neither see nor say: a Put by one of them leaves them as they are. */
const OWN_MEMBERS = [
  'dryRun',
  'groups',
  'notGroups',
  'countries',
  'notCountries',
  'networks',
  'notNetworks',
  'hours',
  'notHours',
  'senders',
  'notSenders',
  'messageSizes',
  'notMessageSizes',
] as const satisfies readonly (keyof AccessRuleDocument)[];

const RULE = {
  Name: RuleName,
  Effect,
  Description: text(0, 255, '[\\u0020-\\u00FF]*'),
  IpRanges: IpRanges.optional(),
  NotIpRanges: IpRanges.optional(),
  Actions: Actions.optional(),
  NotActions: Actions.optional(),
  UserIds: UserIds.optional(),
  NotUserIds: UserIds.optional(),
  ImpersonationRoleIds: ImpersonationRoleIds.optional(),
  NotImpersonationRoleIds: ImpersonationRoleIds.optional(),
};

function refuseUnknownRoles({ state }: WorkMailOptions, ids: readonly string[]): void {
  for (const id of ids) {
    if (state.get('impersonation-role', id) !== undefined) continue;
    throw resourceNotFound(`The impersonation role ${JSON.stringify(id)} does not exist.`);
  }
}

function putAccessControlRule(options: WorkMailOptions): Operation {
  const { acts, state } = options;
  return organizationCall(options, 'admin', RULE, async (input, { actor }) => {
    const roles = [...(input.ImpersonationRoleIds ?? []), ...(input.NotImpersonationRoleIds ?? [])];
    refuseUnknownRoles(options, roles);
    const known = state.get('access-rule', input.Name);
    const own = known && Object.fromEntries(OWN_MEMBERS.map((name) => [name, known[name]]));
    const rule = present({
      name: input.Name,
      effect: input.Effect,
      description: input.Description,
      ipRanges: input.IpRanges,
      notIpRanges: input.NotIpRanges,
      actions: input.Actions,
      notActions: input.NotActions,
      userIds: input.UserIds,
      notUserIds: input.NotUserIds,
      impersonationRoleIds: input.ImpersonationRoleIds,
      notImpersonationRoleIds: input.NotImpersonationRoleIds,
      ...own,
    });
    await asAws(acts.put('access-rule', rule, { actor, eventName: 'PutAccessControlRule' }));
    return {};
  });
}

function deleteAccessControlRule(options: WorkMailOptions): Operation {
  return organizationCall(options, 'admin', { Name: RuleName }, async ({ Name }, { actor }) => {
    const act = { actor, eventName: 'DeleteAccessControlRule' };
    await asAws(options.acts.remove('access-rule', Name, act));
    return {};
  });
}

function described(document: AccessRuleDocument): object {
  return present({
    Name: document.name,
    Effect: document.effect,
    Description: document.description ?? '',
    IpRanges: document.ipRanges,
    NotIpRanges: document.notIpRanges,
    Actions: document.actions,
    NotActions: document.notActions,
    UserIds: document.userIds,
    NotUserIds: document.notUserIds,
    DateCreated: seconds(document.createdAtMs),
    DateModified: seconds(document.modifiedAtMs),
    ImpersonationRoleIds: document.impersonationRoleIds,
    NotImpersonationRoleIds: document.notImpersonationRoleIds,
  });
}

function listAccessControlRules(options: WorkMailOptions): Operation {
  return organizationCall(options, 'read', {}, () => ({
    Rules: [...options.state.list('access-rule')].map(([, document]) => described(document)),
  }));
}

const QUESTION = {
  IpAddress: text(1, 45),
  Action,
  UserId: EntityIdentifier.optional(),
  ImpersonationRoleId: ImpersonationRoleId.optional(),
};

function getAccessControlEffect(options: WorkMailOptions): Operation {
  return organizationCall(options, 'read', QUESTION, (input) => {
    const { IpAddress, UserId, ImpersonationRoleId: role } = input;
    if (parseAddress(IpAddress) === undefined) {
      throw invalidParameter(`IpAddress ${JSON.stringify(IpAddress)} is not an address.`);
    }
    if (UserId === undefined && role === undefined) {
      throw invalidParameter('You must provide either a UserId or an ImpersonationRoleId.');
    }
    if (role !== undefined) refuseUnknownRoles(options, [role]);
    if (UserId !== undefined) refuseUnknownUser(options.acts, UserId);
    const { effect, matched } = options.policy().decide({
      protocol: input.Action,
      sourceIp: IpAddress,
      userId: UserId ?? '',
      atMs: options.clock.now(),
      ...(role !== undefined && { impersonationRoleId: role }),
    });
    return { Effect: effect, MatchedRules: matched.map(({ name }) => name) };
  });
}

/** The operations by name. */
export function accessControlRuleOperations(options: WorkMailOptions): Record<string, Operation> {
  return {
    PutAccessControlRule: putAccessControlRule(options),
    DeleteAccessControlRule: deleteAccessControlRule(options),
    ListAccessControlRules: listAccessControlRules(options),
    GetAccessControlEffect: getAccessControlEffect(options),
  };
}

// Impersonation roles.
// @see AWS WorkMail API, CreateImpersonationRole, UpdateImpersonationRole, GetImpersonationRole, ListImpersonationRoles,
// DeleteImpersonationRole, GetImpersonationRoleEffect, AssumeImpersonationRole
import { z } from 'zod';
import type { ImpersonationRoleDocument } from '../../../state/documents.ts';
import { text } from '../constraint.ts';
import type { Operation } from '../operation.ts';
import { pageAfter, PageTokens } from '../page-token.ts';
import { idBy } from './client-token.ts';
import { organizationCall, present, seconds } from './organization-call.ts';
import { asAws, refuseUnknownUser, resourceNotFound } from './refusal.ts';
import {
  ClientToken,
  Description,
  Effect,
  EntityIdentifier,
  ImpersonationRoleId,
  MAX_RESULTS_DEFAULT,
  MaxResults,
  NextToken,
} from './shapes.ts';
import type { WorkMailOptions } from './workmail-options.ts';

const Targets = z.array(EntityIdentifier).min(1).max(1000).optional();
const Rule = z.object({
  ImpersonationRuleId: text(1, 64, '[a-zA-Z0-9_-]+'),
  Name: text(1, 64).optional(),
  Description: Description.optional(),
  Effect,
  TargetUsers: Targets,
  NotTargetUsers: Targets,
});
const ROLE = {
  Name: text(1, 64, '[^\\x00-\\x1F\\x7F\\x3C\\x3E\\x5C]+'),
  Type: z.enum(['FULL_ACCESS', 'READ_ONLY']),
  Description: Description.optional(),
  Rules: z.array(Rule).max(1000),
};
const OF_ROLE = { ImpersonationRoleId };

function roleOf(id: string, input: z.infer<z.ZodObject<typeof ROLE>>): object {
  return present({
    id,
    name: input.Name,
    type: input.Type,
    description: input.Description,
    rules: input.Rules.map((rule) =>
      present({
        id: rule.ImpersonationRuleId,
        name: rule.Name,
        description: rule.Description,
        effect: rule.Effect,
        targetUsers: rule.TargetUsers,
        notTargetUsers: rule.NotTargetUsers,
      }),
    ),
  });
}

function found({ state }: WorkMailOptions, id: string): ImpersonationRoleDocument {
  const role = state.get('impersonation-role', id);
  if (role !== undefined) return role;
  throw resourceNotFound(`The impersonation role ${JSON.stringify(id)} does not exist.`);
}

function create(options: WorkMailOptions): Operation {
  const eventName = 'CreateImpersonationRole';
  const shape = { ...ROLE, ClientToken: ClientToken.optional() };
  return organizationCall(options, 'admin', shape, async (input, { actor }) => {
    const { acts, state, randomId } = options;
    const id = idBy(eventName, input.ClientToken, randomId);
    if (state.get('impersonation-role', id) === undefined) {
      await asAws(acts.put('impersonation-role', roleOf(id, input), { actor, eventName }));
    }
    return { ImpersonationRoleId: id };
  });
}

function update(options: WorkMailOptions): Operation {
  const shape = { ...OF_ROLE, ...ROLE };
  return organizationCall(options, 'admin', shape, async (input, { actor }) => {
    const act = { actor, eventName: 'UpdateImpersonationRole', how: 'update' } as const;
    const role = roleOf(input.ImpersonationRoleId, input);
    await asAws(options.acts.put('impersonation-role', role, act), {
      'not-found': 'ResourceNotFoundException',
    });
    return {};
  });
}

function remove(options: WorkMailOptions): Operation {
  return organizationCall(options, 'admin', OF_ROLE, async (input, { actor }) => {
    const act = { actor, eventName: 'DeleteImpersonationRole' };
    await asAws(options.acts.remove('impersonation-role', input.ImpersonationRoleId, act));
    return {};
  });
}

function summary(role: ImpersonationRoleDocument): Record<string, unknown> {
  return {
    ImpersonationRoleId: role.id,
    Name: role.name,
    Type: role.type,
    DateCreated: seconds(role.createdAtMs),
    DateModified: seconds(role.modifiedAtMs),
  };
}

function get(options: WorkMailOptions): Operation {
  return organizationCall(options, 'read', OF_ROLE, (input) => {
    const role = found(options, input.ImpersonationRoleId);
    const rules = role.rules.map((rule) =>
      present({
        ImpersonationRuleId: rule.id,
        Name: rule.name,
        Description: rule.description,
        Effect: rule.effect,
        TargetUsers: rule.targetUsers,
        NotTargetUsers: rule.notTargetUsers,
      }),
    );
    return present({ ...summary(role), Description: role.description, Rules: rules });
  });
}

function list(options: WorkMailOptions): Operation {
  const tokens = new PageTokens<string>('ListImpersonationRoles', () => options.clock.now());
  const shape = { NextToken: NextToken.optional(), MaxResults: MaxResults.optional() };
  return organizationCall(options, 'read', shape, (input) => {
    const { page, next } = pageAfter(
      options.state.list('impersonation-role'),
      ([id]) => id,
      tokens.read(input.NextToken),
      input.MaxResults ?? MAX_RESULTS_DEFAULT,
    );
    return {
      Roles: page.map(([, role]) => summary(role)),
      ...(next !== undefined && { NextToken: tokens.make(next) }),
    };
  });
}

function effect(options: WorkMailOptions): Operation {
  const shape = { ...OF_ROLE, TargetUser: EntityIdentifier };
  return organizationCall(options, 'read', shape, (input) => {
    const { type } = found(options, input.ImpersonationRoleId);
    refuseUnknownUser(options.acts, input.TargetUser);
    const decision = options
      .policy()
      .decideImpersonation(input.ImpersonationRoleId, input.TargetUser);
    return {
      Type: type,
      Effect: decision.effect,
      MatchedRules: decision.matched.map(({ id, name }) =>
        present({ ImpersonationRuleId: id, Name: name }),
      ),
    };
  });
}

function assume(options: WorkMailOptions): Operation {
  return organizationCall(options, 'admin', OF_ROLE, async (input, { actor }) => {
    const { token, expiresInSeconds } = await asAws(
      options.acts.assumeRole(input.ImpersonationRoleId, actor),
      { 'not-found': 'ResourceNotFoundException' },
    );
    return { Token: token, ExpiresIn: expiresInSeconds };
  });
}

/** The operations by name. */
export function impersonationRoleOperations(options: WorkMailOptions): Record<string, Operation> {
  return {
    CreateImpersonationRole: create(options),
    UpdateImpersonationRole: update(options),
    DeleteImpersonationRole: remove(options),
    GetImpersonationRole: get(options),
    ListImpersonationRoles: list(options),
    GetImpersonationRoleEffect: effect(options),
    AssumeImpersonationRole: assume(options),
  };
}

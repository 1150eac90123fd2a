// The organization that a server has, and its users.
// @see AWS WorkMail API, ListOrganizations, DescribeOrganization, ListUsers, DescribeUser
import { z } from 'zod';
import type { DirectoryUser } from '../../../directory/user-directory.ts';
import { operation, type Operation } from '../operation.ts';
import { pageAfter, PageTokens } from '../page-token.ts';
import { organizationCall, present, seconds } from './organization-call.ts';
import { refuseUnknownUser } from './refusal.ts';
import { EntityIdentifier, MAX_RESULTS_DEFAULT, MaxResults, NextToken } from './shapes.ts';
import type { WorkMailOptions } from './workmail-options.ts';

const PAGE = { NextToken: NextToken.optional(), MaxResults: MaxResults.optional() };

function listOrganizations({ organization }: WorkMailOptions): Operation {
  return operation('read', z.object(PAGE), () => {
    const { id, alias } = organization();
    return { OrganizationSummaries: [{ OrganizationId: id, Alias: alias, State: 'Active' }] };
  });
}

function describeOrganization(options: WorkMailOptions): Operation {
  return organizationCall(options, 'read', {}, () => {
    const { id, alias, arn } = options.organization();
    const [made] = options.state.list('organization');
    return present({
      OrganizationId: id,
      Alias: alias,
      State: 'Active',
      ARN: arn,
      CompletedDate: made && seconds(made[1].createdAtMs),
    });
  });
}

/** A user as the API tells of one. */
function described(user: DirectoryUser): Record<string, unknown> {
  return present({
    Name: user.userName,
    Email: user.email ?? (user.userName.includes('@') ? user.userName : undefined),
    DisplayName: user.displayName,
    State: user.state,
    UserRole: user.role,
  });
}

const Prefix = z.string().max(256).optional();
const Filters = z.object({
  UsernamePrefix: Prefix,
  DisplayNamePrefix: Prefix,
  PrimaryEmailPrefix: Prefix,
  State: z.enum(['ENABLED', 'DISABLED', 'DELETED']).optional(),
});

function begins(text: string | undefined, prefix: string | undefined): boolean {
  return prefix === undefined || (text ?? '').toLowerCase().startsWith(prefix.toLowerCase());
}

/** Without a user directory every login is a user, and nobody knows which there are. */
function listUsers(options: WorkMailOptions): Operation {
  const tokens = new PageTokens<string>('ListUsers', () => options.clock.now());
  const shape = { ...PAGE, Filters: Filters.optional() };
  return organizationCall(options, 'read', shape, (input) => {
    const { UsernamePrefix, DisplayNamePrefix, PrimaryEmailPrefix, State } = input.Filters ?? {};
    const chosen = (options.directory()?.users ?? []).filter(
      ({ userName, displayName, email, state }) =>
        begins(userName, UsernamePrefix) &&
        begins(displayName, DisplayNamePrefix) &&
        begins(email, PrimaryEmailPrefix) &&
        (State === undefined || state === State),
    );
    const limit = input.MaxResults ?? MAX_RESULTS_DEFAULT;
    const after = tokens.read(input.NextToken);
    const { page, next } = pageAfter(chosen, ({ userName }) => userName, after, limit);
    return {
      Users: page.map((user) => ({ Id: user.userName, ...described(user) })),
      ...(next !== undefined && { NextToken: tokens.make(next) }),
    };
  });
}

function describeUser(options: WorkMailOptions): Operation {
  return organizationCall(options, 'read', { UserId: EntityIdentifier }, ({ UserId }) => {
    refuseUnknownUser(options.acts, UserId);
    const known = options.directory()?.find(UserId);
    const user = known ?? loginAlone(options.acts.userIdOf(UserId));
    return { UserId: user.userName, ...described(user) };
  });
}

/** A user of whom nothing is known but the login. */
function loginAlone(userName: string): DirectoryUser {
  return { userName, aliases: [], role: 'USER', state: 'ENABLED' };
}

/** The operations by name. */
export function organizationOperations(options: WorkMailOptions): Record<string, Operation> {
  return {
    ListOrganizations: listOrganizations(options),
    DescribeOrganization: describeOrganization(options),
    ListUsers: listUsers(options),
    DescribeUser: describeUser(options),
  };
}

// The organization that a server has, and its users.
// @see AWS WorkMail API, ListOrganizations, DescribeOrganization, ListUsers, DescribeUser
import { z } from 'zod';
import { operation, type Operation } from '../operation.ts';
import { organizationCall, present, seconds } from './organization-call.ts';
import { EntityIdentifier, MaxResults, NextToken } from './shapes.ts';
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

/** Without a user directory every login is a user, and nobody knows which there are. */
function listUsers(options: WorkMailOptions): Operation {
  return organizationCall(options, 'read', PAGE, () => ({ Users: [] }));
}

function describeUser(options: WorkMailOptions): Operation {
  return organizationCall(options, 'read', { UserId: EntityIdentifier }, ({ UserId }) => {
    const id = options.acts.userIdOf(UserId);
    return present({
      UserId: id,
      Name: id,
      Email: id.includes('@') ? id : undefined,
      State: 'ENABLED',
      UserRole: 'USER',
    });
  });
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

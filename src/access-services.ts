// How the rules in force are changed and asked from outside: the WorkMail API and Mailtrail's own paths.
import { randomUUID } from 'node:crypto';
import type { RulesInForce } from './access-policy.ts';
import { AccessRulesEndpoint } from './api/access-control/rules-endpoint.ts';
import type { AwsService } from './api/aws/operation.ts';
import { createWorkMailService } from './api/aws/workmail/service.ts';
import { organizationArn, organizationId } from './config/organization.ts';
import type { Config } from './config/schema.ts';
import type { Clock } from './platform/clock.ts';
import type { State } from './state/state.ts';

export interface AccessServicesOptions {
  readonly organization: () => Config['organization'];
  readonly rules: RulesInForce;
  readonly state: State;
  readonly clock: Clock;
}

/** Makes both. */
export function accessServices({ organization, rules, state, clock }: AccessServicesOptions): {
  readonly workMail: AwsService;
  readonly rules: AccessRulesEndpoint;
} {
  const shared = { state, acts: rules.acts, policy: () => rules.policy(), clock };
  const workMail = createWorkMailService({
    ...shared,
    organization: () => {
      const named = organization();
      return { id: organizationId(named.name), alias: named.name, arn: organizationArn(named) };
    },
    randomId: randomUUID,
  });
  return { workMail, rules: new AccessRulesEndpoint(shared) };
}

// How the rules in force are changed and asked from outside: the WorkMail API and Mailtrail's own paths.
import { randomUUID } from 'node:crypto';
import type { RulesInForce } from './access-policy.ts';
import {
  AccessDocumentsEndpoint,
  DOCUMENT_PATHS,
} from './api/access-control/documents-endpoint.ts';
import { AccessEffectsEndpoint } from './api/access-control/effects-endpoint.ts';
import type { AwsService } from './api/aws/operation.ts';
import type { AccessControlEndpoints } from './api/rest.ts';
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
  readonly accessControl: AccessControlEndpoints;
} {
  const shared = {
    state,
    acts: rules.acts,
    policy: () => rules.policy(),
    clock,
    directory: () => rules.directory(),
  };
  const workMail = createWorkMailService({
    ...shared,
    organization: () => {
      const named = organization();
      return { id: organizationId(named.name), alias: named.name, arn: organizationArn(named) };
    },
    randomId: randomUUID,
  });
  const endpoints = new Map(
    Object.entries(DOCUMENT_PATHS).map(([path, of]) => [
      path,
      new AccessDocumentsEndpoint(shared, of),
    ]),
  );
  const documents = (path: string): AccessDocumentsEndpoint => {
    const endpoint = endpoints.get(path);
    if (endpoint === undefined) throw new Error(`there are no documents at ${path}`);
    return endpoint;
  };
  return {
    workMail,
    accessControl: { documents, effects: new AccessEffectsEndpoint(shared) },
  };
}

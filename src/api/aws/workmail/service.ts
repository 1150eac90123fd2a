// WorkMail as a service of the API: all its operations by name.
import { WORKMAIL_EVENT_SOURCE } from '../../access-control/acts.ts';
import type { AwsService } from '../operation.ts';
import { accessControlRuleOperations } from './access-control-rules.ts';
import { impersonationRoleOperations } from './impersonation-roles.ts';
import { mobileDeviceOverrideOperations } from './mobile-device-overrides.ts';
import { mobileDeviceRuleOperations } from './mobile-device-rules.ts';
import { organizationOperations } from './organizations.ts';
import type { WorkMailOptions } from './workmail-options.ts';

/** Makes the service. */
export function createWorkMailService(options: WorkMailOptions): AwsService {
  return {
    target: 'WorkMailService',
    eventSource: WORKMAIL_EVENT_SOURCE,
    invalidInput: 'InvalidParameterException',
    messageMember: 'Message',
    operations: {
      ...organizationOperations(options),
      ...accessControlRuleOperations(options),
      ...mobileDeviceRuleOperations(options),
      ...mobileDeviceOverrideOperations(options),
      ...impersonationRoleOperations(options),
    },
  };
}

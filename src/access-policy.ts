// The rules in force: what enforces asks here, at every attempt, for the policy of this moment. A policy
// never changes; a change makes another one, and a decision that is under way ends with the one it has.
import { compileRules, decide, DEFAULT_RULE } from './access/decide.ts';
import { UNCONTROLLED, type AccessInForce } from './access/evaluation.ts';
import type { AccessSettings } from './config/access-settings.ts';

/** Makes the policy that these settings say. */
export function accessInForce(settings: AccessSettings): AccessInForce {
  const compiled = compileRules([...settings.rules, DEFAULT_RULE]);
  return {
    rulings: {
      decide: (request) => decide(compiled, request),
      decideDevice: () => ({ effect: 'DENY' }),
      decideImpersonation: () => ({ effect: 'DENY' }),
    },
    roleOf: () => UNCONTROLLED,
    deviceProtocols: new Set(),
    ...(settings.message !== undefined && { message: settings.message }),
  };
}

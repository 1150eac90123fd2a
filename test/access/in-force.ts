// Access rules in force without a server around them, for tests of what enforces them.
import type { AccessRule } from '../../src/access/decision.ts';
import { UNCONTROLLED, type AccessInForce } from '../../src/access/evaluation.ts';
import { compilePolicy } from '../../src/access/policy.ts';

/** Only access control rules: no master user has a role, no protocol has device rules. */
export function accessByRules(rules: readonly AccessRule[]): AccessInForce {
  return {
    rulings: compilePolicy({ rules, deviceRules: [], overrides: [], roles: [] }),
    roleOf: () => UNCONTROLLED,
    deviceProtocols: new Set(),
  };
}

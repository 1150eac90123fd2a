// Access rules in force without a server around them, for tests of what enforces them.
import { compileRules, decide } from '../../src/access/decide.ts';
import type { AccessRule } from '../../src/access/decision.ts';
import { UNCONTROLLED, type AccessInForce } from '../../src/access/evaluation.ts';

/** Only access control rules: no master user has a role, no protocol has device rules. */
export function accessByRules(rules: readonly AccessRule[]): AccessInForce {
  const compiled = compileRules(rules);
  return {
    rulings: {
      decide: (request) => decide(compiled, request),
      decideDevice: () => ({ effect: 'DENY' }),
      decideImpersonation: () => ({ effect: 'DENY' }),
    },
    roleOf: () => UNCONTROLLED,
    deviceProtocols: new Set(),
  };
}

// How long the access rules take to decide, as they are asked at every sign-in: many rules, each with
// ranges, most of which have to be looked at.
import { compilePolicy } from '../src/access/policy.ts';
import type { AccessRule } from '../src/access/decision.ts';
import { figure, median, percentile } from './measure.ts';

const RULES = 1_000;
const RANGES = 10_000;
const BATCH = 200;
const BATCHES = 500;
const AT_MS = Date.UTC(2026, 10, 23, 12);

function rules(): AccessRule[] {
  const each = RANGES / RULES;
  return Array.from({ length: RULES }, (_, n): AccessRule => {
    const ranges = Array.from({ length: each }, (_range, m) => {
      const block = n * each + m;
      return `10.${(block >> 8) & 255}.${block & 255}.0/${24 + (m % 5)}`;
    });
    return {
      name: `rule-${n}`,
      effect: n === 0 ? 'ALLOW' : 'DENY',
      ...(n > 0 && { ipRanges: ranges }),
      // Every other rule is about the protocol that is asked for, so that its ranges are looked at.
      ...(n > 0 && { actions: n % 2 === 0 ? ['IMAP', 'POP3'] : ['IMAP'] }),
      ...(n % 3 === 1 && { notUserIds: [`user${n}@example.test`] }),
    };
  });
}

export async function run(): Promise<void> {
  const parts = { rules: rules(), deviceRules: [], overrides: [], roles: [] };
  const compiled = performance.now();
  const policy = compilePolicy(parts);
  figure('compiling (ms)', (performance.now() - compiled).toFixed(1));
  const request = { protocol: 'IMAP', userId: 'ann@example.test', atMs: AT_MS };
  for (const [name, sourceIp] of [
    ['IPv4', '203.0.113.7'],
    ['IPv6', '2001:db8::7'],
  ] as const) {
    const times: number[] = [];
    for (let batch = 0; batch < BATCHES; batch++) {
      const from = performance.now();
      for (let n = 0; n < BATCH; n++) policy.decide({ ...request, sourceIp });
      times.push(((performance.now() - from) * 1000) / BATCH);
    }
    const p99 = percentile(times, 0.99).toFixed(2);
    figure(
      `${RULES} rules, ${RANGES} ranges, ${name}: p50 / p99 of ${BATCH} in a row (µs)`,
      `${median(times).toFixed(2)} / ${p99}`,
    );
  }
  await Promise.resolve();
}

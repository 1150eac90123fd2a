// POST /v1/access-effect and /v1/device-effect: what the rules would decide and why, by the same
// functions that decide; nothing is recorded for that.
import { z } from 'zod';
import type { AccessRequest, SubmittedMessage } from '../../access/decision.ts';
import type { DeviceRequest } from '../../access/mobile-device.ts';
import type { AccessPolicy } from '../../access/policy.ts';
import type { Clock } from '../../platform/clock.ts';
import { invalid, parseBody } from './documents-endpoint.ts';

export interface AccessEffectsOptions {
  /** The policy in force now. */
  readonly policy: () => AccessPolicy;
  readonly clock: Pick<Clock, 'now'>;
}

const Access = z.strictObject({
  protocol: z.string().min(1).max(64),
  sourceIp: z.string().max(64).default(''),
  userId: z.string().max(256).default(''),
  impersonationRoleId: z.string().min(1).max(64).optional(),
  message: z
    .strictObject({
      sender: z.string().max(1000).default(''),
      sizeBytes: z.int().min(0).optional(),
    })
    .optional(),
  /** ms since the Unix epoch; now when it is not said */
  atMs: z.int().min(0).optional(),
});

const said = z.string().max(256).optional();
const Device = z.strictObject({
  userId: said,
  deviceId: said,
  deviceType: said,
  deviceModel: said,
  deviceOperatingSystem: said,
  deviceUserAgent: said,
});

function asked<T>(schema: z.ZodType<T>, body: Buffer): T {
  const read = schema.safeParse(parseBody(body));
  if (read.success) return read.data;
  const { path, message } = read.error.issues[0] ?? { path: [], message: 'not an object' };
  throw invalid(path.length === 0 ? message : `${path.join('.')}: ${message}`);
}

function submitted({
  sender,
  sizeBytes,
}: NonNullable<z.infer<typeof Access>['message']>): SubmittedMessage {
  return { sender, ...(sizeBytes !== undefined && { sizeBytes }) };
}

/** See the head of this file. */
export class AccessEffectsEndpoint {
  readonly #options: AccessEffectsOptions;

  constructor(options: AccessEffectsOptions) {
    this.#options = options;
  }

  /** What would be decided, and of each rule whether it matches and why. Throws an ApiError. */
  ofAccess(body: Buffer): object {
    const read = asked(Access, body);
    const { impersonationRoleId, atMs = this.#options.clock.now(), message, ...of } = read;
    const request: AccessRequest = {
      ...of,
      atMs,
      ...(impersonationRoleId !== undefined && { impersonationRoleId }),
      ...(message !== undefined && { message: submitted(message) }),
    };
    const { decision, rules } = this.#options.policy().explain(request);
    return {
      effect: decision.effect,
      ...(decision.rule !== undefined && { rule: decision.rule.name }),
      ...(decision.wouldDeny !== undefined && { wouldDeny: decision.wouldDeny.name }),
      matched: decision.matched.map(({ name }) => name),
      rules: rules.map(({ rule, matched, conditions }) => ({
        name: rule.name,
        effect: rule.effect,
        ...(rule.dryRun === true && { dryRun: true }),
        matched,
        conditions,
      })),
    };
  }

  /** What would be decided about a device, and by what. Throws an ApiError. */
  ofDevice(body: Buffer): object {
    const device = Object.fromEntries(
      Object.entries(asked(Device, body)).filter(([, value]) => value !== undefined),
    ) as DeviceRequest;
    const { effect, rule, override, matched } = this.#options.policy().decideDevice(device);
    return {
      effect,
      ...(rule !== undefined && { rule: rule.id }),
      ...(override !== undefined && { override: `${override.userId}:${override.deviceId}` }),
      matched: matched.map(({ id, name, effect: of }) => ({ id, name, effect: of })),
    };
  }
}

// Decisions for front ends (POST /v1/decide): a question becomes an attempt, the rules in force decide, and
// the records are durable before the answer.
import { createHash } from 'node:crypto';
import {
  accessEvents,
  evaluate,
  type AccessInForce,
  type Attempt,
  type Device,
} from './access/evaluation.ts';
import type { DecideService, ToldDecision } from './api/decide.ts';
import type { DecideQuestion } from './api/decide-request.ts';
import type { CollectorStatus, Intake } from './collect/collector.ts';
import { deviceOfParameters } from './collect/dovecot/user-agent.ts';
import type { Clock } from './platform/clock.ts';

/** Of an unknown token's digest, in characters: enough to see that two attempts used the same one. */
const TOKEN_DIGEST_LENGTH = 8;

export interface DecisionsOptions {
  /** The rules in force now. */
  readonly access: () => AccessInForce;
  readonly intake: Intake;
  readonly clock: Clock;
}

function deviceOf({ device, imapId }: DecideQuestion): Device | undefined {
  if (imapId !== undefined) {
    const parameters = Object.entries(imapId).map(
      ([name, value]) => [name.toLowerCase(), value] as const,
    );
    return deviceOfParameters(new Map(parameters)) ?? {};
  }
  if (device === undefined) return undefined;
  const { id, type, model, operatingSystem, userAgent } = device;
  return {
    ...(id !== undefined && { deviceId: id }),
    ...(type !== undefined && { deviceType: type }),
    ...(model !== undefined && { deviceModel: model }),
    ...(operatingSystem !== undefined && { deviceOperatingSystem: operatingSystem }),
    ...(userAgent !== undefined && { deviceUserAgent: userAgent }),
  };
}

/** Who acts as the user: by his login, by a role, or by the token of one. */
function impersonatorOf(
  access: AccessInForce,
  question: DecideQuestion,
  nowMs: number,
): Attempt['impersonator'] {
  const { impersonatorId, impersonationRoleId, impersonationToken } = question;
  if (impersonationToken !== undefined) {
    const digest = createHash('sha256').update(impersonationToken).digest('hex');
    const role = access.roleOfToken?.(digest, nowMs);
    const id = role ?? `token ${digest.slice(0, TOKEN_DIGEST_LENGTH)}`;
    return { id, role: { id: role } };
  }
  if (impersonationRoleId !== undefined) {
    return { id: impersonatorId ?? impersonationRoleId, role: { id: impersonationRoleId } };
  }
  return impersonatorId === undefined ? undefined : { id: impersonatorId };
}

/** The decisions, and what is known of them for the status. */
export class Decisions implements DecideService {
  readonly #options: DecisionsOptions;
  #seen = 0;
  #events = 0;

  constructor(options: DecisionsOptions) {
    this.#options = options;
  }

  async decide(question: DecideQuestion, requestId: string): Promise<ToldDecision> {
    const { access, intake, clock } = this.#options;
    this.#seen++;
    const inForce = access();
    const atMs = clock.now();
    const device = deviceOf(question);
    const impersonator = impersonatorOf(inForce, question, atMs);
    const attempt: Attempt = {
      protocol: question.protocol,
      sourceIp: question.sourceIp,
      userId: question.userId.toLowerCase(),
      atMs,
      ...(impersonator !== undefined && { impersonator }),
      // Who tells of a device wants it judged, whatever the protocol.
      ...(device !== undefined && { device, judgeDevice: true }),
    };
    const verdict = evaluate(inForce, attempt);
    const userAgent = question.userAgent ?? device?.deviceUserAgent;
    await intake.accept(
      accessEvents(attempt, verdict, {
        request_id: requestId,
        ...(userAgent !== undefined && { user_agent: userAgent }),
        ...(question.sourcePort !== undefined && { source_port: question.sourcePort }),
      }),
    );
    this.#events += verdict.evaluations.length;
    const { effect, message, evaluations } = verdict;
    return { effect, ...(message !== '' && { message }), requestId, evaluations };
  }

  status(): CollectorStatus {
    return {
      name: 'decide',
      state: 'running',
      seen: this.#seen,
      events: this.#events,
      rejected: 0,
    };
  }
}

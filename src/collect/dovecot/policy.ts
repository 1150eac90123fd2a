// Dovecot's auth-policy protocol without its transport: `allow` asks whether somebody may sign in
// and is answered by the rules in force, `report` tells how an attempt ended. Every decision is on
// disk before Dovecot hears it. Dovecot may be set to ask twice, before and after the password is
// checked; each is a decision and a record of its own (the printed configuration asks once).
import {
  accessEvents,
  evaluate,
  type AccessInForce,
  type Attempt,
} from '../../access/evaluation.ts';
import type { Clock } from '../../platform/clock.ts';
import type { CollectorStatus, Intake } from '../collector.ts';
import { KeyedQueue } from './keyed-queue.ts';
import { PolicyRequestError, readPolicyRequest, type PolicyRequest } from './policy-request.ts';
import type { SignInJoin } from './sign-in-join.ts';
import { signInEvent, type SignInAttempt } from './sign-in.ts';

/** Most refusals whose reports have not come yet; the oldest goes first. */
const REFUSALS_MAX = 10_000;

export interface PolicyHandlerOptions {
  /** The rules in force now. */
  readonly access: () => AccessInForce;
  readonly intake: Intake;
  readonly clock: Clock;
  /** Shared with the Dovecot collectors; without it every report is an event of its own. */
  readonly signIns?: SignInJoin;
}

/** What Dovecot is answered: 0 lets the sign-in go on, -1 refuses it with the message. */
export interface PolicyAnswer {
  readonly status: number;
  readonly msg: string;
}

export interface PolicyHandler {
  /**
   * Handles one request. Rejects with a PolicyRequestError when the body cannot be understood (to
   * be answered with 400) and with the journal's error when the decision could not be recorded (to
   * be answered with 503, so that `auth_policy_reject_on_fail` decides).
   */
  handle(command: 'allow' | 'report', body: unknown): Promise<PolicyAnswer>;
  status(): CollectorStatus;
}

function attemptOn(request: PolicyRequest, atMs: number): Attempt {
  const { protocol, sourceIp, userId, impersonatorId, device } = request;
  return {
    protocol,
    sourceIp,
    userId,
    atMs,
    ...(impersonatorId !== undefined && { impersonator: { id: impersonatorId } }),
    ...(device !== undefined && { device }),
  };
}

function attemptOf(
  request: PolicyRequest,
  nowMs: number,
  refused: string | undefined,
): SignInAttempt {
  if (request.success === undefined) {
    throw new PolicyRequestError('auth policy report: success is missing');
  }
  return {
    timeMs: nowMs,
    session: request.session,
    requestId: undefined,
    userId: request.userId === '' ? undefined : request.userId,
    // Of a master user, not of the mailbox that he asked for.
    userUnknown: request.failure === 'user_unknown' && request.impersonatorId === undefined,
    userTyped: request.userTyped,
    impersonatorId: request.impersonatorId,
    protocol: request.protocol,
    sourceIp: request.sourceIp === '' ? undefined : request.sourceIp,
    sourcePort: request.sourcePort,
    userAgent: request.userAgent,
    mechanism: request.mechanism,
    transport: request.transport,
    success: request.success,
    policyReject: request.policyReject,
    refusal: request.policyReject ? refused : undefined,
    passdbResult: request.success || request.policyReject ? undefined : request.failure,
    patId: request.patId,
    serverName: undefined,
  };
}

/** What the question and the report of an attempt have in common. */
function whoOf({ session, userId, sourceIp, service }: PolicyRequest): string {
  return session ?? JSON.stringify([service, userId, sourceIp]);
}

class Handler implements PolicyHandler {
  readonly #options: PolicyHandlerOptions;
  /** What was answered, until the report comes, which does not repeat it. */
  readonly #refused = new KeyedQueue<string>(REFUSALS_MAX);
  #seen = 0;
  #events = 0;
  #rejected = 0;

  constructor(options: PolicyHandlerOptions) {
    this.#options = options;
  }

  async handle(command: 'allow' | 'report', body: unknown): Promise<PolicyAnswer> {
    this.#seen++;
    this.#options.signIns?.heard();
    let request: PolicyRequest;
    try {
      request = readPolicyRequest(body);
      if (command === 'report') return await this.#report(request);
    } catch (error) {
      if (error instanceof PolicyRequestError) this.#rejected++;
      throw error;
    }
    return this.#allow(request);
  }

  async #allow(request: PolicyRequest): Promise<PolicyAnswer> {
    const attempt = attemptOn(request, this.#options.clock.now());
    const verdict = evaluate(this.#options.access(), attempt);
    const { session, userAgent, sourcePort } = request;
    await this.#options.intake.accept(
      accessEvents(attempt, verdict, {
        ...(session !== undefined && { request_id: session }),
        ...(userAgent !== undefined && { user_agent: userAgent }),
        ...(sourcePort !== undefined && { source_port: sourcePort }),
      }),
    );
    this.#events += verdict.evaluations.length;
    if (verdict.effect === 'ALLOW') return { status: 0, msg: '' };
    this.#refused.push(whoOf(request), verdict.message);
    return { status: -1, msg: verdict.message };
  }

  async #report(request: PolicyRequest): Promise<PolicyAnswer> {
    const refused = request.policyReject ? this.#refused.take(whoOf(request)) : undefined;
    const attempt = attemptOf(request, this.#options.clock.now(), refused);
    if (this.#options.signIns === undefined) {
      await this.#options.intake.accept([signInEvent(attempt)]);
    } else {
      await this.#options.signIns.report(attempt);
    }
    this.#events++;
    return { status: 0, msg: '' };
  }

  status(): CollectorStatus {
    return {
      name: 'dovecot-policy',
      state: 'running',
      seen: this.#seen,
      events: this.#events,
      rejected: this.#rejected,
    };
  }
}

/** Makes the auth-policy handler. It has no life of its own: it starts and stops with its transport. */
export function createPolicyHandler(options: PolicyHandlerOptions): PolicyHandler {
  return new Handler(options);
}

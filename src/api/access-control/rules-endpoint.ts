// /v1/access-rules: access control rules as Mailtrail has them, with what AWS's operations cannot say.
// POST /v1/access-effect asks what they would decide and why; nothing is recorded for that.
import { z } from 'zod';
import type { AccessRequest } from '../../access/decision.ts';
import type { AccessPolicy } from '../../access/policy.ts';
import type { Clock } from '../../platform/clock.ts';
import type { AccessRuleDocument } from '../../state/documents.ts';
import type { Actor, State } from '../../state/state.ts';
import { ApiError } from '../api-error.ts';
import { type AccessActs, AccessRefusal } from './acts.ts';

export interface AccessRulesOptions {
  readonly state: Pick<State, 'get' | 'list'>;
  readonly acts: AccessActs;
  /** The policy in force now. */
  readonly policy: () => AccessPolicy;
  readonly clock: Pick<Clock, 'now'>;
}

const REFUSALS = {
  invalid: [400, 'InvalidParameterException'],
  'not-found': [404, 'ResourceNotFoundException'],
  exists: [409, 'ResourceAlreadyExistsException'],
  conflict: [409, 'ConflictException'],
  declared: [409, 'ConflictException'],
  limit: [400, 'LimitExceededException'],
} as const;

function invalid(message: string): ApiError {
  return new ApiError(400, 'InvalidParameterException', message);
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch (error) {
    throw invalid(`the body is not JSON: ${(error as Error).message}`);
  }
}

/** `If-Match: "3"`, the revision that was seen. */
function revisionOf(ifMatch: string | undefined): number | undefined {
  if (ifMatch === undefined) return undefined;
  const digits = /^"?(\d{1,15})"?$/.exec(ifMatch)?.[1];
  if (digits === undefined) throw invalid('If-Match: expected a revision, such as "3"');
  return Number(digits);
}

const Question = z.strictObject({
  protocol: z.string().min(1).max(64),
  sourceIp: z.string().max(64).default(''),
  userId: z.string().max(256).default(''),
  impersonationRoleId: z.string().min(1).max(64).optional(),
  /** ms since the Unix epoch; now when it is not said */
  atMs: z.int().min(0).optional(),
});

/** See the head of this file. */
export class AccessRulesEndpoint {
  readonly #options: AccessRulesOptions;

  constructor(options: AccessRulesOptions) {
    this.#options = options;
  }

  /** All rules in the order of their names. */
  list(): readonly AccessRuleDocument[] {
    return [...this.#options.state.list('access-rule')].map(([, rule]) => rule);
  }

  /** The rule of the name. Throws an ApiError when there is none. */
  get(name: string): AccessRuleDocument {
    const rule = this.#options.state.get('access-rule', name);
    if (rule === undefined) throw notFound(name);
    return rule;
  }

  /** Makes or changes the rule of the name. Throws an ApiError or a StateError. */
  async put(
    name: string,
    body: Buffer,
    ifMatch: string | undefined,
    actor: Actor,
  ): Promise<AccessRuleDocument> {
    const input = parse(body);
    if (typeof input !== 'object' || input === null || Array.isArray(input)) {
      throw invalid('the body must be a JSON object with the fields of a rule');
    }
    const said = (input as { readonly name?: unknown }).name;
    if (said !== undefined && said !== name) {
      throw invalid(`name: the path says ${JSON.stringify(name)}, the body something else`);
    }
    const act = { actor, eventName: 'PutAccessControlRule', ...seen(revisionOf(ifMatch)) };
    return told(this.#options.acts.put('access-rule', { ...input, name }, act));
  }

  /** Removes the rule of the name. Throws an ApiError or a StateError. */
  async remove(
    name: string,
    ifMatch: string | undefined,
    actor: Actor,
  ): Promise<AccessRuleDocument> {
    const rule = this.get(name);
    const act = { actor, eventName: 'DeleteAccessControlRule', ...seen(revisionOf(ifMatch)) };
    if (!(await told(this.#options.acts.remove('access-rule', name, act)))) throw notFound(name);
    return rule;
  }

  /** What would be decided, and of each rule whether it matches and why. */
  effect(body: Buffer): object {
    const read = Question.safeParse(parse(body));
    if (!read.success) {
      const { path, message } = read.error.issues[0] ?? { path: [], message: 'not an object' };
      throw invalid(path.length === 0 ? message : `${path.join('.')}: ${message}`);
    }
    const { impersonationRoleId, atMs = this.#options.clock.now(), ...asked } = read.data;
    const request: AccessRequest = {
      ...asked,
      atMs,
      ...(impersonationRoleId !== undefined && { impersonationRoleId }),
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
}

function seen(revision: number | undefined): { readonly revision?: number } {
  return revision === undefined ? {} : { revision };
}

function notFound(name: string): ApiError {
  const message = `there is no access control rule ${JSON.stringify(name.slice(0, 128))}; "mailtrail rules list" tells which there are`;
  return new ApiError(404, 'ResourceNotFoundException', message);
}

async function told<T>(change: Promise<T>): Promise<T> {
  try {
    return await change;
  } catch (error) {
    if (!(error instanceof AccessRefusal)) throw error;
    const [status, code] = REFUSALS[error.code];
    throw new ApiError(status, code, error.message, { cause: error });
  }
}

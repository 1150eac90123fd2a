// What the `mailtrail rules` commands share: rules as the server lists them, and questions about them.
import type { ApiClient } from './api-client.ts';
import { CliError } from './cli-error.ts';
import type { Call } from './command.ts';
import { EXIT } from './exit-code.ts';

/** A rule with who changed it when; the conditions are fields of any name. */
export interface ListedRule {
  readonly name: string;
  readonly effect: string;
  readonly description?: string;
  readonly dryRun?: boolean;
  readonly declared?: boolean;
  readonly revision: number;
  readonly createdAtMs: number;
  readonly modifiedAtMs: number;
  readonly [condition: string]: unknown;
}

const NO_CONDITIONS: ReadonlySet<string> = new Set([
  'name',
  'effect',
  'description',
  'dryRun',
  'declared',
  'revision',
  'createdAtMs',
  'modifiedAtMs',
]);

/** The conditions of a rule on one line. */
export function conditionsText(rule: ListedRule): string {
  const conditions = Object.entries(rule).filter(([name]) => !NO_CONDITIONS.has(name));
  if (conditions.length === 0) return 'always';
  return conditions
    .map(([name, entries]) => `${name}: ${(entries as readonly string[]).join(', ')}`)
    .join('; ');
}

/** Asks the server for its rules. */
export async function fetchRules(client: ApiClient): Promise<readonly ListedRule[]> {
  const response = await client.get('/v1/access-rules');
  const body = (await response.json()) as { readonly rules?: readonly ListedRule[] };
  return body.rules ?? [];
}

/** The path of a rule. */
export function rulePath(name: string): string {
  return `/v1/access-rules/${encodeURIComponent(name)}`;
}

/** What was decided, as POST /v1/access-effect answers. */
export interface Effect {
  readonly effect: string;
  readonly rule?: string;
  readonly wouldDeny?: string;
  readonly matched: readonly string[];
  readonly rules: readonly {
    readonly name: string;
    readonly effect: string;
    readonly dryRun?: boolean;
    readonly matched: boolean;
    readonly conditions: readonly {
      readonly condition: string;
      readonly holds: boolean;
      readonly entries: readonly string[];
      readonly seen: string;
    }[];
  }[];
}

/** Asks what would be decided about what the options of the call say. */
export async function fetchEffect(client: ApiClient, { options }: Call): Promise<Effect> {
  const at = options.text('at');
  const atMs = at === undefined ? undefined : Date.parse(at);
  if (Number.isNaN(atMs)) {
    throw new CliError(
      EXIT.usage,
      `--at ${at ?? ''}: expected a time such as 2026-11-23T08:00:00Z`,
    );
  }
  const role = options.text('role');
  const response = await client.post('/v1/access-effect', {
    protocol: options.text('protocol') ?? 'IMAP',
    sourceIp: options.text('ip') ?? '',
    userId: options.text('user') ?? '',
    ...(role !== undefined && { impersonationRoleId: role }),
    ...(atMs !== undefined && { atMs }),
  });
  return (await response.json()) as Effect;
}

/** The decision in one line. */
export function decisionText({ effect, rule, wouldDeny }: Effect): string {
  const by = rule === undefined ? 'no rule matches' : `by the rule ${rule}`;
  const tried = wouldDeny === undefined ? '' : `; ${wouldDeny} would deny it`;
  return `${effect}: ${by}${tried}`;
}

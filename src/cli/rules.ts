// What `mailtrail rules test` and `rules explain` share: questions about what the rules would decide.
import type { ApiClient } from './api-client.ts';
import { CliError } from './cli-error.ts';
import type { Call } from './command.ts';
import { EXIT } from './exit-code.ts';

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
  const sender = options.text('sender');
  const size = options.text('size');
  if (size !== undefined && !/^\d{1,15}$/.test(size)) {
    throw new CliError(EXIT.usage, `--size ${size}: expected a number of bytes`);
  }
  const message = {
    sender: sender ?? '',
    ...(size !== undefined && { sizeBytes: Number(size) }),
  };
  const role = options.text('role');
  const response = await client.post('/v1/access-effect', {
    protocol: options.text('protocol') ?? 'IMAP',
    sourceIp: options.text('ip') ?? '',
    userId: options.text('user') ?? '',
    ...(role !== undefined && { impersonationRoleId: role }),
    ...((sender ?? size) !== undefined && { message }),
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

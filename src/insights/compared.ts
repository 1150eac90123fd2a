// Queries that compare: `diff` and `anomaly` read the times before the query's own as well, in the
// same statement, and tell by patterns what has changed.
import type { Command, DiffCommand, Query } from './ast.ts';
import { MalformedQuery } from './error.ts';
import type { QueryScope } from './scope.ts';

const DAY_MS = 86_400_000;

type ComparingCommand = Extract<Command, { kind: 'diff' | 'anomaly' }>;

function isComparing(command: Command): command is ComparingCommand {
  return command.kind === 'diff' || command.kind === 'anomaly';
}

/** What may stand in front: commands that decide about each event by itself, and none that choose. */
const IN_FRONT: ReadonlySet<Command['kind']> = new Set([
  'fields',
  'display',
  'unmask',
  'parse',
  'filter',
  'filterIndex',
  'sort',
  'pattern',
  'diff',
  'anomaly',
]);

/** Throws MalformedQuery for a comparison of what are no events, and for one that is made twice. */
export function checkCompared({ commands }: Query): void {
  const at = commands.findIndex(isComparing);
  const comparing = commands[at];
  if (comparing === undefined) return;
  for (const command of commands.slice(0, at)) {
    if (IN_FRONT.has(command.kind)) continue;
    throw new MalformedQuery(`${command.kind} cannot stand before ${comparing.kind}`, command);
  }
  const again = commands.slice(at + 1).find(({ kind }) => kind === comparing.kind);
  if (again !== undefined) throw new MalformedQuery(`${again.kind} can stand only once`, again);
  const late = commands.slice(at + 1).find(({ kind }) => kind === 'pattern');
  if (late !== undefined) {
    throw new MalformedQuery(`pattern must stand before ${comparing.kind}`, late);
  }
}

/** The commands with the `pattern @message` that a comparison of events means. */
export function withImpliedPattern(commands: readonly Command[]): readonly Command[] {
  const at = commands.findIndex(isComparing);
  const comparing = commands[at];
  if (comparing === undefined || commands.some(({ kind }) => kind === 'pattern')) return commands;
  const { start, end } = comparing;
  const source = { kind: 'field', name: '@message', start, end } as const;
  const pattern: Command = { kind: 'pattern', source, start, end };
  return [...commands.slice(0, at), pattern, ...commands.slice(at)];
}

/** The same day and time of the month before, or that month's last day where it is shorter. */
function monthBefore(ms: number): number {
  const at = new Date(ms);
  const [year, month] = [at.getUTCFullYear(), at.getUTCMonth()];
  const last = new Date(Date.UTC(year, month, 0)).getUTCDate();
  const sinceMidnight = ms - Date.UTC(year, month, at.getUTCDate());
  return Date.UTC(year, month - 1, Math.min(at.getUTCDate(), last)) + sinceMidnight;
}

function startBefore(startMs: number, endMs: number, against: DiffCommand['against']): number {
  switch (against) {
    case 'previous':
      // Both ends are included.
      return startMs - (endMs - startMs) - 1;
    case 'previousDay':
      return startMs - DAY_MS;
    case 'previousWeek':
      return startMs - 7 * DAY_MS;
    case 'previousMonth':
      return monthBefore(startMs);
  }
}

/**
 * The scope with the times that the query compares with, which are as long as its own.
 *
 * @see CloudWatch Logs user guide, "diff", "Compare (diff) with previous time ranges"
 */
export function withCompared({ commands }: Query, scope: QueryScope): QueryScope {
  const { compared: _, ...own } = scope;
  const comparing = commands.filter(isComparing);
  if (comparing.length === 0) return own;
  const diff = comparing.find(({ kind }) => kind === 'diff');
  const against = diff?.kind === 'diff' ? diff.against : 'previous';
  const startMs = startBefore(own.startMs, own.endMs, against);
  return { ...own, compared: { startMs, endMs: startMs + (own.endMs - own.startMs) } };
}

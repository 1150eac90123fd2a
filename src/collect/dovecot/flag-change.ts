// What a STORE does to flags, and whether a line of mail_log, which tells the flags after a change,
// can be of it.
import type { ImapToken } from './imap-arguments.ts';

/** The flags that a STORE sets, adds or takes away; in lower case. */
export interface FlagChange {
  readonly operation: 'set' | 'add' | 'remove';
  /** e.g. `\seen` */
  readonly system: ReadonlySet<string>;
  /** e.g. `$forwarded` */
  readonly keywords: ReadonlySet<string>;
}

/**
 * How well a line agrees with a change. Dovecot changes system flags first and keywords then, with a
 * line for each that changes something: `partly` is a line of the first step.
 */
export type Agreement = 'no' | 'partly' | 'fully';

interface Flags {
  readonly system: ReadonlySet<string>;
  readonly keywords: ReadonlySet<string>;
}

function splitFlags(text: string): Flags {
  const flags = text
    .toLowerCase()
    .split(' ')
    // Nobody can change \Recent.
    .filter((flag) => flag !== '' && flag !== '\\recent');
  return {
    system: new Set(flags.filter((flag) => flag.startsWith('\\'))),
    keywords: new Set(flags.filter((flag) => !flag.startsWith('\\'))),
  };
}

/**
 * Reads the arguments of a STORE; undefined where they do not name flags, e.g. because they were cut.
 *
 * @see RFC 9051 section 6.4.6
 */
export function flagChange(tokens: readonly ImapToken[]): FlagChange | undefined {
  const at = tokens.findIndex((token) => /^[+-]?FLAGS(\.SILENT)?$/i.test(token.text));
  if (at < 0 || at + 1 >= tokens.length) return undefined;
  const sign = tokens[at]?.text[0];
  const operation = sign === '+' ? 'add' : sign === '-' ? 'remove' : 'set';
  const flags = tokens.slice(at + 1).map((token) => token.text.replace(/^\(|\)$/g, ''));
  return { operation, ...splitFlags(flags.join(' ')) };
}

function isWithin(some: ReadonlySet<string>, all: ReadonlySet<string>): boolean {
  return [...some].every((flag) => all.has(flag));
}

function isApart(some: ReadonlySet<string>, all: ReadonlySet<string>): boolean {
  return ![...some].some((flag) => all.has(flag));
}

function holds(
  operation: FlagChange['operation'],
  wanted: ReadonlySet<string>,
  found: ReadonlySet<string>,
): boolean {
  if (operation === 'remove') return isApart(wanted, found);
  return isWithin(wanted, found) && (operation === 'add' || wanted.size === found.size);
}

/** Whether flags after a change can be those after this one. */
export function agreement(change: FlagChange, flagsAfter: string): Agreement {
  const after = splitFlags(flagsAfter);
  const { operation, system, keywords } = change;
  if (!holds(operation, system, after.system)) return 'no';
  if (holds(operation, keywords, after.keywords)) return 'fully';
  return operation === 'set' || system.size > 0 ? 'partly' : 'no';
}

/** Whether a message with the flags already is as the change would make it. */
export function changesNothing(change: FlagChange, flags: string): boolean {
  return agreement(change, flags) === 'fully';
}

/** The rights of RFC 4314 that a change needs: `s` for \Seen, `t` for \Deleted, `w` for all others. */
export function rightsNeeded(change: FlagChange): string[] {
  const flags = [...change.system, ...change.keywords];
  const rights = flags.map((flag) => ({ '\\seen': 's', '\\deleted': 't' })[flag] ?? 'w');
  return [...new Set(rights)];
}

// What a command is: its declaration, from which the parser, `--help`, the completions and the
// reference are made, and the code behind it, loaded only when the command is called.
import type { ExitCode } from './exit-code.ts';
import type { World } from './world.ts';

export interface OptionSpec {
  /** As commander writes it: `-n, --lines <count>`, or `--verbose` for a switch. */
  readonly flags: string;
  readonly about: string;
  /** May be given more than once. */
  readonly repeated?: boolean;
  readonly choices?: readonly string[];
  /** What holds when it is not given, as `--help` says it. */
  readonly fallback?: string;
  /** The configuration's setting that it sets, e.g. `server.listen`. */
  readonly setting?: string;
  /** What its value names, for the completions. */
  readonly names?: 'file' | 'directory' | 'log';
}

export interface ArgumentSpec {
  readonly name: string;
  readonly about: string;
  readonly choices?: readonly string[];
  /** It may be left out. */
  readonly optional?: true;
}

export interface CommandSpec {
  /** One or two words: `query`, `config check`. */
  readonly name: string;
  readonly summary: string;
  /** Command lines and what they do; they come first in the help. */
  readonly examples: readonly (readonly [command: string, does: string])[];
  /** What the options do not say. */
  readonly notes?: string;
  readonly arguments?: readonly ArgumentSpec[];
  readonly options: readonly OptionSpec[];
  /** It handles SIGINT and SIGTERM itself. */
  readonly handlesSignals?: boolean;
  readonly load: () => Promise<{ readonly run: Run }>;
}

/** One call of a command. */
export interface Call {
  readonly world: World;
  readonly arguments: readonly string[];
  readonly options: Options;
  /** Aborted when the user interrupts. */
  readonly signal: AbortSignal;
}

export type Run = (call: Call) => Promise<ExitCode>;

/** The options of a call by their long names, already checked against the declaration. */
export class Options {
  readonly #values: Readonly<Record<string, unknown>>;
  constructor(values: Readonly<Record<string, unknown>>) {
    this.#values = values;
  }

  #value(name: string): unknown {
    return this.#values[camelCase(name)];
  }

  /** The value of `--name VALUE`. */
  text(name: string): string | undefined {
    const value = this.#value(name);
    return typeof value === 'string' ? value : undefined;
  }

  /** The values of a repeatable option. */
  texts(name: string): readonly string[] {
    const value = this.#value(name);
    return Array.isArray(value) ? (value as string[]) : [];
  }

  /** Whether a switch was given. */
  on(name: string): boolean {
    return this.#value(name) === true;
  }
}

/** `log-group` → `logGroup`, as commander names its values. */
function camelCase(name: string): string {
  return name.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** The long name of an option: `lines` of `-n, --lines <count>`. */
export function longName(option: OptionSpec): string {
  return /--([a-z-]+)/.exec(option.flags)?.[1] ?? '';
}

/** Whether an option is followed by a value. */
export function takesValue(option: OptionSpec): boolean {
  return option.flags.includes('<');
}

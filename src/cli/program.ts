// From the command line to an exit code: the parser is built from the declarations, and every
// error ends here as one message.
import { Command, CommanderError, Option } from 'commander';
import { CliError, wordsOf } from './cli-error.ts';
import { longName, Options, type CommandSpec, type OptionSpec } from './command.ts';
import { COMMANDS, FAMILIES, PROGRAM_EXAMPLES } from './commands.ts';
import { escapeLines } from './escape.ts';
import { EXIT, EXIT_MEANINGS, type ExitCode } from './exit-code.ts';
import { versionText } from './version.ts';
import { OutputClosedError, type World } from './world.ts';

/** Help wider than this is hard to read. */
const HELP_COLUMNS_MAX = 100;

function exampleText(examples: CommandSpec['examples']): string {
  const lines = examples.map(([command, does]) => `  ${command}\n      ${does}`);
  return `Examples:\n${lines.join('\n')}\n`;
}

/** Breaks a text at its spaces. */
function wrapWords(text: string, columns: number): string {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line !== '' && line.length + 1 + word.length > columns) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines.join('\n');
}

function exitCodeText(): string {
  const lines = EXIT_MEANINGS.map(([code, meaning]) => `  ${String(code).padStart(3)}  ${meaning}`);
  return `\nExit codes:\n${lines.join('\n')}`;
}

function optionOf(spec: OptionSpec): Option {
  const fallback = spec.fallback === undefined ? '' : ` (default: ${spec.fallback})`;
  const setting = spec.setting === undefined ? '' : ` (setting ${spec.setting})`;
  const choices = spec.choices === undefined ? '' : `: ${spec.choices.join(', ')}`;
  const repeated = spec.repeated === true ? '; may be repeated' : '';
  const about = `${spec.about}${choices}${repeated}${setting}${fallback}`;
  const option = new Option(spec.flags, about);
  if (spec.choices !== undefined || spec.repeated === true) {
    option.argParser((value: string, before: unknown): unknown => {
      if (spec.choices !== undefined && !spec.choices.includes(value)) {
        const message = `--${longName(spec)} ${value}: expected ${spec.choices.join(', ')}`;
        throw new CliError(EXIT.usage, message);
      }
      if (spec.repeated !== true) return value;
      return [...(Array.isArray(before) ? (before as string[]) : []), value];
    });
  }
  return option;
}

/** What was asked for, once parsing has found it. */
interface Asked {
  readonly spec: CommandSpec;
  readonly arguments: readonly string[];
  readonly options: Options;
}

function addCommand(
  parent: Command,
  name: string,
  spec: CommandSpec,
  ask: (a: Asked) => void,
): Command {
  const command = parent.command(name).description(spec.summary);
  command.addHelpText('before', exampleText(spec.examples));
  if (spec.notes !== undefined)
    command.addHelpText('after', `\n${wrapWords(spec.notes, HELP_COLUMNS_MAX)}`);
  for (const { name: argument, about, choices, optional } of spec.arguments ?? []) {
    const list = choices === undefined ? '' : `: ${choices.join(', ')}`;
    command.argument(optional === true ? `[${argument}]` : `<${argument}>`, about + list);
  }
  for (const option of spec.options) command.addOption(optionOf(option));
  command.action(() => {
    ask({ spec, arguments: command.args, options: new Options(command.opts()) });
  });
  // What follows the second word belongs to it, also where both know an option.
  return command.enablePositionalOptions();
}

function checkChoices({ spec, arguments: given }: Asked): void {
  spec.arguments?.forEach(({ name, choices }, index) => {
    const value = given[index] ?? '';
    if (choices !== undefined && !choices.includes(value)) {
      const message = `${name} ${JSON.stringify(value)}: expected ${choices.join(', ')}`;
      throw new CliError(EXIT.usage, message);
    }
  });
}

/** Where commander's own texts (help, usage errors) are gathered. */
interface Printed {
  out: string;
  err: string;
}

function buildProgram(world: World, printed: Printed, ask: (asked: Asked) => void): Command {
  const program = new Command('mailtrail');
  const helpWidth = Math.min(world.stdout.columns ?? HELP_COLUMNS_MAX, HELP_COLUMNS_MAX);
  program
    .description('Audit logging for Dovecot and Postfix: who signed in, read, deleted, sent.')
    .version(versionText(world), '-V, --version', 'print the version')
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => {
        printed.out += text;
      },
      writeErr: (text) => {
        printed.err += text;
      },
      getOutHelpWidth: () => helpWidth,
      getErrHelpWidth: () => helpWidth,
      outputError: (text, write) => write(text.replace(/^error: /, 'mailtrail: ')),
    })
    .showHelpAfterError('Run it with --help for examples and options.')
    .addHelpText('before', exampleText(PROGRAM_EXAMPLES))
    .addHelpText('after', exitCodeText());
  // Each command inherits these settings when it is added, so they come first.
  const families = new Map<string, Command>();
  for (const spec of COMMANDS) {
    const [first = '', second] = spec.name.split(' ');
    if (second === undefined) families.set(first, addCommand(program, first, spec, ask));
    else {
      const known = families.get(first);
      const family = known ?? program.command(first).description(FAMILIES[first] ?? '');
      families.set(first, family);
      addCommand(family, second, spec, ask);
    }
  }
  return program;
}

/** Runs the command; SIGINT and SIGTERM cancel what it waits for and end it. */
async function call(world: World, { spec, arguments: given, options }: Asked): Promise<ExitCode> {
  const abort = new AbortController();
  const { run } = await spec.load();
  const running = run({ world, arguments: given, options, signal: abort.signal });
  if (spec.handlesSignals === true) return running;
  const interrupted = new Promise<ExitCode>((resolve) => {
    for (const [signal, code] of [
      ['SIGINT', EXIT.interrupted],
      ['SIGTERM', EXIT.terminated],
    ] as const) {
      world.onSignal(signal, () => {
        resolve(code);
        abort.abort();
      });
    }
  });
  // What the cancelled command says after the signal is of no interest any more.
  running.catch(() => {});
  return Promise.race([interrupted, running]);
}

async function explain(world: World, error: unknown): Promise<ExitCode> {
  if (error instanceof OutputClosedError) return EXIT.ok;
  const known = error instanceof CliError;
  const message = known ? error.message : `unexpected error: ${wordsOf(error)}`;
  const stack = !known && error instanceof Error ? `\n${error.stack ?? ''}` : '';
  const prefix = known && error.exitCode === EXIT.config ? '' : 'mailtrail: ';
  try {
    await world.stderr.write(escapeLines(`${prefix}${message}${stack}\n`));
  } catch {
    // Nobody reads standard error either: the exit code has to say it.
  }
  return known ? error.exitCode : EXIT.failure;
}

/** Runs the program with the world's command line; resolves to the exit code, never rejects. */
export async function runProgram(world: World): Promise<ExitCode> {
  const printed: Printed = { out: '', err: '' };
  let asked: Asked | undefined;
  try {
    const program = buildProgram(world, printed, (found) => {
      asked = found;
    });
    try {
      await program.parseAsync(world.argv, { from: 'user' });
    } catch (error) {
      if (!(error instanceof CommanderError)) throw error;
      if (printed.out !== '') await world.stdout.write(printed.out);
      if (printed.err !== '') await world.stderr.write(escapeLines(printed.err));
      return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    }
    if (asked === undefined) return EXIT.usage;
    checkChoices(asked);
    return await call(world, asked);
  } catch (error) {
    return explain(world, error);
  }
}

// `mailtrail completion`: scripts for bash, zsh and fish, made from the declarations.
import type { Call, CommandSpec, OptionSpec } from './command.ts';
import { longName, takesValue } from './command.ts';
import { COMMANDS, FAMILIES } from './commands.ts';
import { LOG_NAMES } from './option-groups.ts';
import { EXIT, type ExitCode } from './exit-code.ts';

/** The first words, with what they are. */
function firstWords(): [word: string, about: string][] {
  const words = COMMANDS.map(({ name, summary }): [string, string] => {
    const word = name.split(' ')[0] ?? '';
    return [word, FAMILIES[word] ?? summary];
  });
  return [...new Map(words)];
}

function secondWords(family: string): [word: string, about: string][] {
  return COMMANDS.filter(({ name }) => name.startsWith(`${family} `)).map(({ name, summary }) => [
    name.slice(family.length + 1),
    summary,
  ]);
}

/** The values that an option may have, when they are known beforehand. */
function valuesOf(option: OptionSpec): readonly string[] {
  return option.choices ?? (option.names === 'log' ? LOG_NAMES : []);
}

/** `-o` and `--output`. */
function spellings(option: OptionSpec): string[] {
  return option.flags.split(/[ ,]+/).filter((part) => part.startsWith('-'));
}

function bashValues(option: OptionSpec): string {
  const values = valuesOf(option);
  if (values.length > 0) return `COMPREPLY=($(compgen -W '${values.join(' ')}' -- "$cur"))`;
  if (option.names === 'directory') return 'COMPREPLY=($(compgen -d -- "$cur"))';
  if (option.names === 'file') return 'COMPREPLY=($(compgen -f -- "$cur"))';
  return 'COMPREPLY=()';
}

function bashCase(spec: CommandSpec): string {
  const valued = spec.options.filter(takesValue);
  const cases = valued.map((o) => `        ${spellings(o).join('|')}) ${bashValues(o)}; return ;;`);
  const words = [
    ...spec.options.flatMap(spellings),
    '--help',
    ...(spec.arguments?.flatMap(({ choices = [] }) => choices) ?? []),
  ];
  return [
    `    '${spec.name}')`,
    '      case "$prev" in',
    ...cases,
    '      esac',
    `      COMPREPLY=($(compgen -W '${words.join(' ')}' -- "$cur")) ;;`,
  ].join('\n');
}

function wordList(words: [string, string][]): string {
  return words.map(([word]) => word).join(' ');
}

function bash(): string {
  const families = Object.keys(FAMILIES);
  const familyCases = families.map(
    (family) =>
      `    ${family}) COMPREPLY=($(compgen -W '${wordList(secondWords(family))} --help' -- "$cur")) ;;`,
  );
  return [
    '# bash completion for mailtrail',
    '_mailtrail() {',
    '  local cur="${COMP_WORDS[COMP_CWORD]}" prev="${COMP_WORDS[COMP_CWORD-1]}"',
    '  local command="${COMP_WORDS[1]:-}"',
    '  if [ "$COMP_CWORD" -eq 1 ]; then',
    `    COMPREPLY=($(compgen -W '${wordList(firstWords())} --help --version' -- "$cur"))`,
    '    return',
    '  fi',
    `  case "$command" in ${families.join('|')})`,
    '    [ "$COMP_CWORD" -gt 2 ] && command="$command ${COMP_WORDS[2]}" ;;',
    '  esac',
    '  case "$command" in',
    ...familyCases,
    ...COMMANDS.map(bashCase),
    '  esac',
    '}',
    'complete -F _mailtrail mailtrail',
    '',
  ].join('\n');
}

/** A text inside of single quotes, for all three shells. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** In zsh's specifications brackets and colons mean something. */
function zshText(text: string): string {
  return text.replaceAll(/[[\]:\\]/g, String.raw`\$&`);
}

function zshOption(option: OptionSpec): string[] {
  const values = valuesOf(option);
  const action =
    values.length > 0
      ? `(${values.join(' ')})`
      : option.names === 'directory'
        ? '_files -/'
        : option.names === 'file'
          ? '_files'
          : '';
  const value = takesValue(option) ? `:${longName(option)}:${action}` : '';
  const repeated = option.repeated === true ? '*' : '';
  return spellings(option).map((spelling) =>
    quoted(`${repeated}${spelling}[${zshText(option.about)}]${value}`),
  );
}

function zshList(words: [string, string][]): string {
  return words.map(([word, about]) => quoted(`${word}:${zshText(about)}`)).join(' ');
}

function zsh(): string {
  const cases = COMMANDS.map((spec) => {
    const specs = [
      ...spec.options.flatMap(zshOption),
      ...(spec.arguments ?? []).map(({ name, choices }) =>
        quoted(`:${name}:${choices === undefined ? '' : `(${choices.join(' ')})`}`),
      ),
    ];
    return `    '${spec.name}') _arguments ${["'--help[examples and options]'", ...specs].join(' ')} ;;`;
  });
  const families = Object.keys(FAMILIES).map((family) =>
    [
      `    ${family})`,
      `      if (( CURRENT == 3 )); then words_=(${zshList(secondWords(family))}); _describe command words_; return; fi`,
      '      command="$command $words[3]"; shift 2 words; (( CURRENT -= 2 )) ;;',
    ].join('\n'),
  );
  return [
    '#compdef mailtrail',
    '_mailtrail() {',
    '  local -a words_',
    '  local command="$words[2]"',
    `  if (( CURRENT == 2 )); then words_=(${zshList(firstWords())}); _describe command words_; return; fi`,
    '  case "$command" in',
    ...families,
    '    *) shift words; (( CURRENT-- )) ;;',
    '  esac',
    '  case "$command" in',
    ...cases,
    '  esac',
    '}',
    'if [ "$funcstack[1]" = _mailtrail ]; then _mailtrail "$@"; else compdef _mailtrail mailtrail; fi',
    '',
  ].join('\n');
}

function fishOption(condition: string, option: OptionSpec): string {
  const short = /^-([a-zA-Z])\b/.exec(option.flags)?.[1];
  const values = valuesOf(option);
  const parts = ['complete -c mailtrail', `-n ${quoted(condition)}`];
  if (short !== undefined) parts.push(`-s ${short}`);
  parts.push(`-l ${longName(option)}`);
  if (takesValue(option)) parts.push(option.names === 'file' ? '-rF' : '-x');
  if (option.names === 'directory') parts.push("-a '(__fish_complete_directories)'");
  if (values.length > 0) parts.push(`-a ${quoted(values.join(' '))}`);
  return `${parts.join(' ')} -d ${quoted(option.about)}`;
}

function fish(): string {
  const lines = ['# fish completion for mailtrail', 'complete -c mailtrail -f'];
  for (const [word, about] of firstWords()) {
    lines.push(`complete -c mailtrail -n '__fish_use_subcommand' -a ${word} -d ${quoted(about)}`);
  }
  for (const spec of COMMANDS) {
    const [first = '', second] = spec.name.split(' ');
    const inFirst = `__fish_seen_subcommand_from ${first}`;
    if (second !== undefined) {
      const fresh = `${inFirst}; and not __fish_seen_subcommand_from ${secondWords(first)
        .map(([word]) => word)
        .join(' ')}`;
      lines.push(
        `complete -c mailtrail -n ${quoted(fresh)} -a ${second} -d ${quoted(spec.summary)}`,
      );
    }
    const condition =
      second === undefined ? inFirst : `${inFirst}; and __fish_seen_subcommand_from ${second}`;
    for (const { choices } of spec.arguments ?? []) {
      if (choices !== undefined) {
        lines.push(`complete -c mailtrail -n ${quoted(condition)} -a ${quoted(choices.join(' '))}`);
      }
    }
    lines.push(...spec.options.map((option) => fishOption(condition, option)));
  }
  return `${lines.join('\n')}\n`;
}

const SCRIPTS: Readonly<Record<string, () => string>> = { bash, zsh, fish };

/** The script for a shell; empty for one that is not known. */
export function completionScript(shell: string): string {
  return SCRIPTS[shell]?.() ?? '';
}

/** Prints the script. */
export async function run(call: Call): Promise<ExitCode> {
  await call.world.stdout.write(completionScript(call.arguments[0] ?? ''));
  return EXIT.ok;
}

// docs/reference/cli.md, made from the declarations; a test keeps the file current.
import type { CommandSpec, OptionSpec } from './command.ts';
import { COMMANDS } from './commands.ts';
import { EXIT_MEANINGS } from './exit-code.ts';

const INTRODUCTION = `# Command line

<!-- Made from src/cli/commands.ts: run "npx vitest run --project unit src/cli -u" after a change there. -->

Data goes to standard output, everything else to standard error. A reader that goes away (\`| head\`) is no error.

The server is found by \`--endpoint-url\`, else \`MAILTRAIL_ENDPOINT\`, else at \`http://127.0.0.1:4650\`. The key is, in this
order, that of \`--data\`; of \`AWS_ACCESS_KEY_ID\` and \`AWS_SECRET_ACCESS_KEY\`; of the file
\`AWS_SHARED_CREDENTIALS_FILE\` (profile \`AWS_PROFILE\`, else \`default\`); of the credentials file that a server left in
its data directory on this host. Requests are signed with AWS Signature Version 4, so the secret key never travels.
`;

function cell(text: string): string {
  return text.replaceAll('|', String.raw`\|`);
}

function optionRow(option: OptionSpec): string {
  const choices = option.choices === undefined ? '' : `: ${option.choices.join(', ')}`;
  const repeated = option.repeated === true ? '; may be repeated' : '';
  const setting = option.setting === undefined ? '' : ` (setting \`${option.setting}\`)`;
  const fallback = option.fallback === undefined ? '' : ` Default: ${option.fallback}.`;
  return `| \`${cell(option.flags)}\` | ${cell(option.about + choices + repeated + setting)}.${cell(fallback)} |`;
}

function commandSection(spec: CommandSpec): string {
  const parts = (spec.arguments ?? [])
    .map(({ name, optional }) => (optional === true ? ` [${name}]` : ` <${name}>`))
    .join('');
  const lines = [`## mailtrail ${spec.name}`, '', `${spec.summary}.`, '', '```sh'];
  for (const [command, does] of spec.examples) lines.push(`# ${does}`, command);
  lines.push('```', '', `Usage: \`mailtrail ${spec.name}${parts} [options]\``, '');
  if (spec.notes !== undefined) lines.push(spec.notes, '');
  for (const { name, about, choices } of spec.arguments ?? []) {
    lines.push(`- \`${name}\`: ${about}${choices === undefined ? '' : `: ${choices.join(', ')}`}`);
  }
  if (spec.arguments !== undefined) lines.push('');
  if (spec.options.length > 0) {
    lines.push('| option | |', '|---|---|', ...spec.options.map(optionRow), '');
  }
  return lines.join('\n');
}

/** The whole page. */
export function cliReference(): string {
  const codes = EXIT_MEANINGS.map(([code, meaning]) => `| ${code} | ${cell(meaning)} |`);
  const exit = ['## Exit codes', '', '| code | |', '|---|---|', ...codes, ''].join('\n');
  return `${INTRODUCTION}\n${COMMANDS.map(commandSection).join('\n')}\n${exit}`;
}

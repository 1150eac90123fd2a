// A delivery as options of the command line describe it.
import { formatPath } from '../config/raw-tree.ts';
import { checkDescription } from '../deliver/description.ts';
import { CliError } from './cli-error.ts';
import type { Call } from './command.ts';
import type { WrittenDescription } from './delivery-file.ts';
import { placeIn } from './delivery-place.ts';
import { EXIT } from './exit-code.ts';

/** The options that are members of the description as they are. */
const PLAIN = [
  ['format', 'format'],
  ['field-delimiter', 'fieldDelimiter'],
  ['suffix-path', 'suffixPath'],
  ['filter', 'filter'],
  ['sample-one-in', 'sampleOneIn'],
  ['interval', 'interval'],
  ['object-size', 'objectSize'],
  ['backlog', 'backlog'],
  ['when-backlog-full', 'whenBacklogFull'],
] as const;

function redactions(texts: readonly string[]): readonly object[] {
  return texts.map((text) => {
    const at = text.lastIndexOf('=');
    if (at > 0) return { field: text.slice(0, at), how: text.slice(at + 1) };
    throw new CliError(
      EXIT.usage,
      `--redact ${text}: expected FIELD=remove, FIELD=hash or FIELD=mask`,
    );
  });
}

/** The description that the options are. Throws a CliError that tells all that is wrong with it. */
export function describedByOptions({ options, arguments: [name] }: Call): WrittenDescription {
  const to = options.text('to');
  if (to === undefined) {
    throw new CliError(
      EXIT.usage,
      '--to is missing: where do the logs go? Or describe the delivery in a file (--file)',
    );
  }
  const [[kind, members] = ['', {}]] = Object.entries(placeIn(to));
  const reach = [
    ['endpoint', options.text('to-endpoint')],
    ['region', options.text('to-region')],
  ].filter(([, value]) => value !== undefined);
  const fields = options.texts('field');
  const redact = redactions(options.texts('redact'));
  const plain = PLAIN.map(([flag, member]) => [member, options.text(flag)] as const);
  const said = {
    name,
    logs: options.texts('log'),
    to: { [kind]: { ...members, ...Object.fromEntries(reach) } },
    ...(fields.length > 0 && { fields }),
    ...(redact.length > 0 && { redact }),
    ...(options.on('hive-paths') && { hivePaths: true }),
    ...Object.fromEntries(plain.filter(([, value]) => value !== undefined)),
  };
  const checked = checkDescription(said);
  if (checked.ok) return said;
  const told = checked.problems.map(({ path, message }) => `${formatPath(path)}: ${message}`);
  throw new CliError(EXIT.usage, told.join('\n'));
}

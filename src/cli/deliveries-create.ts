// `mailtrail deliveries create`: a delivery as options or a file describe it.
import { emptySection, formatPath, formatProblem, type RawSection } from '../config/raw-tree.ts';
import { readYaml } from '../config/yaml-source.ts';
import { checkDescription } from '../deliver/description.ts';
import { ApiClient } from './api-client.ts';
import { CliError } from './cli-error.ts';
import type { Call } from './command.ts';
import { placeIn } from './delivery-place.ts';
import { safeJson } from './escape.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { toldIn, writeDone } from './told-delivery.ts';

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

function fromOptions({ options, arguments: [name] }: Call): unknown {
  const to = options.text('to');
  if (to === undefined) throw new CliError(EXIT.usage, '--to is missing: where do the logs go?');
  const [[kind, members] = ['', {}]] = Object.entries(placeIn(to));
  const reach = [
    ['endpoint', options.text('to-endpoint')],
    ['region', options.text('to-region')],
  ].filter(([, value]) => value !== undefined);
  const fields = options.texts('field');
  const redact = redactions(options.texts('redact'));
  const plain = PLAIN.map(([flag, member]) => [member, options.text(flag)] as const);
  return {
    name,
    logs: options.texts('log'),
    to: { [kind]: { ...members, ...Object.fromEntries(reach) } },
    ...(fields.length > 0 && { fields }),
    ...(redact.length > 0 && { redact }),
    ...(options.on('hive-paths') && { hivePaths: true }),
    ...Object.fromEntries(plain.filter(([, value]) => value !== undefined)),
  };
}

/** The description in a file; all its mistakes are told with their places. */
function fromFile(call: Call, file: string): RawSection {
  const [name] = call.arguments;
  const source = readYaml(call.world.readFile(file), file, undefined, {
    name: 'delivery',
    begins: '"name:"',
    guide: 'docs/guides/delivery.md',
  });
  const { tree, keys, values } = source;
  const said = Object.assign(emptySection(), name === undefined ? {} : { name }, tree);
  const problems = [...source.problems];
  const checked = checkDescription(said);
  if (problems.length === 0 && !checked.ok) {
    for (const { path, message } of checked.problems) {
      let at = formatPath(path);
      while (at !== '' && !keys.has(at) && !values.has(at))
        at = at.replace(/\.?[^.[]*\]?$|\[$/, '');
      const origin = values.get(at) ?? { kind: 'file' as const, file, line: 1, column: 1 };
      problems.push({ origin, path: formatPath(path), message });
    }
  }
  if (problems.length === 0) return said;
  throw new CliError(EXIT.usage, problems.map(formatProblem).join('\n'));
}

/** Makes the deliveries, or with `--dry-run` only checks the description and shows it. */
export async function run(call: Call): Promise<ExitCode> {
  const { options, world } = call;
  const file = options.text('file');
  const said = file === undefined ? fromOptions(call) : fromFile(call, file);
  const checked = checkDescription(said);
  if (!checked.ok) {
    const told = checked.problems.map(({ path, message }) => `${formatPath(path)}: ${message}`);
    throw new CliError(EXIT.usage, told.join('\n'));
  }
  if (options.on('dry-run')) {
    await world.stdout.write(`${safeJson(said)}\n`);
    return EXIT.ok;
  }
  const client = await ApiClient.find(call);
  const deliveries = await toldIn(await client.post('/v1/deliveries', said));
  return writeDone(call, deliveries, 'made; it begins with the events from now on');
}

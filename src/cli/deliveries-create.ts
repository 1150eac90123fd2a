// `mailtrail deliveries create` and `mailtrail deliveries put`: deliveries as options or a file describe them.
import { ApiClient } from './api-client.ts';
import { CliError, wordsOf } from './cli-error.ts';
import type { Call, Run } from './command.ts';
import { descriptionsOf } from './delivery-descriptions.ts';
import { readDeliveries, type WrittenDescription } from './delivery-file.ts';
import { describedByOptions } from './delivery-options.ts';
import { diffLines } from './document-diff.ts';
import { escapeForTerminal, safeJson } from './escape.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { paintFor } from './style.ts';
import { deliveriesPath, type ToldDelivery, toldIn, writeDone } from './told-delivery.ts';

function fromFile({ world, arguments: [name] }: Call, file: string): readonly WrittenDescription[] {
  let text: string;
  try {
    text = world.readFile(file);
  } catch (error) {
    throw new CliError(EXIT.config, `${file}: ${wordsOf(error)}`, { cause: error });
  }
  const { descriptions, problems } = readDeliveries(text, file, name);
  if (problems.length === 0) return descriptions;
  throw new CliError(EXIT.usage, `${problems.join('\n')}\nnothing was changed`);
}

/** What would be different, by the names; of `create` there is nothing before. */
async function showDifferences(
  call: Call,
  wanted: readonly WrittenDescription[],
  before: readonly ToldDelivery[],
): Promise<ExitCode> {
  const { stdout } = call.world;
  if (call.options.text('output') === 'json') {
    await stdout.write(`${safeJson({ deliveries: wanted })}\n`);
    return EXIT.ok;
  }
  const paint = paintFor(call, stdout);
  const known = new Map(
    descriptionsOf(before).map(({ description }) => [description['name'], description]),
  );
  for (const after of wanted) {
    const name = String(after['name']);
    const lines = diffLines(known.get(name), after, paint);
    const head = lines.length === 0 ? 'as it should be' : known.has(name) ? 'update' : 'create';
    const told = [`${escapeForTerminal(name)}: ${head}`, ...lines.map((line) => `    ${line}`)];
    await stdout.write(`${told.join('\n')}\n`);
  }
  return EXIT.ok;
}

/** Makes or changes the deliveries; with `--dry-run` only checks what is described and shows it. */
export function described(how: 'create' | 'put'): Run {
  return async (call) => {
    const { options } = call;
    const file = options.text('file');
    const wanted = file === undefined ? [describedByOptions(call)] : fromFile(call, file);
    const dryRun = options.on('dry-run');
    if (dryRun && how === 'create') return showDifferences(call, wanted, []);
    const client = await ApiClient.find(call);
    if (dryRun) {
      const before = await toldIn(await client.get('/v1/deliveries'));
      return showDifferences(call, wanted, before);
    }
    const made: ToldDelivery[] = [];
    for (const [index, said] of wanted.entries()) {
      const name = String(said['name']);
      try {
        const answer =
          how === 'create'
            ? await client.post('/v1/deliveries', said)
            : await client.put(deliveriesPath(name), said);
        made.push(...(await toldIn(answer)));
      } catch (error) {
        if (!(error instanceof CliError) || wanted.length === 1) throw error;
        const rest = `${index} of ${wanted.length} descriptions are in force; this one and those behind it are not`;
        throw new CliError(error.exitCode, `${name}: ${error.message}\n${rest}`, { cause: error });
      }
    }
    const did = how === 'create' ? 'made; it begins with the events from now on' : 'as described';
    return writeDone(call, made, did);
  };
}

// `mailtrail apply`: makes rules, devices, overrides and roles what files say, after showing what changes.
import {
  type AccessDocument,
  type AccessDocumentKind,
  documentPath,
  fetchDocuments,
} from './access-documents.ts';
import { readAccessFiles, type AccessFiles } from './access-file.ts';
import { type AccessPlan, planAccess, type PlannedChange } from './access-plan.ts';
import { ApiClient } from './api-client.ts';
import { CliError, wordsOf } from './cli-error.ts';
import type { Call } from './command.ts';
import { diffLines } from './document-diff.ts';
import { escapeForTerminal, escapeLines, safeJson } from './escape.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { type Paint, paintFor } from './style.ts';

/** A file is read only so far: one of rules is some kilobytes. */
const STDIN_CHARACTERS_MAX = 1024 * 1024;
const FROM_STDIN = '-';

async function stdinText({ world }: Call): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of world.stdin) {
    text += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
    if (text.length > STDIN_CHARACTERS_MAX) break;
  }
  return text;
}

async function wantedBy(call: Call): Promise<AccessFiles> {
  const names = call.options.texts('file');
  if (names.length === 0) {
    throw new CliError(EXIT.usage, '--file is missing: expected a file, or - for standard input');
  }
  const files: { name: string; text: string }[] = [];
  for (const name of new Set(names)) {
    try {
      const text = name === FROM_STDIN ? await stdinText(call) : call.world.readFile(name);
      files.push({ name: name === FROM_STDIN ? 'standard input' : name, text });
    } catch (error) {
      throw new CliError(EXIT.config, `${name}: ${wordsOf(error)}`, { cause: error });
    }
  }
  const { wanted, problems } = readAccessFiles(files);
  if (problems.length === 0) return wanted;
  throw new CliError(EXIT.config, `${problems.join('\n')}\nnothing was changed`);
}

async function currentOf(
  client: ApiClient,
  wanted: AccessFiles,
): Promise<ReadonlyMap<AccessDocumentKind, readonly AccessDocument[]>> {
  const found = new Map<AccessDocumentKind, readonly AccessDocument[]>();
  for (const kind of wanted.keys()) found.set(kind, await fetchDocuments(client, kind));
  return found;
}

const SIGNS = { create: ['+', 'green'], update: ['~', 'yellow'], delete: ['-', 'red'] } as const;

function linesOf({ kind, id, act, before, after }: PlannedChange, paint: Paint): readonly string[] {
  const [sign, style] = SIGNS[act];
  const head = `${sign} ${kind.noun} ${escapeForTerminal(id)}: ${act}`;
  const lines = act === 'delete' ? [] : diffLines(before, after, paint);
  return [paint(head, style), ...lines.map((line) => `    ${line}`)];
}

function countsOf({ changes, unchanged }: AccessPlan): string {
  const count = (act: PlannedChange['act']): number =>
    changes.filter((change) => change.act === act).length;
  return `${count('create')} to create, ${count('update')} to update, ${count('delete')} to delete, ${unchanged} as they should be`;
}

/** Whether the user agrees. Throws a CliError where there is nobody to ask. */
async function agreed(call: Call): Promise<boolean> {
  const { world, options } = call;
  if (options.on('yes')) return true;
  if (!world.stderr.isTerminal || options.texts('file').includes(FROM_STDIN)) {
    const message =
      '--yes is missing: there is nobody to ask whether to apply this; look with --dry-run first';
    throw new CliError(EXIT.usage, message);
  }
  await world.stderr.write('Apply this? [y/N] ');
  for await (const chunk of world.stdin) {
    return /^\s*y(es)?\s*$/i.test(
      typeof chunk === 'string' ? chunk : new TextDecoder().decode(chunk),
    );
  }
  return false;
}

/** One change after the other, each only onto the revision that was shown. */
async function applied(
  client: ApiClient,
  changes: readonly PlannedChange[],
  done: (change: PlannedChange) => Promise<void>,
): Promise<void> {
  for (const [index, change] of changes.entries()) {
    const { kind, id, after, revision } = change;
    const path = documentPath(kind, id);
    try {
      if (after === undefined) await client.delete(path, String(revision));
      else await client.put(path, after, String(revision));
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      const rest = `${index} of ${changes.length} changes were made; run it again to see what is left`;
      throw new CliError(error.exitCode, `${kind.noun} ${id}: ${error.message}\n${rest}`, {
        cause: error,
      });
    }
    await done(change);
  }
}

function refuseDeclared({ declared }: AccessPlan): void {
  if (declared.length === 0) return;
  const told = declared.map(
    ({ kind, id }) =>
      `${kind.noun} ${id}: is declared in the server's configuration file, and changed only there`,
  );
  throw new CliError(EXIT.failure, `${told.join('\n')}\nnothing was changed`);
}

/** Shows the differences and makes what was shown. */
export async function run(call: Call): Promise<ExitCode> {
  const { options, world } = call;
  const { stdout, stderr } = world;
  const wanted = await wantedBy(call);
  const client = await ApiClient.find(call);
  const plan = planAccess(wanted, await currentOf(client, wanted), options.on('prune'));
  refuseDeclared(plan);
  const dryRun = options.on('dry-run');
  const json = options.text('output') === 'json';
  const paint = paintFor(call, stdout);
  if (json) {
    const changes = plan.changes.map(({ kind, ...change }) => ({ kind: kind.noun, ...change }));
    await stdout.write(`${safeJson({ dryRun, unchanged: plan.unchanged, changes })}\n`);
  } else {
    for (const change of plan.changes) await stdout.write(`${linesOf(change, paint).join('\n')}\n`);
    await stdout.write(`${countsOf(plan)}\n`);
  }
  if (dryRun || plan.changes.length === 0) {
    return plan.changes.length > 0 && options.on('fail-on-changes') ? EXIT.failure : EXIT.ok;
  }
  if (!(await agreed(call))) {
    await stderr.write('Nothing was changed.\n');
    return EXIT.failure;
  }
  await applied(client, plan.changes, async ({ kind, id, act }) => {
    if (!json) await stdout.write(escapeLines(`${kind.noun} ${id}: ${act}d\n`));
  });
  return EXIT.ok;
}

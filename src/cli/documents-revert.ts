// `mailtrail rules revert`, `devices revert`, `device-overrides revert`, `roles revert`: makes a document
// again what it was, as one more change.
import { setTimeout } from 'node:timers/promises';
import {
  type AccessDocument,
  type AccessDocumentKind,
  documentPath,
  fetchDocument,
  saidBy,
} from './access-documents.ts';
import { ApiClient, ApiRefusal } from './api-client.ts';
import { CliError } from './cli-error.ts';
import type { Call, Run } from './command.ts';
import { diffLines } from './document-diff.ts';
import { type DocumentChange, fetchHistory } from './document-history.ts';
import { escapeForTerminal, safeJson } from './escape.ts';
import { EXIT } from './exit-code.ts';
import { paintFor } from './style.ts';
import { parseTime } from './time-argument.ts';

/** How long the newest change is waited for until the management log has it. */
const HISTORY_WAIT_MS = 5_000;
const HISTORY_POLL_MS = 250;

async function current(
  client: ApiClient,
  kind: AccessDocumentKind,
  id: string,
): Promise<AccessDocument | undefined> {
  try {
    return await fetchDocument(client, kind, id);
  } catch (error) {
    if (error instanceof ApiRefusal && error.exitCode === EXIT.notFound) return undefined;
    throw error;
  }
}

/** Its changes, newest first, once they lead to what it is now. */
async function wholeHistory(
  { world, signal }: Call,
  client: ApiClient,
  kind: AccessDocumentKind,
  id: string,
  now: AccessDocument | undefined,
): Promise<readonly DocumentChange[]> {
  const untilMs = world.clock.now() + HISTORY_WAIT_MS;
  for (;;) {
    const changes = await fetchHistory(client, kind, { id, nowMs: world.clock.now() });
    const [newest] = changes;
    if (newest !== undefined && newest.after?.revision === now?.revision) return changes;
    if (signal.aborted || world.clock.now() > untilMs) break;
    // The clock's own timers do not keep the program alive.
    await setTimeout(HISTORY_POLL_MS);
  }
  const message =
    `the management log does not have the last change of the ${kind.noun} ${JSON.stringify(id)}: ` +
    'it is older than what the log keeps, or the store is behind ("mailtrail doctor"); put what it is to be';
  throw new CliError(EXIT.notFound, message);
}

/** What it was: before the last change, at a revision, or at a time; undefined when it was not there. */
function wanted(call: Call, changes: readonly DocumentChange[]): AccessDocument | undefined {
  const to = call.options.text('to');
  if (to === undefined) return changes[0]?.before;
  if (/^\d{1,6}$/.test(to)) {
    const versions = changes.flatMap(({ before, after }) => [after, before]);
    const found = versions.find((version) => version?.revision === Number(to));
    if (found !== undefined) return found;
    const known = versions.flatMap((version) => (version === undefined ? [] : [version.revision]));
    const revisions = [...new Set(known)].toSorted((a, b) => a - b).join(', ');
    throw new CliError(
      EXIT.notFound,
      `--to ${to}: the management log has the revisions ${revisions}`,
    );
  }
  const toMs = parseTime(to, '--to', call.world.clock.now());
  const last = changes.find(({ atMs }) => atMs <= toMs);
  return last === undefined ? changes.at(-1)?.before : last.after;
}

/** Makes the document what it was, onto the revision that was looked at; shows what that changes. */
export function revertOf(kind: AccessDocumentKind): Run {
  return async (call) => {
    const [id = ''] = call.arguments;
    const { stdout } = call.world;
    const client = await ApiClient.find(call);
    const now = await current(client, kind, id);
    const was = wanted(call, await wholeHistory(call, client, kind, id, now));
    const [before, after] = [now && saidBy(now), was && saidBy(was)];
    const lines = diffLines(before, after, paintFor(call, stdout));
    const dryRun = call.options.on('dry-run');
    if (lines.length > 0 && !dryRun) {
      const path = documentPath(kind, id);
      if (after === undefined) await client.delete(path, String(now?.revision ?? 0));
      else await client.put(path, after, String(now?.revision ?? 0));
    }
    if (call.options.text('output') === 'json') {
      const changed = lines.length > 0;
      await stdout.write(`${safeJson({ id, changed, dryRun, before, after })}\n`);
      return EXIT.ok;
    }
    const did = lines.length === 0 ? 'is that already' : dryRun ? 'would be reverted' : 'reverted';
    await stdout.write(`${[`${escapeForTerminal(id)}: ${did}`, ...lines].join('\n    ')}\n`);
    return EXIT.ok;
  };
}

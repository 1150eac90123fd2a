// `mailtrail rules history`, `devices history`, `device-overrides history`, `roles history`: who changed
// what when, with what was different.
import { type AccessDocument, type AccessDocumentKind, saidBy } from './access-documents.ts';
import { ApiClient } from './api-client.ts';
import type { Run } from './command.ts';
import { diffLines } from './document-diff.ts';
import { type DocumentChange, fetchHistory, HISTORY_CHANGES_MAX } from './document-history.ts';
import { escapeForTerminal, safeJson } from './escape.ts';
import { EXIT } from './exit-code.ts';
import { type Paint, paintFor } from './style.ts';

function said(document: AccessDocument | undefined): ReturnType<typeof saidBy> | undefined {
  return document && saidBy(document);
}

function linesOf(
  { id, atMs, eventName, by, sourceIp, before, after }: DocumentChange,
  paint: Paint,
): string[] {
  const from = sourceIp === undefined ? '' : ` from ${sourceIp}`;
  const outcome = after === undefined ? 'deleted' : `revision ${after.revision}`;
  const head = `${new Date(atMs).toISOString()} ${id} ${outcome}: ${eventName} by ${by}${from}`;
  const lines = diffLines(said(before), said(after), paint).map((line) => `    ${line}`);
  return [paint(escapeForTerminal(head), 'bold'), ...lines];
}

/** Prints the changes of the document of the id, or of all of the kind, newest first. */
export function historyOf(kind: AccessDocumentKind): Run {
  return async (call) => {
    const [id] = call.arguments;
    const { stdout, stderr, clock } = call.world;
    const options = { nowMs: clock.now(), ...(id !== undefined && id !== '' && { id }) };
    const changes = await fetchHistory(await ApiClient.find(call), kind, options);
    if (call.options.text('output') === 'json') {
      await stdout.write(`${safeJson(changes)}\n`);
      return EXIT.ok;
    }
    const paint = paintFor(call, stdout);
    for (const change of changes) await stdout.write(`${linesOf(change, paint).join('\n')}\n`);
    if (changes.length === 0) {
      const what = id === undefined ? kind.plural : `the ${kind.noun} ${id}`;
      const none =
        `The management log has no change of ${what}; it has what its retention keeps ` +
        '("mailtrail groups"), and a change within two seconds.';
      await stderr.write(`${escapeForTerminal(none)}\n`);
    } else if (changes.length === HISTORY_CHANGES_MAX) {
      await stderr.write(`These are the newest ${HISTORY_CHANGES_MAX} changes.\n`);
    }
    return EXIT.ok;
  };
}

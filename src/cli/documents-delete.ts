// `mailtrail rules delete`, `devices delete`, `device-overrides delete`, `roles delete`.
import {
  type AccessDocument,
  type AccessDocumentKind,
  documentPath,
  summaryOf,
} from './access-documents.ts';
import { ApiClient } from './api-client.ts';
import type { Run } from './command.ts';
import { escapeForTerminal, safeJson } from './escape.ts';
import { EXIT } from './exit-code.ts';

/** Deletes the document of the id, or says which one it would be. */
export function deleteOf(kind: AccessDocumentKind): Run {
  return async (call) => {
    const [id = ''] = call.arguments;
    const dryRun = call.options.on('dry-run');
    const client = await ApiClient.find(call);
    const path = documentPath(kind, id);
    const revision = call.options.text('revision');
    const response = dryRun ? await client.get(path) : await client.delete(path, revision);
    const document = (await response.json()) as AccessDocument;
    const did = dryRun ? 'would be deleted' : 'deleted';
    const text = `${kind.idOf(document)}: ${did} (${summaryOf(kind, document)})`;
    const json = call.options.text('output') === 'json';
    await call.world.stdout.write(`${json ? safeJson(document) : escapeForTerminal(text)}\n`);
    return EXIT.ok;
  };
}

// `mailtrail rules list`, `devices list`, `device-overrides list`, `roles list`.
import { type AccessDocumentKind, fetchDocuments } from './access-documents.ts';
import { ApiClient } from './api-client.ts';
import type { Run } from './command.ts';
import { safeJson } from './escape.ts';
import { EXIT } from './exit-code.ts';
import { resultWriter } from './result-writer.ts';

/** Prints all documents of the kind. */
export function listOf(kind: AccessDocumentKind): Run {
  return async (call) => {
    const documents = await fetchDocuments(await ApiClient.find(call), kind);
    const { stdout, stderr } = call.world;
    switch (call.options.text('output')) {
      case 'json':
        await stdout.write(`${safeJson(documents)}\n`);
        return EXIT.ok;
      case 'ndjson':
        for (const document of documents) await stdout.write(`${safeJson(document)}\n`);
        return EXIT.ok;
      default:
    }
    if (documents.length === 0) {
      await stderr.write(`${kind.whenNone}\n`);
      return EXIT.ok;
    }
    const writer = resultWriter(call);
    await writer.begin(kind.columns);
    for (const document of documents) {
      const cells = kind.cells(document);
      await writer.row(new Map(kind.columns.map((column) => [column, cells[column] ?? ''])));
    }
    await writer.end();
    return EXIT.ok;
  };
}

// `mailtrail rules show`, `devices show`, `device-overrides show`, `roles show`: all that one says.
import { type AccessDocumentKind, fetchDocument, saidBy } from './access-documents.ts';
import { ApiClient } from './api-client.ts';
import type { Run } from './command.ts';
import { escapeForTerminal, safeJson } from './escape.ts';
import { EXIT } from './exit-code.ts';

function shown(value: unknown): string {
  if (typeof value === 'string') return value;
  const isTexts = Array.isArray(value) && value.every((item) => typeof item === 'string');
  return isTexts ? value.join(', ') : JSON.stringify(value);
}

/** Prints the document of the id. */
export function showOf(kind: AccessDocumentKind): Run {
  return async (call) => {
    const [id = ''] = call.arguments;
    const document = await fetchDocument(await ApiClient.find(call), kind, id);
    const { stdout } = call.world;
    if (call.options.text('output') === 'json') {
      await stdout.write(`${safeJson(document)}\n`);
      return EXIT.ok;
    }
    const { revision, createdAtMs, modifiedAtMs, declared } = document;
    const lines = [
      ...Object.entries(saidBy(document)).map(([field, value]) => `${field}: ${shown(value)}`),
      `revision: ${revision}`,
      `created: ${new Date(createdAtMs).toISOString()}`,
      `changed: ${new Date(modifiedAtMs).toISOString()}`,
      ...(declared === true ? ['declared: in the configuration file, and changed only there'] : []),
    ];
    await stdout.write(`${lines.map(escapeForTerminal).join('\n')}\n`);
    return EXIT.ok;
  };
}

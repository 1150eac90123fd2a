// What the put commands of access documents share: sending one, and saying what was made.
import {
  type AccessDocument,
  type AccessDocumentKind,
  documentPath,
  summaryOf,
} from './access-documents.ts';
import { ApiClient } from './api-client.ts';
import { CliError } from './cli-error.ts';
import type { Call } from './command.ts';
import { escapeForTerminal, safeJson } from './escape.ts';
import { EXIT, type ExitCode } from './exit-code.ts';

/** The value of an option without which there is nothing to put. Throws a CliError. */
export function requiredOption({ options }: Call, name: string, expected: string): string {
  const value = options.text(name);
  if (value !== undefined) return value;
  throw new CliError(EXIT.usage, `--${name} is missing: expected ${expected}`);
}

/** The conditions that were given as options. */
export function conditionsOf(
  { options }: Call,
  conditions: readonly (readonly [field: string, flag: string, about: string])[],
): Readonly<Record<string, readonly string[]>> {
  const given = conditions.map(([field, flag]) => [field, options.texts(flag)] as const);
  return Object.fromEntries(given.filter(([, values]) => values.length > 0));
}

/** Puts what the call says under the id, or with `--dry-run` only shows it. */
export async function putDocument(
  call: Call,
  kind: AccessDocumentKind,
  said: object,
): Promise<ExitCode> {
  const {
    options,
    world,
    arguments: [id = ''],
  } = call;
  if (options.on('dry-run')) {
    await world.stdout.write(`${safeJson(said)}\n`);
    return EXIT.ok;
  }
  const client = await ApiClient.find(call);
  const response = await client.put(documentPath(kind, id), said, options.text('revision'));
  const made = (await response.json()) as AccessDocument;
  const text = `${kind.idOf(made)} (revision ${made.revision}): ${summaryOf(kind, made)}`;
  const json = options.text('output') === 'json';
  await world.stdout.write(`${json ? safeJson(made) : escapeForTerminal(text)}\n`);
  return EXIT.ok;
}

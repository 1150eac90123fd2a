// `mailtrail roles put`: makes an impersonation role, or puts another in its place.
import { ROLES } from './access-documents.ts';
import { CliError, wordsOf } from './cli-error.ts';
import type { Call } from './command.ts';
import { putDocument, requiredOption } from './documents-put.ts';
import { EXIT, type ExitCode } from './exit-code.ts';

/** A role with a thousand rules and as many users in each is shorter. */
const ROLE_CHARACTERS_MAX = 1024 * 1024;

async function textFrom({ world }: Call, file: string): Promise<string> {
  if (file !== '-') return world.readFile(file);
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of world.stdin) {
    text += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
    if (text.length > ROLE_CHARACTERS_MAX) break;
  }
  return text;
}

async function roleFrom(call: Call, file: string): Promise<object> {
  try {
    const text = await textFrom(call, file);
    if (text.length > ROLE_CHARACTERS_MAX) {
      throw new Error(`expected at most ${ROLE_CHARACTERS_MAX} characters, found more`);
    }
    return JSON.parse(text) as object;
  } catch (error) {
    throw new CliError(EXIT.usage, `--from ${file}: ${wordsOf(error)}`, { cause: error });
  }
}

function rulesOf({ options }: Call): readonly object[] {
  const [allowed, denied] = [options.texts('allow'), options.texts('deny')];
  const everybody = options.on('allow-everybody');
  if (!everybody && allowed.length === 0) {
    const message =
      '--allow or --allow-everybody is missing: expected the mailboxes that it may open';
    throw new CliError(EXIT.usage, message);
  }
  return [
    { id: 'allowed', effect: 'ALLOW', ...(!everybody && { targetUsers: allowed }) },
    ...(denied.length === 0 ? [] : [{ id: 'denied', effect: 'DENY', targetUsers: denied }]),
  ];
}

/** Makes the role. */
export async function run(call: Call): Promise<ExitCode> {
  const {
    arguments: [id = ''],
    options,
  } = call;
  const file = options.text('from');
  if (file !== undefined) return putDocument(call, ROLES, await roleFrom(call, file));
  const description = options.text('description');
  return putDocument(call, ROLES, {
    id,
    name: options.text('name') ?? id,
    type: requiredOption(call, 'type', 'FULL_ACCESS or READ_ONLY'),
    ...(description !== undefined && { description }),
    rules: rulesOf(call),
  });
}

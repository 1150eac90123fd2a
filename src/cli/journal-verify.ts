// `mailtrail journal verify`: walks the chain of seals on disk; no server is needed, and one may run.
import { join } from 'node:path';
import { formatSize } from '../config/quantity.ts';
import { verifyJournal, type JournalVerification } from '../journal/verify.ts';
import { CliError, errorCode, wordsOf } from './cli-error.ts';
import type { Call } from './command.ts';
import { requireConfiguration } from './configuration.ts';
import { EXIT, type ExitCode } from './exit-code.ts';

const JOURNAL_DIRECTORY = 'journal';

function report(directory: string, found: JournalVerification): string {
  const lines = [
    `${directory}: ${found.ok ? 'whole' : 'BROKEN'}`,
    `  segments   ${found.segments}`,
    `  blocks     ${found.blocks}`,
    `  events     ${found.events} (${formatSize(found.bytes)})`,
    `  positions  ${found.begin} to ${found.end}`,
    `  last seal  ${found.sha256}`,
  ];
  if (found.unsealed !== undefined) {
    const { file, offset, bytes } = found.unsealed;
    lines.push(
      `  unsealed   ${bytes} bytes in ${file} from byte ${offset}: being written, or never acknowledged`,
    );
  }
  if (found.damage !== undefined) {
    const { file, offset, expected, found: there } = found.damage;
    lines.push(
      `  damage     ${file}, byte ${offset}`,
      `             expected ${expected}`,
      `             found ${there}`,
    );
  }
  return `${lines.join('\n')}\n`;
}

/** What kept the journal from being walked, with the exit code for it. */
function explained(error: unknown, directory: string): CliError {
  const code = errorCode(error);
  const cause = error instanceof Error ? errorCode(error.cause) : undefined;
  if (cause === 'EACCES' || cause === 'EPERM') {
    const message = `${directory} cannot be read; run this as root or the user of the server`;
    return new CliError(EXIT.permission, message, { cause: error });
  }
  if (code === 'corrupt') return new CliError(EXIT.integrity, wordsOf(error), { cause: error });
  // The one failure that no disk error caused: there is nothing to walk.
  if (code === 'failed' && cause === undefined) {
    const message = `${wordsOf(error)}, with --data`;
    return new CliError(EXIT.notFound, message, { cause: error });
  }
  return new CliError(EXIT.failure, wordsOf(error), { cause: error });
}

/** Verifies; ends with 7 and the first broken byte when the journal is not as it was written. */
export async function run(call: Call): Promise<ExitCode> {
  const { config } = requireConfiguration(call);
  const directory = join(config.data, JOURNAL_DIRECTORY);
  let found: JournalVerification;
  try {
    found = await verifyJournal(directory);
  } catch (error) {
    throw explained(error, directory);
  }
  const text =
    call.options.text('output') === 'json'
      ? `${JSON.stringify({ directory, ...found }, null, 2)}\n`
      : report(directory, found);
  await call.world.stdout.write(text);
  return found.ok ? EXIT.ok : EXIT.integrity;
}

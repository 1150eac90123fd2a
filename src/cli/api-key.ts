// Which key the command line proves itself with, and where it is from.
import { resolve } from 'node:path';
import {
  credentialsPath,
  CredentialsError,
  readCredentials,
  type Credentials,
} from '../config/credentials.ts';
import { defaultDataDirectory, SYSTEM_DATA_DIRECTORY } from '../config/data-directory.ts';
import { CliError } from './cli-error.ts';
import type { Call } from './command.ts';
import { readConfiguration } from './configuration.ts';
import { EXIT } from './exit-code.ts';

export interface ApiKey {
  readonly credentials: Credentials;
  /** For messages: the file or the variables it comes from. */
  readonly source: string;
}

const WAYS =
  'a server makes it at its first start ("mailtrail serve"). On its host name its data directory with --data; ' +
  'elsewhere set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_SHARED_CREDENTIALS_FILE to a copy of that file';

function fromEnvironment({ world }: Call): ApiKey | undefined {
  const accessKeyId = world.env['AWS_ACCESS_KEY_ID'] ?? '';
  const secretAccessKey = world.env['AWS_SECRET_ACCESS_KEY'] ?? '';
  if (accessKeyId === '' && secretAccessKey === '') return undefined;
  if (accessKeyId === '' || secretAccessKey === '') {
    const [has, lacks] =
      accessKeyId === ''
        ? ['AWS_SECRET_ACCESS_KEY', 'AWS_ACCESS_KEY_ID']
        : ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'];
    throw new CliError(EXIT.permission, `${has} is set without ${lacks}; set both or none`);
  }
  return { credentials: { accessKeyId, secretAccessKey }, source: '$AWS_ACCESS_KEY_ID' };
}

async function fromFile(file: string, profile?: string): Promise<ApiKey> {
  return { credentials: await readCredentials(file, profile), source: file };
}

/** The data directories of this host in which a server may have left its key. */
function dataDirectories(call: Call): string[] {
  const named = call.options.text('data');
  if (named !== undefined) return [resolve(call.world.cwd, named)];
  // A configuration with mistakes is the server's trouble; the key may be where it always is.
  const configuration = readConfiguration(call);
  const usual = configuration.ok ? configuration.config.data : defaultDataDirectory(call.world);
  return [...new Set([usual, SYSTEM_DATA_DIRECTORY])];
}

async function fromDataDirectory(call: Call): Promise<ApiKey> {
  const missing: string[] = [];
  for (const directory of dataDirectories(call)) {
    const file = credentialsPath(directory);
    try {
      return await fromFile(file);
    } catch (error) {
      if (!(error instanceof CredentialsError) || error.code !== 'missing') throw error;
      missing.push(file);
    }
  }
  const message = `no key to sign in with: there is no ${missing.join(' and no ')}; ${WAYS}`;
  throw new CliError(EXIT.permission, message);
}

/**
 * Finds the key: `--data`, then AWS's variables, then AWS_SHARED_CREDENTIALS_FILE, then the
 * credentials that a server left in its data directory on this host. Rejects with a CliError.
 *
 * @see AWS SDKs and Tools Reference Guide, "Credential provider chain" (variables before files)
 */
export async function findApiKey(call: Call): Promise<ApiKey> {
  const { env } = call.world;
  try {
    if (call.options.text('data') !== undefined) return await fromDataDirectory(call);
    const key = fromEnvironment(call);
    if (key !== undefined) return key;
    const file = env['AWS_SHARED_CREDENTIALS_FILE'] ?? '';
    if (file !== '') return await fromFile(file, env['AWS_PROFILE'] || undefined);
    return await fromDataDirectory(call);
  } catch (error) {
    if (!(error instanceof CredentialsError)) throw error;
    throw new CliError(EXIT.permission, error.message, { cause: error });
  }
}

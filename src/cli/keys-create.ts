// `mailtrail keys create`: makes a key and shows its secrets, this once, as a credentials file.
import { ApiClient } from './api-client.ts';
import type { Call } from './command.ts';
import { safeJson } from './escape.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import type { ListedKey } from './keys.ts';

interface CreatedKey extends ListedKey {
  readonly secretAccessKey: string;
  readonly bearerToken: string;
}

/** In the format of an AWS credentials file, so that it can be used as it is. */
function credentialsFile({ name, access, ...key }: CreatedKey): string {
  return [
    `# The key "${name}" of a Mailtrail server: ${access}. Its secrets are shown this once.`,
    '# For AWS tools and mailtrail: AWS_SHARED_CREDENTIALS_FILE=<this file>. Keep it secret.',
    '[default]',
    `aws_access_key_id = ${key.accessKeyId}`,
    `aws_secret_access_key = ${key.secretAccessKey}`,
    `bearer_token = ${key.bearerToken}`,
    '',
  ].join('\n');
}

/** Makes the key. */
export async function run(call: Call): Promise<ExitCode> {
  const { stdout, stderr } = call.world;
  const [name = ''] = call.arguments;
  const access = call.options.text('access') ?? 'read-only';
  const client = await ApiClient.find(call);
  const response = await client.post('/v1/keys', { name, access });
  const key = (await response.json()) as CreatedKey;
  const json = call.options.text('output') === 'json';
  await stdout.write(json ? `${safeJson(key)}\n` : credentialsFile(key));
  if (!stdout.isTerminal) {
    await stderr.write(`Made the key ${key.accessKeyId} (${key.name}, ${key.access}).\n`);
  }
  return EXIT.ok;
}

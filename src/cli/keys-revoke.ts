// `mailtrail keys revoke`: from then on the key opens nothing.
import { ApiClient } from './api-client.ts';
import { CliError } from './cli-error.ts';
import type { Call } from './command.ts';
import { safeJson } from './escape.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { fetchKeys, findKey } from './keys.ts';

/** Revokes the key of the name or id; with `--dry-run` only says which one it would be. */
export async function run(call: Call): Promise<ExitCode> {
  const [named = ''] = call.arguments;
  const client = await ApiClient.find(call);
  const key = findKey(await fetchKeys(client), named);
  if (!key.revocable) {
    const message = `${key.name} is the administrator's key, which is the file DATA/credentials; to have another one, remove the file and restart the server`;
    throw new CliError(EXIT.permission, message);
  }
  const dryRun = call.options.on('dry-run');
  if (!dryRun) await client.delete(`/v1/keys/${encodeURIComponent(key.accessKeyId)}`);
  const { accessKeyId, name, access } = key;
  const said = `${dryRun ? 'Would revoke' : 'Revoked'} the key ${accessKeyId} (${name}, ${access}).\n`;
  const json = call.options.text('output') === 'json';
  const { stdout } = call.world;
  await stdout.write(json ? `${safeJson({ ...key, revoked: !dryRun })}\n` : said);
  return EXIT.ok;
}

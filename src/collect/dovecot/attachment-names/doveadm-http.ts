// One question to Dovecot's doveadm over HTTP: the structure of a message.
// @see Dovecot 2.3 documentation, "Doveadm HTTP API"; the same in 2.4
import { ANSWER_BYTES_MAX, LOOKUP_TIMEOUT_MS } from './limits.ts';

/** Where doveadm listens, and the key that it asks for. */
export interface DoveadmApi {
  /** e.g. `http://127.0.0.1:8080`. */
  readonly url: string;
  /** `doveadm_api_key`. */
  readonly apiKey: string;
}

/** A message as doveadm finds it. */
export interface MessagePlace {
  readonly user: string;
  readonly folder: string;
  readonly uid: number;
}

const TAG = 'mailtrail';

/**
 * The BODYSTRUCTURE of a message, or undefined where there is no such message. Rejects when doveadm does not
 * answer as it should.
 */
export async function fetchStructure(
  { url, apiKey }: DoveadmApi,
  { user, folder, uid }: MessagePlace,
): Promise<string | undefined> {
  const command = [
    'fetch',
    { user, field: ['imap.bodystructure'], query: ['mailbox', folder, 'uid', String(uid)] },
    TAG,
  ];
  const response = await fetch(`${url.replace(/\/+$/, '')}/doveadm/v1`, {
    method: 'POST',
    headers: {
      authorization: `X-Dovecot-API ${Buffer.from(apiKey).toString('base64')}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify([command]),
    redirect: 'error',
    signal: AbortSignal.timeout(LOOKUP_TIMEOUT_MS),
  });
  if (!response.ok) {
    await response.body?.cancel();
    const advice = response.status === 401 ? ': dovecot.doveadm.apiKey is not doveadm_api_key' : '';
    throw new Error(`doveadm answered ${response.status}${advice}`);
  }
  return structureIn(JSON.parse(await limitedText(response)));
}

async function limitedText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += (chunk as Uint8Array).length;
    if (bytes > ANSWER_BYTES_MAX)
      throw new Error(`doveadm answered more than ${ANSWER_BYTES_MAX} bytes`);
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** `[["doveadmResponse", [{"imap.bodystructure": …}], tag]]`. */
function structureIn(answer: unknown): string | undefined {
  const first: unknown = Array.isArray(answer) ? answer[0] : undefined;
  const [kind, rows] = Array.isArray(first) ? (first as unknown[]) : [];
  if (kind === 'error') {
    const { type } = (rows ?? {}) as { readonly type?: unknown };
    throw new Error(`doveadm answered the error ${String(type)}`);
  }
  if (kind !== 'doveadmResponse' || !Array.isArray(rows))
    throw new Error('doveadm answered something else');
  const row = rows[0] as Readonly<Record<string, unknown>> | undefined;
  const structure = row?.['imap.bodystructure'];
  return typeof structure === 'string' ? structure : undefined;
}

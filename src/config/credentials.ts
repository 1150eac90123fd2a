// The keys of the API: made at the first start into DATA/credentials, in the format of an AWS
// credentials file so that AWS's own tools can use it, and read by the server and the command line.
// @see AWS CLI User Guide, "Configuration and credential file settings"
import type { Buffer } from 'node:buffer';
import { constants } from 'node:fs';
import { link, open, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** What proves who a client is. */
export interface Credentials {
  /** 20 of `A-Z 0-9`. */
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** For clients that cannot sign, such as Dovecot. Files of AWS's own have none. */
  readonly bearerToken?: string;
}

/** The credentials that a server makes always have a bearer token. */
export type ServerCredentials = Required<Credentials>;

export type CredentialsErrorCode = 'missing' | 'unreadable' | 'invalid' | 'exposed' | 'failed';

/** Why there are no credentials; the message names the file and says what to do. */
export class CredentialsError extends Error {
  override readonly name = 'CredentialsError';
  readonly code: CredentialsErrorCode;
  constructor(code: CredentialsErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Fills a buffer of the size with random bytes. */
export type RandomBytes = (bytes: number) => Buffer;

export const CREDENTIALS_FILE = 'credentials';
const DEFAULT_PROFILE = 'default';
/** A credentials file is some hundred bytes. */
export const FILE_BYTES_MAX = 1024 * 1024;

/** The 32 letters of AWS's key ids (RFC 4648 base32): no letter is taken for another one. */
const KEY_ID_LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const KEY_ID_PREFIX = 'MTAK';
const KEY_ID_LENGTH = 20;
/** 30 bytes are 40 characters of base64: 240 bits. */
const SECRET_BYTES = 30;
/** 256 bits. */
const TOKEN_BYTES = 32;

/** The credentials file of a data directory. */
export function credentialsPath(dataDirectory: string): string {
  return join(dataDirectory, CREDENTIALS_FILE);
}

/** New credentials from the given randomness. */
export function makeCredentials(randomBytes: RandomBytes): ServerCredentials {
  const letters = [...randomBytes(KEY_ID_LENGTH - KEY_ID_PREFIX.length)];
  const id = letters.map((byte) => KEY_ID_LETTERS[byte % KEY_ID_LETTERS.length]).join('');
  return {
    accessKeyId: KEY_ID_PREFIX + id,
    secretAccessKey: randomBytes(SECRET_BYTES).toString('base64'),
    bearerToken: randomBytes(TOKEN_BYTES).toString('base64url'),
  };
}

function fileText(credentials: ServerCredentials): string {
  return [
    '# The administrator key of this Mailtrail server, made at its first start.',
    '# For AWS tools: AWS_SHARED_CREDENTIALS_FILE=<this file>. Keep it secret.',
    `[${DEFAULT_PROFILE}]`,
    `aws_access_key_id = ${credentials.accessKeyId}`,
    `aws_secret_access_key = ${credentials.secretAccessKey}`,
    `bearer_token = ${credentials.bearerToken}`,
    '',
  ].join('\n');
}

/** The settings of each profile of a credentials file; lines that are neither are skipped. */
export function parseProfiles(text: string): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const profiles = new Map<string, Map<string, string>>();
  let profile: Map<string, string> | undefined;
  for (const line of text.split(/\r?\n/)) {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#') || trimmed.startsWith(';')) continue;
    const name = /^\[\s*([^\]]*?)\s*\]$/.exec(trimmed)?.[1];
    if (name !== undefined) {
      profile = profiles.get(name) ?? new Map<string, string>();
      profiles.set(name, profile);
      continue;
    }
    const equals = trimmed.indexOf('=');
    // An indented line belongs to the setting before it (AWS's nested settings): none of ours.
    if (equals > 0 && !/^\s/.test(line)) {
      profile?.set(trimmed.slice(0, equals).trim(), trimmed.slice(equals + 1).trim());
    }
  }
  return profiles;
}

/** The credentials of one profile; throws a CredentialsError that names the file. */
export function parseCredentials(
  text: string,
  file: string,
  profileName: string = DEFAULT_PROFILE,
): Credentials {
  const profiles = parseProfiles(text);
  const profile = profiles.get(profileName);
  if (profile === undefined) {
    const names = [...profiles.keys()].map((name) => `[${name}]`).join(', ');
    const found = names === '' ? 'no profile at all' : names;
    throw new CredentialsError(
      'invalid',
      `${file}: expected the profile [${profileName}], found ${found}; choose one with AWS_PROFILE`,
    );
  }
  const setting = (name: string): string => {
    const value = profile.get(name) ?? '';
    if (value !== '') return value;
    throw new CredentialsError(
      'invalid',
      `${file}: expected ${name} in the profile [${profileName}], found none; add it, or remove the file so that the server makes a new one at its next start`,
    );
  };
  const bearerToken = profile.get('bearer_token') ?? '';
  return {
    accessKeyId: setting('aws_access_key_id'),
    secretAccessKey: setting('aws_secret_access_key'),
    ...(bearerToken !== '' && { bearerToken }),
  };
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

/** Reads one profile of a credentials file; rejects with a CredentialsError. */
export async function readCredentials(file: string, profile?: string): Promise<Credentials> {
  let text: string;
  try {
    const { size } = await stat(file);
    if (size > FILE_BYTES_MAX) {
      const message = `${file}: expected at most ${FILE_BYTES_MAX} bytes, found ${size}; is this the credentials file?`;
      throw new CredentialsError('invalid', message);
    }
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof CredentialsError) throw error;
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') {
      const message = `${file} does not exist; the server makes it at its first start`;
      throw new CredentialsError('missing', message, { cause: error });
    }
    const said = error instanceof Error ? error.message : String(error);
    const message = `${file} cannot be read (${said}); run this as the user of the server, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY`;
    throw new CredentialsError('unreadable', message, { cause: error });
  }
  return parseCredentials(text, file, profile);
}

/** What the permissions of a credentials file let others do. */
export type Exposure = 'private' | 'group-readable' | 'exposed';

/**
 * `exposed` when anybody may read or change the file or the group may change it; a file that the
 * group may read was probably meant so.
 *
 * @param mode st_mode of stat(2)
 */
export function exposureOf(mode: number): Exposure {
  const { S_IRWXO, S_IWGRP, S_IRGRP } = constants;
  if ((mode & (S_IRWXO | S_IWGRP)) !== 0) return 'exposed';
  return (mode & S_IRGRP) === 0 ? 'private' : 'group-readable';
}

/** What the server found or made. */
export interface EnsuredCredentials {
  readonly credentials: ServerCredentials;
  readonly file: string;
  readonly created: boolean;
  /** Something an administrator should look at. */
  readonly warning?: string;
}

/** Writes the file whole or not at all, and never over another one; false when there is one. */
async function writeOnce(directory: string, file: string, text: string, suffix: string) {
  const temporary = `${file}.${suffix}.new`;
  const handle = await open(temporary, 'wx', 0o600);
  try {
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    // link(2) fails when the name is taken, where rename(2) would replace what is there.
    await link(temporary, file);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
  const folder = await open(directory, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
  return true;
}

async function existing(file: string): Promise<Omit<EnsuredCredentials, 'created'> | undefined> {
  let mode: number;
  try {
    ({ mode } = await stat(file));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  const exposure = exposureOf(mode);
  const shown = (mode & 0o777).toString(8).padStart(4, '0');
  if (exposure === 'exposed') {
    const message =
      `${file} has mode ${shown}, so others may have read or changed the administrator key; ` +
      `remove the file so that a new key is made, or run chmod 600 ${file} if you trust it`;
    throw new CredentialsError('exposed', message);
  }
  const { bearerToken, ...keys } = await readCredentials(file);
  if (bearerToken === undefined) {
    const message =
      `${file}: expected bearer_token in the profile [${DEFAULT_PROFILE}], found none; ` +
      'add one, or remove the file so that the server makes a new one';
    throw new CredentialsError('invalid', message);
  }
  const credentials = { ...keys, bearerToken };
  if (exposure === 'private') return { credentials, file };
  const warning = `${file} has mode ${shown}: its group can read the administrator key; chmod 600 if that is not meant`;
  return { credentials, file, warning };
}

/**
 * The server's credentials: read, or made with mode 0600 when there are none. The file is never
 * overwritten. Rejects with a CredentialsError, also when others could read or change the file.
 */
export async function ensureCredentials(
  dataDirectory: string,
  randomBytes: RandomBytes,
): Promise<EnsuredCredentials> {
  const file = credentialsPath(dataDirectory);
  try {
    const known = await existing(file);
    if (known !== undefined) return { ...known, created: false };
    const credentials = makeCredentials(randomBytes);
    const suffix = randomBytes(8).toString('hex');
    if (await writeOnce(dataDirectory, file, fileText(credentials), suffix)) {
      return { credentials, file, created: true };
    }
    const others = await existing(file);
    if (others !== undefined) return { ...others, created: false };
    throw new Error('another process made the file and removed it again');
  } catch (error) {
    if (error instanceof CredentialsError) throw error;
    const said = error instanceof Error ? error.message : String(error);
    const message = `${file} cannot be made (${said}); make the directory writable for the user of the server`;
    throw new CredentialsError('failed', message, { cause: error });
  }
}

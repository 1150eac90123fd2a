// IMAP through imapflow, an ordinary and widely used client library: STARTTLS, ID, AUTHENTICATE.
import { readFileSync } from 'node:fs';
import { ImapFlow } from 'imapflow';
import { SignInRefused, type Account, type Endpoint } from './account.ts';

/** What the client says it is (IMAP ID). */
export interface Program {
  readonly name: string;
  readonly version: string;
}

/** A silent server is an error after this long, in ms. */
const SOCKET_TIMEOUT_MS = 20_000;

interface ImapFailure {
  readonly authenticationFailed?: boolean;
  readonly responseText?: string;
}

/**
 * Opens an IMAP session. Rejects with SignInRefused when the server says no, and with the client's
 * error for everything else. The caller ends it with `logout`.
 */
export async function openImap(
  endpoint: Endpoint,
  account: Account,
  program: Program,
): Promise<ImapFlow> {
  const client = new ImapFlow({
    host: '127.0.0.1',
    port: endpoint.port,
    secure: false,
    doSTARTTLS: true,
    tls: { ca: readFileSync(endpoint.certificateFile) },
    auth: { user: account.login, pass: account.password },
    clientInfo: { ...program, vendor: '', 'support-url': '' },
    disableAutoIdle: true,
    logger: false,
    socketTimeout: SOCKET_TIMEOUT_MS,
  });
  // Without a listener, a connection that breaks while nothing is asked would end the process.
  client.on('error', () => client.close());
  try {
    await client.connect();
  } catch (error) {
    client.close();
    const { authenticationFailed, responseText } = error as ImapFailure;
    if (authenticationFailed !== true) throw error;
    throw new SignInRefused(responseText ?? 'refused', { cause: error });
  }
  return client;
}

/** Runs the work in a session and ends the session, also when the work fails. */
export async function withImap<T>(
  endpoint: Endpoint,
  account: Account,
  program: Program,
  work: (client: ImapFlow) => Promise<T>,
): Promise<T> {
  const client = await openImap(endpoint, account, program);
  try {
    return await work(client);
  } finally {
    await client.logout();
  }
}

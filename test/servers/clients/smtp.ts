// SMTP through nodemailer, the usual library for it: submission with STARTTLS and AUTH, and delivery
// from another mail server without.
import { readFileSync } from 'node:fs';
import { createTransport } from 'nodemailer';
import { SignInRefused, type Account, type Endpoint } from './account.ts';

/** A message to send. */
export interface Letter {
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly messageId?: string;
  /** What is announced with MAIL FROM (RFC 1870); nothing when absent. */
  readonly announcedBytes?: number;
}

/** What the server accepted it as. */
export interface Accepted {
  /** The server's answer to the message, e.g. `250 2.0.0 Ok: queued as 4…`. */
  readonly response: string;
}

/** A silent server is an error after this long, in ms. */
const SOCKET_TIMEOUT_MS = 20_000;

interface SmtpFailure {
  readonly code?: string;
  readonly response?: string;
}

/**
 * Hands in one message; with an account by signing in first. Rejects with SignInRefused when the
 * server does not take the password.
 */
export async function sendLetter(
  endpoint: Endpoint,
  letter: Letter,
  account?: Account,
): Promise<Accepted> {
  const transport = createTransport({
    host: '127.0.0.1',
    port: endpoint.port,
    secure: false,
    requireTLS: account !== undefined,
    ignoreTLS: account === undefined,
    tls: { ca: readFileSync(endpoint.certificateFile) },
    socketTimeout: SOCKET_TIMEOUT_MS,
    connectionTimeout: SOCKET_TIMEOUT_MS,
    ...(account !== undefined && { auth: { user: account.login, pass: account.password } }),
  });
  try {
    const { announcedBytes: size, ...said } = letter;
    const envelope = { from: letter.from, to: [...letter.to], ...(size !== undefined && { size }) };
    const info = await transport.sendMail({ ...said, to: [...letter.to], envelope });
    return { response: info.response };
  } catch (error) {
    const { code, response } = error as SmtpFailure;
    if (code !== 'EAUTH') throw error;
    throw new SignInRefused(response ?? 'refused', { cause: error });
  } finally {
    transport.close();
  }
}

// Signing in by each protocol and nothing else, to see who is let in and in which words who is not. Spoken
// by hand, since the words are what is looked at.
import { connect } from 'node:net';
import type { Account } from './account.ts';

/** The protocols, and the service that speaks each of them. */
export const SIGN_IN_PROTOCOLS = ['IMAP', 'POP3', 'ManageSieve', 'submission', 'SASL'] as const;
/** `submission` is Dovecot's, `SASL` is Postfix's, which asks Dovecot. */
export type SignInProtocol = (typeof SIGN_IN_PROTOCOLS)[number];

/** A server that says nothing for so long is an error, in ms. */
const SILENCE_MS = 30_000;

export interface SignInOutcome {
  readonly granted: boolean;
  /** The server's last line. */
  readonly reply: string;
}

/** One step: what is sent when the server's last line looks like that. */
interface Step {
  readonly after: RegExp;
  readonly send: string;
}

interface Dialogue {
  readonly steps: readonly Step[];
  readonly ended: RegExp;
  readonly granted: RegExp;
}

function plain({ login, password }: Account): string {
  return Buffer.from(`\0${login}\0${password}`).toString('base64');
}

function smtp(account: Account): Dialogue {
  return {
    steps: [
      { after: /^220 /, send: 'EHLO client.example' },
      { after: /^250 /, send: `AUTH PLAIN ${plain(account)}` },
    ],
    ended: /^[2345]\d\d /,
    granted: /^235 /,
  };
}

/** @param id what the client says it is before it signs in, as IMAP's ID has it */
function dialogueOf(protocol: SignInProtocol, account: Account, id?: string): Dialogue {
  const { login, password } = account;
  switch (protocol) {
    case 'IMAP': {
      const hello = { after: /^\* OK /, send: `a0 ID (${id ?? ''})` };
      const signIn = { send: `a1 LOGIN "${login}" "${password}"` };
      return {
        steps:
          id === undefined
            ? [{ ...signIn, after: /^\* OK / }]
            : [hello, { ...signIn, after: /^a0 OK / }],
        ended: /^a1 /,
        granted: /^a1 OK /,
      };
    }
    case 'POP3':
      return {
        steps: [
          { after: /^\+OK/, send: `USER ${login}` },
          { after: /^\+OK/, send: `PASS ${password}` },
        ],
        ended: /^(\+OK|-ERR)/,
        granted: /^\+OK/,
      };
    case 'ManageSieve':
      return {
        steps: [{ after: /^OK /, send: `AUTHENTICATE "PLAIN" "${plain(account)}"` }],
        ended: /^(OK|NO|BYE)/,
        granted: /^OK/,
      };
    case 'submission':
    case 'SASL':
      return smtp(account);
  }
}

/** Signs in and goes away. Rejects when the server ends the connection or says nothing. */
export function signIn(
  protocol: SignInProtocol,
  port: number,
  account: Account,
  id?: string,
): Promise<SignInOutcome> {
  const { steps, ended, granted } = dialogueOf(protocol, account, id);
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let rest = '';
    let at = 0;
    const fail = (why: string): void => {
      socket.destroy();
      reject(new Error(`${protocol}, step ${at}: ${why}`));
    };
    socket.setTimeout(SILENCE_MS, () => fail('the server says nothing'));
    socket.on('error', (error) => fail(error.message));
    socket.on('close', () => fail('the server went away'));
    socket.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\r\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const step = steps[at];
        if (step === undefined) {
          if (!ended.test(line)) continue;
          socket.removeAllListeners('close').destroy();
          resolve({ granted: granted.test(line), reply: line });
          return;
        }
        if (!step.after.test(line)) continue;
        socket.write(`${step.send}\r\n`);
        at++;
      }
    });
  });
}

// An IMAP session by hand, for commands that a client library does not send, or would not send when it
// knows that it may not.
import { connect } from 'node:net';
import type { Account } from './account.ts';

/** A server that says nothing for so long is an error, in ms. */
const SILENCE_MS = 20_000;

/** What was answered to one command. */
export interface ImapReply {
  readonly command: string;
  /** `OK`, `NO` or `BAD` and what follows. */
  readonly tagged: string;
  /** Everything before it. */
  readonly untagged: string;
}

/**
 * Signs in, sends the commands one after the other, and signs out. A literal is written as in `{3+}`
 * with CR LF and its octets. Rejects when the server goes away or says nothing.
 */
export function imapByHand(
  port: number,
  { login, password }: Account,
  commands: readonly string[],
): Promise<ImapReply[]> {
  const all = [`LOGIN "${login}" "${password}"`, ...commands, 'LOGOUT'];
  const replies: ImapReply[] = [];
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    let greeted = false;
    const fail = (why: string): void => {
      socket.destroy();
      reject(new Error(`${all[replies.length] ?? 'the end'}: ${why}`));
    };
    const send = (): void => {
      socket.write(`a${replies.length} ${all[replies.length] ?? ''}\r\n`);
    };
    socket.setTimeout(SILENCE_MS, () => fail('the server says nothing'));
    socket.on('error', (error) => fail(error.message));
    socket.on('close', () => fail('the server went away'));
    socket.setEncoding('utf8').on('data', (part: string) => {
      text += part;
      if (!greeted && text.endsWith('\r\n')) {
        greeted = true;
        text = '';
        send();
        return;
      }
      const end = new RegExp(String.raw`(?:^|\r\n)a${replies.length} (.*)\r\n$`).exec(text);
      if (end === null) return;
      const command = all[replies.length] ?? '';
      replies.push({ command, tagged: end[1] ?? '', untagged: text.slice(0, end.index) });
      text = '';
      if (replies.length < all.length) send();
      else {
        socket.removeAllListeners('close').destroy();
        resolve(replies.slice(1, -1));
      }
    });
  });
}

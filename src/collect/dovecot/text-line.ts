// A line of one of Dovecot's mail processes, e.g. `imap(alice)<pid><session>{…}: Info: save: …`, in a
// file or in syslog. Only its fixed head is trusted.
import { withoutFolderInFront } from './mail-log.ts';

/** What the head of a mail process's line says. */
export interface ProcessLine {
  /** e.g. `imap`; ManageSieve, which 2.4 calls `sieve`, is `managesieve`. */
  readonly service: string;
  readonly session: string;
  readonly text: string;
}

const MAIL_PROCESS =
  /(?:^| )(imap|pop3|lmtp|lda|managesieve|sieve|submission)\([^()<>{}]*\)<\d+><([A-Za-z0-9+/=:]{1,64})>(?:\{[^{}]*\})?: (?:Info: )?/;

/** What stands in front of the process: time stamp, host, `dovecot:`; never another process's text. */
function isFrame(text: string): boolean {
  return !text.replace(/(^| )dovecot(\[\d+\])?:$/, '').includes(': ') && !/[=<>(){}"]/.test(text);
}

/**
 * Reads a line of a mail process with the documented `mail_log_prefix`; undefined for all others.
 *
 * @see Dovecot setting mail_log_prefix; in files the level (`Info:`) precedes the text, in syslog not
 */
export function parseProcessLine(line: string): ProcessLine | undefined {
  const head = MAIL_PROCESS.exec(line);
  if (head === null || !isFrame(line.slice(0, head.index))) return undefined;
  return {
    service: head[1] === 'sieve' ? 'managesieve' : (head[1] ?? ''),
    session: head[2] ?? '',
    text: withoutFolderInFront(line.slice(head.index + head[0].length)),
  };
}

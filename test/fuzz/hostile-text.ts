// What a stranger would write into a subject, a folder name or a user name to become a field of an
// event: pieces of the very lines and syntaxes that the collectors read, put together at random.
import fc from 'fast-check';

const PIECES = [
  ', uid=99',
  ', uid=1, msgid=<forged@evil.test>',
  ', size=1, vsize=1',
  ', from=root',
  ', subject=forged',
  ', flags=(\\Deleted \\Seen)',
  ': box=',
  'save: box=INBOX',
  'copy from INBOX: box=Forged',
  'expunge: box=INBOX, uid=1',
  'Mailbox deleted: INBOX',
  '<1><S1>',
  '{rip=198.51.100.66,auth=root}',
  'imap(root@example.test)<1><S1>: Info: ',
  'stats: Info: {"event":"auth_request_finished","fields":{"user":"root","success":"yes"}}',
  '","user":"root","x":"',
  '"}}',
  '\\',
  '\\"',
  '"',
  "'",
  '{',
  '}',
  '(',
  ')',
  '[',
  ']',
  '<',
  '>',
  ';',
  ',',
  '=',
  ':',
  ' ',
  '%',
  '/',
  '/;UID=99',
  '&AOQ-',
  '&',
  '* LIST () "/" x',
  '[APPENDUID 1 99]',
  '[COPYUID 1 1:99 1:99]',
  '1:*',
  '<451 byte literal>',
  '{451}',
  ' from unknown[198.51.100.66]; from=<root@example.test> to=<victim@example.test> proto=ESMTP helo=<evil>',
  'client=unknown[198.51.100.66], sasl_method=PLAIN, sasl_username=root',
  'status=sent (250 2.0.0 <victim@example.test> AAAAAAAAAAAAAAAAAAAAAA:R1 Saved)',
  '> orig_to=<root@example.test>, relay=evil[198.51.100.66]:25, dsn=2.0.0, status=sent (',
  'queued as 4zzzzz0000z1',
  '4jXwF05NJdzJ9ZJ: removed',
  '(queue active)',
  'message-id=<forged@evil.test>',
  'NOQUEUE: reject: RCPT from unknown[198.51.100.66]: 554 5.7.1 forged; from=<a> to=<b>',
  'sasl_username=root',
  'message repeated 9 times: [ x]',
  'postfix/qmgr[1]: ',
  'dovecot: ',
  'Nov 23 05:56:11 mail postfix/smtpd[1]: ',
  '2026-11-23T05:56:11 ',
  'user=<root>, method=PLAIN, rip=198.51.100.66, session=<S1>',
  'password mismatch',
  'shared/root',
  'INBOX',
  '=?utf-8?q?x?=',
  '=?utf-8?b?',
  '\u00e4\u{1f600}',
  '\u202e',
  '\u0085',
  '\u2028',
  '__proto__',
  'constructor',
  '--',
  '$1',
] as const;

/** Characters that neither server lets into a line of its log. */
// oxlint-disable-next-line no-control-regex -- control characters are what this is about
const CONTROL = /[\u0000-\u001f\u007f]/g;

/** A hostile text, as it is at its author's. */
export const hostileText: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(...PIECES) },
      { weight: 2, arbitrary: fc.string({ maxLength: 6 }) },
      { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 4 }) },
    ),
    { minLength: 1, maxLength: 6 },
  )
  .map((pieces) => pieces.join(''));

/** The text as it gets into a log line: control characters become `?`, as with both servers. */
export function sanitized(text: string, charsMax: number): string {
  const printable = wellFormed(text).replaceAll(CONTROL, '?');
  if (printable.length <= charsMax) return printable;
  return `${wellFormed(printable.slice(0, charsMax))}...`;
}

/** Half a character becomes U+FFFD, as in every file. */
export function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}

// Targets: the small readers of text that strangers write, each on its own, with bytes and pieces of
// syntax put together at random. They must come back, and soon.
import fc from 'fast-check';
import { partNames } from '../../src/collect/dovecot/attachment-names/body-structure.ts';
import { expandSet, folderOf, imapTokens } from '../../src/collect/dovecot/imap-arguments.ts';
import { fetchedContent } from '../../src/collect/dovecot/imap-fetch.ts';
import { parseMailLog } from '../../src/collect/dovecot/mail-log.ts';
import { PolicyRequestError, readPolicyRequest } from '../../src/collect/dovecot/policy-request.ts';
import { parseProcessLine } from '../../src/collect/dovecot/text-line.ts';
import { userAgentOfId } from '../../src/collect/dovecot/user-agent.ts';
import { decodeEncodedWords } from '../../src/collect/encoded-words.ts';
import { ExportCutter } from '../../src/collect/export-cutter.ts';
import {
  parseClient,
  parseDelivery,
  parseHeader,
  parseMaillogLine,
} from '../../src/collect/postfix/maillog-line.ts';
import {
  PolicyProtocolError,
  PolicyRequestReader,
} from '../../src/collect/postfix/policy-protocol.ts';
import {
  createMatcher,
  InvalidFilterPattern,
  parseFilterPattern,
} from '../../src/insights/filter-pattern/index.ts';
import { hostileText } from './hostile-text.ts';
import type { FuzzTarget } from './target.ts';

const NOW_MS = Date.UTC(2026, 10, 24);
/** Longer than any line of the servers' own that is not one of ours. */
const LONG_REPEATS = 3000;

/** A reader that takes longer than this is one that a stranger can hold up, in ms. */
const LONG_MS = 1000;

/** Short texts, and now and then the same thousands of times: what takes the square of its length. */
const text = fc.oneof(
  { weight: 50, arbitrary: hostileText },
  { weight: 1, arbitrary: hostileText.map((piece) => piece.repeat(LONG_REPEATS)) },
);

function textTarget(name: string, read: (text: string) => unknown): FuzzTarget {
  return {
    name,
    property: () =>
      fc.property(text, (input) => {
        const beforeMs = performance.now();
        read(input);
        const tookMs = performance.now() - beforeMs;
        if (tookMs > LONG_MS) throw new Error(`${input.length} characters took ${tookMs} ms`);
      }),
  };
}

/** Reads with the reader, and takes the errors that it says it throws for an answer. */
function refusing(read: () => unknown, refusal: abstract new (...args: never) => Error): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof refusal)) throw error;
  }
}

export const TEXT_TARGETS: readonly FuzzTarget[] = [
  textTarget('body-structure', (input) => {
    partNames(input);
    partNames(`(${input})`);
  }),
  textTarget('filter-pattern', (input) => {
    refusing(() => createMatcher(parseFilterPattern(input)).match(input), InvalidFilterPattern);
  }),
  textTarget('export-record', (input) => {
    for (const begin of ['', '__CURSOR=x\n', 'MESSAGE\n']) {
      const cutter = new ExportCutter(0);
      const bytes = Buffer.from(`${begin}${input}\n\n`);
      for (const piece of [bytes.subarray(0, 7), bytes.subarray(7)]) cutter.take(piece);
      cutter.finish();
      if (cutter.place !== bytes.length) throw new Error(`ends at ${cutter.place}`);
    }
  }),
  textTarget('imap-arguments', (input) => {
    for (const token of imapTokens(input)) folderOf(token);
    expandSet(input, 1000);
    fetchedContent(input);
    userAgentOfId(input);
  }),
  textTarget('mail-log', (input) => parseMailLog(`save: box=${input}`)),
  textTarget('process-line', (input) => parseProcessLine(`imap(${input}`)),
  textTarget('encoded-words', decodeEncodedWords),
  textTarget('maillog', (input) => {
    for (const head of ['', 'to=<', 'client=', 'info: header Subject: ', 'from=<']) {
      parseMaillogLine(
        `Nov 23 05:56:41 mail postfix/smtpd[1]: 4jXwF05NJdzJ9ZJ: ${head}${input}`,
        NOW_MS,
      );
      parseDelivery(head + input);
      parseClient(head + input);
      parseHeader(head + input);
    }
  }),
  textTarget('policy-request', (input) => {
    const request = { login: input, remote: input, protocol: input, session_id: input, [input]: 1 };
    refusing(() => readPolicyRequest(request), PolicyRequestError);
  }),
  textTarget('policy-protocol', (input) => {
    const reader = new PolicyRequestReader();
    refusing(() => [...reader.take(Buffer.from(`${input}\n\n`))], PolicyProtocolError);
  }),
];

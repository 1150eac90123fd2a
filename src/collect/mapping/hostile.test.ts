// Whatever strangers get written into a line, and whatever they post: nothing throws, every event passes the front
// door, and what stands in front of their text is not changed by it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { admitObject } from '../../event/admit.ts';
import { journalLine } from '../../event/journal-line.ts';
import { recordsOf } from './body-records.ts';
import { recordOfLine } from './file-line.ts';
import type { ForeignOutcome } from './foreign-record.ts';
import { readMappingFile } from './mapping-file.ts';
import { MappingSet } from './mapping-set.ts';

const FOLDER = join(import.meta.dirname, '..', '..', '..', 'examples', 'mappings');
const NOW_MS = Date.UTC(2026, 10, 24);
const RUNS = 300;

function setOf(name: string): MappingSet {
  const result = readMappingFile(readFileSync(join(FOLDER, `${name}.yaml`), 'utf8'), name);
  if (!result.ok) throw new Error(name);
  return new MappingSet(result.file);
}

const exim = setOf('exim');
const cyrus = setOf('cyrus');
const stalwart = setOf('stalwart');

function admitted({ events }: ForeignOutcome): void {
  for (const event of events) {
    const line = journalLine(event);
    expect(line.indexOf('\n')).toBe(line.length - 1);
    const { extra, ...fields } = JSON.parse(line) as Record<string, unknown>;
    expect(admitObject({ ...(extra as object), ...fields }, NOW_MS)).toMatchObject({ ok: true });
  }
}

/** What looks like more of a line, and characters that lines should not have. */
const BAITS = [
  '" for x@y',
  ' for x@y',
  ' T="',
  ' A=plain_login:root',
  '\\"',
  '\\',
  '> uid=<9',
  ' sessionid=<z>',
  ' sysflags=<FL>',
  ') [SASL(-13): ',
  ' id=',
  ' S=9',
  '<= a@b',
  ' H=(x) [9.9.9.9]:9',
  ' log_type=x',
  '__proto__',
  '=',
  ' DELETED.',
  ' size=<1>',
  '\u0000',
  '\u001b[2J',
  '\ud800',
  '\u2028',
];

/** Text with baits in it, on one line. */
const forged = fc
  .array(fc.oneof(fc.string({ unit: 'binary', maxLength: 8 }), fc.constantFrom(...BAITS)), {
    maxLength: 12,
  })
  .map((parts) => parts.join('').replaceAll(/[\r\n]/g, ' '));

test('a forged subject in Exim: sender, address, id and size stay what Exim says', () => {
  fc.assert(
    fc.property(forged, (text) => {
      // As Exim prints it: quotes and backslashes are escaped.
      const subject = text.replaceAll(/[\\"]/g, String.raw`\$&`);
      const line = `2026-11-23 12:19:32 +0000 1xVT1A-0001HR-18 <= eve@elsewhere.test H=(c) [192.0.2.7]:1 P=esmtp S=416 id=a@b T="${subject}" for ann@example.test`;
      const outcome = exim.take(recordOfLine(line, 'plain', NOW_MS));
      admitted(outcome);
      expect(outcome.events).toHaveLength(1);
      expect(outcome.events[0]).toMatchObject({
        request_id: '1xVT1A-0001HR-18',
        source_ip: '192.0.2.7',
        event: { eventName: 'ORGANIZATION_EMAIL_RECEIVED', from: 'eve@elsewhere.test' },
      });
      expect(outcome.events[0]).not.toHaveProperty('user_id');
      expect(outcome.events[0]).toMatchObject({
        message_size: 416,
        event: { recipients: ['ann@example.test'], messageId: '<a@b>' },
      });
    }),
    { numRuns: RUNS },
  );
});

test('a forged Message-ID in Exim and Cyrus gives nothing that stands behind it', () => {
  fc.assert(
    fc.property(forged, (text) => {
      const line = `2026-11-23 12:19:32 +0000 1xVT1A-0001HR-18 <= eve@elsewhere.test H=(c) [192.0.2.7]:1 P=esmtp S=416 id=${text} T="real" for ann@example.test`;
      const outcome = exim.take(recordOfLine(line, 'plain', NOW_MS));
      admitted(outcome);
      expect(outcome.events[0]).toMatchObject({ source_ip: '192.0.2.7' });
      expect(outcome.events[0]).not.toHaveProperty('user_id');
      const { subject = 'real', recipients = ['ann@example.test'] } = (
        outcome.events[0] as unknown as { event: { subject?: string; recipients?: string[] } }
      ).event;
      expect([subject, recipients]).toEqual(['real', ['ann@example.test']]);
    }),
    { numRuns: RUNS },
  );
  fc.assert(
    fc.property(forged, (text) => {
      const line = `2026-11-23T12:32:28Z mx imap[1]: auditlog: append sessionid=<s-1> mailbox=<user.ann> uniqueid=<u1> uid=<1> modseq=<3> sysflags=<> guid=<9f> messageid=${text} size=<63>`;
      const outcome = cyrus.take(recordOfLine(line, 'syslog', NOW_MS));
      admitted(outcome);
      expect(outcome.events).toMatchObject([
        { request_id: 's-1', item_id: 'user.ann/;UID=1', action: 'create', server_name: 'mx' },
      ]);
      expect(outcome.events[0]).not.toHaveProperty('flags');
    }),
    { numRuns: RUNS },
  );
});

test('any login name in Cyrus is a failed sign-in from its address', () => {
  fc.assert(
    fc.property(forged, (text) => {
      const line = `2026-11-23T12:32:28Z mx imap[1]: badlogin: localhost [192.0.2.7] plaintext (${text}) [SASL(-13): authentication failure: checkpass failed]`;
      const outcome = cyrus.take(recordOfLine(line, 'syslog', NOW_MS));
      admitted(outcome);
      expect(outcome.events).toMatchObject([{ source_ip: '192.0.2.7', auth_successful: false }]);
    }),
    { numRuns: RUNS },
  );
});

test('any text and any JSON: no throw, and nothing that the front door would refuse', () => {
  const event = fc.record({
    type: fc.constantFrom('auth.success', 'imap.fetch', 'queue.message-queued', 'x'),
    createdAt: fc.oneof(fc.constant('2026-11-23T10:00:00Z'), fc.jsonValue()),
    data: fc.oneof(
      fc.record({
        accountName: fc.jsonValue(),
        to: fc.jsonValue(),
        size: fc.jsonValue(),
        documentId: fc.jsonValue(),
        remotePort: fc.jsonValue(),
      }),
      fc.jsonValue(),
    ),
  });
  const body = fc.oneof(
    fc.array(event, { maxLength: 4 }).map((events) => JSON.stringify({ events })),
    fc.json(),
    forged,
    fc.string({ unit: 'binary' }),
  );
  fc.assert(
    fc.property(body, (text) => {
      for (const { content } of recordsOf(text)) {
        for (const set of [stalwart, exim, cyrus]) {
          admitted(set.take({ source: 'http', receivedMs: NOW_MS, content }));
        }
      }
    }),
    { numRuns: RUNS },
  );
});

import { expect, test } from 'vitest';
import type { AuditEvent } from '../../../event/audit-event.ts';
import { silentLog } from '../../../platform/log.ts';
import type { AccessEvent } from '../access-record.ts';
import { partNames } from './body-structure.ts';
import type { MessagePlace } from './doveadm-http.ts';
import {
  LOOKUPS_RUNNING_MAX,
  LOOKUPS_WAITING_MAX,
  REMEMBERED_MESSAGES_MAX,
  REMEMBERED_MS,
  STRUCTURE_DEPTH_MAX,
  STRUCTURE_PARTS_MAX,
} from './limits.ts';
import { NameLookup } from './name-lookup.ts';
import { ToldAttachments } from './told-attachments.ts';

const TEXT = '("text" "plain" ("charset" "utf-8") NIL NIL "7bit" 5 1 NIL NIL NIL NIL)';

function pdf(parameters: string, disposition = 'NIL'): string {
  return `("application" "pdf" ${parameters} NIL NIL "base64" 100 NIL ${disposition} NIL NIL)`;
}

function namesOf(structure: string): Record<string, string> | undefined {
  const names = partNames(structure);
  return names && Object.fromEntries(names);
}

test.each([
  ['a disposition', pdf('NIL', '("attachment" ("filename" "a b.pdf"))'), 'a b.pdf'],
  ['a name', pdf('("name" "c.pdf")'), 'c.pdf'],
  ['both: the disposition counts', pdf('("name" "c")', '("attachment" ("filename" "d"))'), 'd'],
  ['RFC 2231', pdf(`("name*" "utf-8''%C3%BCber.pdf")`), 'über.pdf'],
  ['RFC 2231 in pieces', pdf(`("name*0*" "utf-8''%C3%BC" "name*1" "ber.pdf")`), 'über.pdf'],
  ['an encoded word', pdf('("name" "=?utf-8?q?=C3=BCber.pdf?=")'), 'über.pdf'],
  ['quotes and backslashes', pdf('("name" "a\\"b\\\\c")'), 'a"b\\c'],
  ['a literal', pdf('("name" {5}\r\na"b c)'), 'a"b c'],
  ['a slash', pdf('("name" "../etc/passwd")'), '..∕etc∕passwd'],
  ['none: the type', pdf('NIL'), 'application/pdf'],
])('a name by %s', (_, part, name) => {
  expect(namesOf(`${TEXT}${part} "mixed" ("boundary" "x") NIL NIL NIL`)).toEqual({
    1: 'text/plain',
    2: name,
  });
});

test('parts are numbered as IMAP numbers them, also in messages inside', () => {
  const envelope =
    '("Mon, 1 Jan 2026 00:00:00 +0000" "=?utf-8?b?RsO8cg==?=" NIL NIL NIL NIL NIL NIL NIL NIL)';
  const inside = `(${TEXT}${pdf('("name" "deep.pdf")')} "mixed" NIL NIL NIL NIL)`;
  const forwarded = `("message" "rfc822" NIL NIL NIL "7bit" 300 ${envelope} ${inside} 20 NIL NIL NIL NIL)`;
  const alternative = `(${TEXT}${TEXT} "alternative" NIL NIL NIL NIL)`;
  const single = `("message" "rfc822" ("name" "s.eml") NIL NIL "7bit" 3 ${envelope} ${pdf('("name" "x.pdf")')} 20 NIL NIL NIL NIL)`;
  expect(namesOf(`(${alternative}${forwarded}${single} "mixed" NIL NIL NIL NIL)`)).toEqual({
    '1.1': 'text/plain',
    '1.2': 'text/plain',
    2: 'Für',
    '2.1': 'Für/text/plain',
    '2.2': 'Für/deep.pdf',
    3: 's.eml',
    '3.1': 's.eml/x.pdf',
  });
  expect(namesOf(pdf('("name" "only.pdf")').slice(1, -1))).toEqual({ 1: 'only.pdf' });
});

test.each(['', '(', ')', '("text"', '"x', '{9}\r\nab', '('.repeat(STRUCTURE_DEPTH_MAX + 2)])(
  '%j is no structure',
  (text) => {
    expect(partNames(text)).toBeUndefined();
  },
);

test('of more parts than a message may have the first are named', () => {
  const names = partNames(`${TEXT.repeat(STRUCTURE_PARTS_MAX + 50)} "mixed" NIL NIL NIL NIL`);
  expect(names?.size).toBe(STRUCTURE_PARTS_MAX - 1);
});

const STRUCTURE = `${TEXT}${pdf('("name" "a.pdf")')} "mixed" NIL NIL NIL NIL`;

interface Asked {
  readonly place: MessagePlace;
  readonly answer: (structure: string | undefined) => void;
  readonly fail: (error: Error) => void;
}

function world() {
  const asked: Asked[] = [];
  const clock = { nowMs: 0 };
  const lookup = new NameLookup({
    fetchStructure: (place) =>
      new Promise((answer, fail) => {
        asked.push({ place, answer, fail });
      }),
    clock: { now: () => clock.nowMs, after: () => ({ cancel() {} }) },
    log: silentLog,
  });
  return { asked, clock, lookup };
}

function place(uid: number): MessagePlace {
  return { user: 'bob', folder: 'INBOX', uid };
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}

test('the parts of a message are asked for once, until that is long ago', async () => {
  const { asked, clock, lookup } = world();
  const found: string[] = [];
  lookup.find(place(1), '2', (name) => found.push(name));
  lookup.find(place(1), '1', (name) => found.push(name));
  lookup.find(place(1), '9', (name) => found.push(name));
  asked[0]?.answer(STRUCTURE);
  await settled();
  expect(found).toEqual(['a.pdf', 'text/plain']);
  expect(asked).toHaveLength(1);
  clock.nowMs += REMEMBERED_MS;
  lookup.find(place(1), '2', (name) => found.push(name));
  expect(asked).toHaveLength(2);
  asked[1]?.answer(undefined);
  await settled();
  expect(found).toHaveLength(2);
  expect(lookup.status()).toEqual({ asked: 2, named: 2, unnamed: 2, skipped: 0, failed: 0 });
});

test('so many are asked for at a time, so many wait, and the rest go without a name', async () => {
  const { asked, lookup } = world();
  const found: string[] = [];
  const all = LOOKUPS_RUNNING_MAX + LOOKUPS_WAITING_MAX;
  for (let uid = 1; uid <= all + 3; uid++) lookup.find(place(uid), '2', (name) => found.push(name));
  expect(asked).toHaveLength(LOOKUPS_RUNNING_MAX);
  for (let n = 0; n < all; n++) {
    asked[n]?.answer(STRUCTURE);
    await settled();
  }
  expect(found).toHaveLength(all);
  expect(lookup.status()).toMatchObject({ asked: all, named: all, skipped: 3 });
});

test('a failure is not remembered, a message long ago is not either', async () => {
  const { asked, lookup } = world();
  const found: string[] = [];
  lookup.find(place(1), '2', (name) => found.push(name));
  asked[0]?.fail(new Error('refused'));
  await settled();
  lookup.find(place(1), '2', (name) => found.push(name));
  asked[1]?.answer(STRUCTURE);
  await settled();
  expect(found).toEqual(['a.pdf']);
  expect(lookup.status().failed).toBe(1);
  for (let uid = 2; uid <= REMEMBERED_MESSAGES_MAX + 2; uid++) {
    lookup.find(place(uid), '2', () => undefined);
    asked.at(-1)?.answer(STRUCTURE);
    await settled();
  }
  const before = asked.length;
  lookup.find(place(1), '2', () => undefined);
  expect(asked).toHaveLength(before + 1);
});

function read(more: Partial<AccessEvent> = {}): AccessEvent {
  return {
    log_type: 'WORKMAIL_MAILBOX_ACCESS_LOGS',
    event_timestamp: 1,
    user_id: 'eve',
    owner_id: 'bob',
    action: 'read_attachment',
    item_id: 'Post/;UID=7',
    folder_path: 'Post',
    attachment_path: '2',
    action_allowed: true,
    ...more,
  };
}

function withoutFolder(): AccessEvent {
  const { folder_path: _folder, ...others } = read();
  return others;
}

test('a read is told at once and once more with the name, under one key', () => {
  const finders: { place: MessagePlace; part: string; found: (name: string) => void }[] = [];
  const told: AuditEvent[] = [];
  const attachments = new ToldAttachments(
    { find: (asked, part, found) => finders.push({ place: asked, part, found }) },
    (events) => told.push(...events),
  );
  const [first, other] = attachments.of([read(), read({ action: 'read' })], 40);
  expect(finders.map(({ place: asked, part }) => [asked, part])).toEqual([
    [{ user: 'bob', folder: 'Post', uid: 7 }, '2'],
  ]);
  expect(other).toEqual(read({ action: 'read' }));
  finders[0]?.found('a.pdf');
  finders[0]?.found('b.pdf');
  expect(told).toEqual([{ ...first, attachment_path: 'a.pdf', revision: 2 }]);
  expect(first).toEqual({ ...read(), revision_key: expect.any(String) as string });
});

test('what was told again meanwhile is not gone back behind', () => {
  const found: ((name: string) => void)[] = [];
  const told: AuditEvent[] = [];
  const attachments = new ToldAttachments(
    { find: (_place, _part, callback) => found.push(callback) },
    (events) => told.push(...events),
  );
  attachments.of([read()], 40);
  const [later] = attachments.of([read({ subject: 'known now' })], 40);
  found[0]?.('a.pdf');
  expect(told).toEqual([]);
  found[1]?.('a.pdf');
  expect(told).toEqual([{ ...later, attachment_path: 'a.pdf', revision: 3 }]);
});

test.each([read({ action_allowed: false }), read({ item_id: 'Post' }), withoutFolder()])(
  'nothing is asked where there is nothing to ask for',
  (event) => {
    const attachments = new ToldAttachments(
      {
        find: () => {
          throw new Error('asked');
        },
      },
      () => undefined,
    );
    expect(attachments.of([event], 1)).toEqual([event]);
  },
);

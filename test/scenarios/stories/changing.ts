// What is changed in a mailbox: flags, places, contents, folders.
import type { Scenario } from '../scenario.ts';
import { plainLetter } from './letters.ts';

/** STORE in its forms. */
export const flags: Scenario = {
  name: 'flags',
  about: 'Read, unread, flagged, keywords, marked as deleted and back, silent and conditional.',
  host: 31,
  users: ['alice'],
  async play(stage) {
    stage.place(
      'alice',
      'INBOX',
      ['One', 'Two', 'Three'].map((subject, index) =>
        plainLetter(stage, { id: `s${index + 1}`, to: 'alice', subject }),
      ),
    );
    const imap = await stage.imapOf('alice');
    const { text } = await imap.ok('SELECT INBOX (CONDSTORE)');
    if (!text.includes('READ-WRITE')) throw new Error(text);
    await imap.ok('UID STORE 1 +FLAGS (\\Seen)');
    await imap.ok('UID STORE 1 +FLAGS (\\Seen)');
    await imap.ok('UID STORE 1 -FLAGS (\\Seen)');
    await imap.ok('STORE 2 FLAGS (\\Seen \\Flagged)');
    await imap.ok('UID STORE 1:3 +FLAGS.SILENT (\\Answered $Forwarded)');
    await imap.ok('UID STORE 3 FLAGS.SILENT ()');
    await imap.ok('UID STORE 1:2 +FLAGS (\\Deleted)');
    await imap.ok('UID STORE 2 -FLAGS (\\Deleted)');
    await imap.ok('UID STORE 3 (UNCHANGEDSINCE 1) +FLAGS (\\Seen)');
    await imap.ok('UID STORE 99 +FLAGS (\\Seen)');
    await imap.ok('EXAMINE INBOX');
    await imap.run('UID STORE 1 +FLAGS (\\Seen)');
    await imap.logout();
  },
};

/** Messages that come, go and change places. */
export const moves: Scenario = {
  name: 'moves',
  about: 'Messages appended, copied, moved and expunged in each of the ways IMAP has.',
  host: 32,
  users: ['alice'],
  async play(stage) {
    const draft = (id: string, subject: string): Buffer =>
      Buffer.from(plainLetter(stage, { id, to: 'alice', subject }).replaceAll('\n', '\r\n'));
    stage.place(
      'alice',
      'INBOX',
      Array.from({ length: 8 }, (_, index) =>
        plainLetter(stage, { id: `v${index + 1}`, to: 'alice', subject: `Message ${index + 1}` }),
      ),
    );
    const imap = await stage.imapOf('alice');
    await imap.ok(['APPEND Drafts (\\Draft \\Seen) ', draft('d1', 'Draft')]);
    await imap.ok([
      'APPEND Drafts ',
      draft('d2', 'Second draft'),
      ' (\\Draft) ',
      draft('d3', 'Third draft'),
    ]);
    await imap.run(['APPEND Nowhere ', draft('d4', 'Lost draft')]);
    await imap.ok('CREATE Archive');
    await imap.ok('SELECT INBOX');
    await imap.ok('UID COPY 1:2 Archive');
    await imap.run('UID COPY 1 Nowhere');
    await imap.ok('COPY 3 Archive');
    await imap.ok('UID MOVE 4 Archive');
    await imap.ok('MOVE 4 Trash');
    await imap.ok('UID MOVE 6:7 Archive');
    await imap.ok('UID STORE 1:2 +FLAGS.SILENT (\\Deleted)');
    await imap.ok('UID EXPUNGE 1');
    await imap.ok('EXPUNGE');
    await imap.ok('UID STORE 3 +FLAGS (\\Deleted)');
    await imap.ok('CLOSE');
    await imap.ok('SELECT Archive');
    await imap.ok('UID STORE 1:* +FLAGS.SILENT (\\Deleted)');
    await imap.ok('EXPUNGE');
    await imap.logout();
  },
};

/** Folders. */
export const folders: Scenario = {
  name: 'folders',
  about: 'Folders made, renamed, subscribed, described and deleted; names of every alphabet.',
  host: 33,
  users: ['alice'],
  async play(stage) {
    stage.place('alice', 'Old', [plainLetter(stage, { id: 'o1', to: 'alice', subject: 'Old' })]);
    const imap = await stage.imapOf('alice');
    await imap.ok('CREATE Projects');
    await imap.run('CREATE Projects');
    await imap.ok('CREATE "Projects/2026"');
    await imap.ok('RENAME Projects Ventures');
    await imap.ok('SUBSCRIBE Ventures');
    await imap.ok('UNSUBSCRIBE Ventures');
    await imap.ok('CREATE "Entw&APw-rfe"');
    await imap.ok('CREATE "&ZeVnLIqe-"');
    await imap.ok('CREATE "R&-D \\"new\\""');
    await imap.ok(['CREATE ', Buffer.from('In a literal')]);
    await imap.ok('SETMETADATA Ventures (/private/comment "My comment")');
    await imap.ok('GETMETADATA Ventures (/private/comment)');
    await imap.ok('SELECT "R&-D \\"new\\""');
    await imap.ok('SELECT "&ZeVnLIqe-"');
    await imap.ok('DELETE Old');
    await imap.run('DELETE Nowhere');
    await imap.run('DELETE INBOX');
    await imap.run('RENAME Nowhere Elsewhere');
    await imap.logout();
  },
};

/** Many commands in few packets. */
export const pipelined: Scenario = {
  name: 'pipelined',
  about:
    'Commands sent without waiting for their answers, and in a compressed connection that breaks.',
  host: 34,
  users: ['alice'],
  async play(stage) {
    stage.place(
      'alice',
      'INBOX',
      Array.from({ length: 6 }, (_, index) =>
        plainLetter(stage, { id: `p${index + 1}`, to: 'alice', subject: `Message ${index + 1}` }),
      ),
    );
    const imap = await stage.imapOf('alice');
    await imap.ok('SELECT INBOX');
    await imap.pipeline([
      'UID FETCH 1 (BODY[])',
      'UID FETCH 2 (BODY.PEEK[])',
      'UID STORE 2 +FLAGS (\\Flagged)',
      'UID COPY 3 Drafts',
      'UID MOVE 4 Trash',
      'UID STORE 5 +FLAGS (\\Deleted)',
      'UID EXPUNGE 5',
      'UID FETCH 6 (BODY[TEXT])',
      'STATUS Drafts (MESSAGES)',
    ]);
    await imap.logout();
    const broken = await stage.imapOf('alice');
    await broken.compress();
    await broken.ok('SELECT INBOX');
    await broken.ok('UID FETCH 1 (BODY.PEEK[])');
    broken.breakOff();
  },
};

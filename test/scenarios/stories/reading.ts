// What is read in a mailbox, by every form of FETCH and by what lists and searches.
import type { Scenario } from '../scenario.ts';
import { letterWithAttachment, plainLetter } from './letters.ts';

/** FETCH in its forms. */
export const fetch: Scenario = {
  name: 'fetch',
  about: 'Bodies, parts, headers and summaries, by uid and by number, marking as read and not.',
  host: 21,
  users: ['alice'],
  async play(stage) {
    stage.place('alice', 'INBOX', [
      plainLetter(stage, { id: 'f1', to: 'alice', subject: 'First' }),
      letterWithAttachment(stage, { id: 'f2', to: 'alice', subject: 'Second' }),
      plainLetter(stage, { id: 'f3', to: 'alice', subject: 'Third' }),
      plainLetter(stage, { id: 'f4', to: 'alice', subject: 'Fourth' }),
    ]);
    const imap = await stage.imapOf('alice');
    await imap.ok('SELECT INBOX');
    await imap.ok('UID FETCH 1:* (FLAGS INTERNALDATE RFC822.SIZE ENVELOPE)');
    await imap.ok('UID FETCH 1:* (FLAGS INTERNALDATE RFC822.SIZE ENVELOPE)');
    await imap.ok('UID FETCH 1,3 (BODY.PEEK[HEADER.FIELDS (SUBJECT FROM)])');
    await imap.ok('UID FETCH 2 (BODYSTRUCTURE)');
    await imap.ok('UID FETCH 1 (BODY.PEEK[])');
    await imap.ok('UID FETCH 1 (BODY[])');
    await imap.ok('UID FETCH 1 (BODY[])');
    await imap.ok('UID FETCH 2 (BODY.PEEK[1])');
    await imap.ok('UID FETCH 2 (BODY.PEEK[2])');
    await imap.ok('UID FETCH 2 (BINARY.PEEK[2])');
    await imap.ok('UID FETCH 2 (BODY.PEEK[2.MIME])');
    await imap.ok('FETCH 3 (BODY[TEXT])');
    await imap.ok('FETCH 4 RFC822');
    await imap.ok('FETCH 1:3 (RFC822.HEADER)');
    await imap.ok('UID FETCH 1:4 (BODY.PEEK[]<0.20>)');
    await imap.ok('UID FETCH 99 (BODY.PEEK[])');
    await imap.run('UID FETCH nonsense (BODY[])');
    await imap.ok('FETCH 2 FAST');
    await imap.ok('EXAMINE INBOX');
    await imap.ok('UID FETCH 3 (BODY[])');
    await imap.logout();
  },
};

const MANY = 900;

/** A set that the exporter cuts. */
export const fetchMany: Scenario = {
  name: 'fetch-many',
  about: `${MANY} messages read with one command whose uids do not fit into a log line.`,
  host: 22,
  users: ['alice'],
  async play(stage) {
    // Every second message, so that the set is no range.
    const letters = Array.from({ length: 2 * MANY }, (_, index) =>
      plainLetter(stage, { id: `n${index + 1}`, to: 'alice', subject: `Number ${index + 1}` }),
    );
    stage.place('alice', 'INBOX', letters, 'S');
    const uids = Array.from({ length: MANY }, (_, index) => 2 * index + 1).join(',');
    const imap = await stage.imapOf('alice');
    await imap.ok('SELECT INBOX');
    await imap.ok(`UID FETCH ${uids} (BODY.PEEK[])`);
    await imap.logout();
  },
};

/** What shows a mailbox without opening messages. */
export const browse: Scenario = {
  name: 'browse',
  about: 'Folders listed, opened and asked for; messages searched, sorted and threaded.',
  host: 23,
  users: ['alice'],
  async play(stage) {
    stage.place('alice', 'INBOX', [
      plainLetter(stage, { id: 'b1', to: 'alice', subject: 'Offer', text: 'A secret price.' }),
      plainLetter(stage, { id: 'b2', to: 'alice', subject: 'Re: Offer' }),
    ]);
    stage.place('alice', 'Work/Projects', [
      plainLetter(stage, { id: 'b3', to: 'alice', subject: 'Plan' }),
    ]);
    const imap = await stage.imapOf('alice');
    await imap.ok('NAMESPACE');
    await imap.ok('LIST "" "*"');
    await imap.ok('LIST (SUBSCRIBED) "" "%" RETURN (STATUS (MESSAGES))');
    await imap.ok('LSUB "" "*"');
    await imap.ok('STATUS "Work/Projects" (MESSAGES UNSEEN UIDNEXT)');
    await imap.run('STATUS Nowhere (MESSAGES)');
    await imap.ok('EXAMINE "Work/Projects"');
    await imap.ok('SELECT INBOX');
    await imap.run('SELECT Nowhere');
    await imap.ok('SELECT INBOX');
    await imap.ok('UID SEARCH SUBJECT Offer');
    await imap.ok('SEARCH TEXT secret');
    await imap.ok('UID SORT (DATE) UTF-8 ALL');
    await imap.ok('UID THREAD REFERENCES UTF-8 ALL');
    await imap.ok('GETQUOTAROOT INBOX').catch(() => undefined);
    await imap.ok('CAPABILITY');
    await imap.ok('CHECK');
    await imap.idle(async () => undefined);
    await imap.ok('UNSELECT');
    await imap.ok('ENABLE CONDSTORE');
    await imap.ok('SELECT INBOX (CONDSTORE)');
    await imap.ok('UID FETCH 1:* (FLAGS) (CHANGEDSINCE 1)');
    await imap.run('FROBNICATE 1');
    await imap.logout();
  },
};

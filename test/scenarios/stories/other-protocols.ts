// POP3, ManageSieve, and the administrator's own program.
import type { Scenario } from '../scenario.ts';
import { plainLetter } from './letters.ts';

/** POP3. */
export const pop3: Scenario = {
  name: 'pop3',
  about: 'Messages looked at, fetched and deleted by POP3; a deletion taken back; a broken line.',
  host: 51,
  users: ['alice'],
  async play(stage) {
    stage.place(
      'alice',
      'INBOX',
      ['One', 'Two', 'Three', 'Four'].map((subject, index) =>
        plainLetter(stage, { id: `q${index + 1}`, to: 'alice', subject }),
      ),
    );
    const first = await stage.pop3Of('alice');
    await first.ok('STAT');
    await first.body('LIST');
    await first.body('UIDL');
    await first.body('TOP 1 0');
    await first.body('RETR 2');
    await first.ok('DELE 2');
    await first.ok('RSET');
    await first.ok('DELE 3');
    await first.quit();

    const second = await stage.pop3Of('alice', 'office');
    await second.body('RETR 1');
    await second.run('RETR 99');
    await second.ok('DELE 1');
    second.breakOff();

    const third = await stage.pop3Of('alice');
    await third.ok('STAT');
    await third.quit();
  },
};

/** A script as a literal (RFC 5804, section 4). */
function script(text: string): string {
  return `{${Buffer.byteLength(text)}+}\r\n${text}`;
}

/** ManageSieve. */
export const sieveScripts: Scenario = {
  name: 'sieve-scripts',
  about: 'Filter scripts put, checked, renamed, activated, read and deleted.',
  host: 52,
  users: ['alice'],
  async play(stage) {
    const sieve = await stage.sieveOf('alice');
    const hiding = 'require ["fileinto"]; fileinto "Trash";\r\n';
    await sieve.ok(`PUTSCRIPT "hide" ${script(hiding)}`);
    await sieve.run(`PUTSCRIPT "broken" ${script('this is no script\r\n')}`);
    await sieve.ok(`CHECKSCRIPT ${script('keep;\r\n')}`);
    await sieve.ok('LISTSCRIPTS');
    await sieve.ok('SETACTIVE "hide"');
    await sieve.ok('GETSCRIPT "hide"');
    await sieve.run('RENAMESCRIPT "hide" "entw\u00fcrfe"');
    await sieve.run('DELETESCRIPT "entw\u00fcrfe"');
    await sieve.ok('SETACTIVE ""');
    await sieve.ok('DELETESCRIPT "entw\u00fcrfe"');
    await sieve.run('DELETESCRIPT "nowhere"');
    await sieve.ok('HAVESPACE "hide" 100');
    await sieve.quit();
  },
};

/** doveadm, which signs in nowhere. */
export const doveadm: Scenario = {
  name: 'doveadm',
  about:
    'The administrator reads, copies, moves, expunges and changes folders on the machine itself.',
  host: 53,
  users: ['alice', 'bob'],
  async play(stage) {
    stage.place(
      'alice',
      'INBOX',
      ['One', 'Two', 'Three'].map((subject, index) =>
        plainLetter(stage, { id: `a${index + 1}`, to: 'alice', subject }),
      ),
    );
    const user = ['-u', stage.at('alice')];
    await stage.doveadm('fetch', ...user, 'uid text', 'mailbox', 'INBOX', 'uid', '1');
    await stage.doveadm('fetch', ...user, 'uid hdr.subject', 'mailbox', 'INBOX');
    await stage.doveadm('search', ...user, 'mailbox', 'INBOX', 'text', 'Hello');
    await stage.doveadm('mailbox', 'create', ...user, 'Seized');
    await stage.doveadm('copy', ...user, 'Seized', 'mailbox', 'INBOX', 'uid', '1');
    await stage.doveadm('move', ...user, 'Seized', 'mailbox', 'INBOX', 'uid', '2');
    await stage.doveadm('flags', 'add', ...user, '\\Flagged', 'mailbox', 'INBOX', 'uid', '1');
    await stage.doveadm('expunge', ...user, 'mailbox', 'INBOX', 'uid', '1');
    await stage.doveadm('mailbox', 'rename', ...user, 'Seized', 'Kept');
    await stage.doveadm('acl', 'set', ...user, 'Kept', `user=${stage.at('bob')}`, 'lookup', 'read');
    await stage.doveadm('acl', 'delete', ...user, 'Kept', `user=${stage.at('bob')}`);
    await stage.doveadm('mailbox', 'status', ...user, 'messages', 'Kept');
    await stage.doveadm('mailbox', 'delete', ...user, 'Kept');
  },
};

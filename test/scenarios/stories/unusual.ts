// Commands that few clients send: what they read, change and move must be told like the common ones.
import type { Scenario } from '../scenario.ts';
import { letterWithAttachment, plainLetter } from './letters.ts';

/** IMAP's rarer commands, one of each. */
export const unusual: Scenario = {
  name: 'unusual',
  about:
    'Rarer commands: several letters in one APPEND, lists with several patterns, RENAME of INBOX, messages that are not there, NOTIFY, metadata, quota, parts.',
  host: 35,
  users: ['alice', 'bob'],
  async play(stage) {
    stage.place('alice', 'INBOX', [
      plainLetter(stage, { id: 'w1', to: 'alice', subject: 'One' }),
      letterWithAttachment(stage, { id: 'w2', to: 'alice', subject: 'Two' }),
      ...['Three', 'Four', 'Five', 'Six'].map((subject, index) =>
        plainLetter(stage, { id: `w${index + 3}`, to: 'alice', subject }),
      ),
    ]);
    stage.place('alice', 'Full', [plainLetter(stage, { id: 'x1', to: 'alice', subject: 'Full' })]);
    stage.place('bob', 'Open', [plainLetter(stage, { id: 'y1', to: 'bob', subject: 'Open' })]);
    const alice = stage.at('alice');
    const owner = await stage.imapOf('bob', 'office');
    await owner.ok(`SETACL Open ${alice} lrswite`);
    await owner.logout();
    const open = `"shared/${stage.at('bob')}/Open"`;

    const imap = await stage.imapOf('alice');
    await imap.run('LIST "" (INBOX "Fu%" Nowhere)');
    await imap.run('LIST (SUBSCRIBED REMOTE) "" "*" RETURN (CHILDREN STATUS (MESSAGES UNSEEN))');
    await imap.run('LIST "" "%" RETURN (STATUS (MESSAGES))');
    await imap.run('LSUB "Fu" "%"');
    await imap.run('LIST "" ""');
    await imap.ok('SELECT INBOX');
    await imap.run('UID FETCH 1:2 (BODY.PEEK[HEADER.FIELDS (FROM SUBJECT)])');
    await imap.run('UID FETCH 1,99 (BODY.PEEK[])');
    await imap.run('UID FETCH 98:99 (BODY.PEEK[])');
    await imap.run('UID FETCH 2 (BINARY[2])');
    await imap.run('UID FETCH 2 (BINARY.SIZE[2])');
    await imap.run('UID FETCH 1 (BODY.PEEK[HEADER])');
    await imap.run('UID FETCH 1 (PREVIEW)');
    await imap.run('UID STORE 1,99 +FLAGS (\\Flagged)');
    await imap.run('UID STORE 2 FLAGS.SILENT (\\Seen)');
    await imap.run('UID STORE 98:99 +FLAGS (\\Flagged)');
    await imap.run(`UID COPY 1,99 ${open}`);
    await imap.run(`UID MOVE 5:6 ${open}`);
    await imap.run(`UID MOVE 98:99 ${open}`);
    const draft = (id: string): Buffer =>
      Buffer.from(plainLetter(stage, { id, to: 'alice', subject: id }).replaceAll('\n', '\r\n'));
    await imap.run([`APPEND ${open} `, draft('z1'), ' (\\Seen) ', draft('z2')]);
    await imap.run('APPEND Full CATENATE (URL "/INBOX/;UID=1")');
    await imap.run([`APPEND Full CATENATE (TEXT `, Buffer.from('Subject: made\r\n\r\n'), ')']);
    await imap.run('UID SORT (REVERSE DATE) UTF-8 TEXT secret');
    await imap.run('UID SEARCH RETURN (MIN COUNT) BODY Hello');
    await imap.run('NOTIFY SET (SELECTED (MessageNew (FLAGS) MessageExpunge))');
    await imap.run('NOTIFY NONE');
    await imap.run('GETMETADATA (DEPTH infinity) Full (/private/comment)');
    await imap.run('SETMETADATA Full (/private/comment "a" /private/other NIL)');
    await imap.run('GETMETADATA "" (/private/comment)');
    await imap.run('SETMETADATA "" (/private/comment "server")');
    await imap.run('SETQUOTA "User quota" (STORAGE 10)');
    await imap.run('GETQUOTA "User quota"');
    await imap.run('UID STORE 3 +FLAGS (\\Deleted)');
    await imap.run('CHECK');
    await imap.run('UNSELECT');
    await imap.run('RENAME INBOX Kept');
    await imap.run('DELETE Full');
    await imap.run('SELECT Kept');
    await imap.run('UID EXPUNGE 98');
    await imap.run('EXPUNGE');
    await imap.run('UNSELECT');
    await imap.run(`LISTRIGHTS ${open} ${alice}`);
    await imap.run(`RENAME ${open} "shared/${stage.at('bob')}/Stolen"`);
    await imap.run('XLIST "" "*"');
    await imap.logout();
  },
};

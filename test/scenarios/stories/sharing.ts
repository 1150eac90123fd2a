// Mailboxes that belong to somebody else: who may do what, and what is refused without a word.
import type { Scenario } from '../scenario.ts';
import { plainLetter } from './letters.ts';

/** Permissions are given, looked at and taken away. */
export const permissions: Scenario = {
  name: 'permissions',
  about: 'Access rights to a folder are given, to one and to anyone, listed, used and taken away.',
  host: 41,
  users: ['alice', 'bob'],
  async play(stage) {
    stage.place('alice', 'Team', [plainLetter(stage, { id: 'c1', to: 'alice', subject: 'Team' })]);
    const bob = stage.at('bob');
    const imap = await stage.imapOf('alice');
    await imap.ok(`SETACL Team ${bob} lrs`);
    await imap.ok(`SETACL Team ${bob} +wi`);
    await imap.ok('SETACL Team anyone lr');
    await imap.ok('GETACL Team');
    await imap.ok('MYRIGHTS Team');
    await imap.ok(`LISTRIGHTS Team ${bob}`);
    await imap.ok(`DELETEACL Team ${bob}`);
    await imap.run(`SETACL Nowhere ${bob} lrs`);
    await imap.run(`SETACL Team ${bob} lrz`);
    const guest = await stage.imapOf('bob');
    const team = `"shared/${stage.at('alice')}/Team"`;
    await guest.ok(`SELECT ${team}`);
    await guest.ok('UID FETCH 1 (BODY.PEEK[])');
    await guest.run('UID COPY 1 INBOX');
    await guest.run(`SETACL ${team} ${bob} lrswi`);
    await guest.logout();
    await imap.ok('DELETEACL Team anyone');
    await imap.logout();
  },
};

/** Somebody works in a colleague's mailbox. */
export const shared: Scenario = {
  name: 'shared',
  about:
    "A colleague reads and files in a shared folder, and is refused what the rights don't allow.",
  host: 42,
  users: ['alice', 'bob'],
  async play(stage) {
    const letters = (folder: string): string[] =>
      ['one', 'two', 'three'].map((subject, index) =>
        plainLetter(stage, { id: `${folder}${index + 1}`, to: 'alice', subject }),
      );
    for (const folder of ['Open', 'ReadOnly', 'Hidden']) {
      stage.place('alice', folder, letters(folder.toLowerCase()));
    }
    const bob = stage.at('bob');
    const owner = await stage.imapOf('alice');
    await owner.ok(`SETACL Open ${bob} lrswited`);
    await owner.ok(`SETACL ReadOnly ${bob} lr`);
    await owner.ok(`SETACL Hidden ${bob} r`);
    await owner.logout();

    const path = (folder: string): string => `"shared/${stage.at('alice')}/${folder}"`;
    const imap = await stage.imapOf('bob', 'office');
    await imap.ok('LIST "" "shared/%/%"');
    await imap.ok(`SELECT ${path('Open')}`);
    await imap.ok('UID FETCH 1 (BODY[])');
    await imap.ok('UID STORE 1 +FLAGS (\\Flagged)');
    await imap.ok(`UID COPY 1 INBOX`);
    await imap.ok(`UID MOVE 2 INBOX`);
    await imap.ok('UID STORE 3 +FLAGS (\\Deleted)');
    await imap.ok('UID EXPUNGE 3');
    await imap.ok(`SELECT ${path('ReadOnly')}`);
    await imap.ok('UID FETCH 1 (BODY[])');
    await imap.run('UID STORE 1 +FLAGS (\\Flagged)');
    await imap.run('UID STORE 1 +FLAGS.SILENT (\\Deleted)');
    await imap.run('UID EXPUNGE 1');
    await imap.run('UID MOVE 2 INBOX');
    await imap.run(`CREATE ${path('ReadOnly/Sub')}`);
    // Dovecot 2.3 ends a session that tries to delete the selected folder, allowed or not.
    await imap.ok('UNSELECT');
    await imap.run(`DELETE ${path('ReadOnly')}`);
    await imap.run(`SETACL ${path('ReadOnly')} ${bob} lrswipkxtea`);
    await imap.run(`GETACL ${path('ReadOnly')}`);
    await imap.ok(`MYRIGHTS ${path('ReadOnly')}`);
    const letter = Buffer.from('Subject: intruder\r\n\r\nHello.\r\n');
    await imap.run([`APPEND ${path('ReadOnly')} `, letter]);
    await imap.run(`STATUS ${path('Hidden')} (MESSAGES)`);
    await imap.run(`SELECT ${path('Hidden')}`);
    await imap.run(`SELECT ${path('INBOX')}`);
    await imap.run(`SELECT ${path('NotThere')}`);
    await imap.logout();
  },
};

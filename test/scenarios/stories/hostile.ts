// What a stranger, or a user who means harm, writes into the log through the servers.
import type { Scenario } from '../scenario.ts';
import { letter } from '../stage.ts';

const ESCAPE = '\u001b[2J\u001b]0;owned\u0007';

/** Texts that look like the log's own. */
export const hostile: Scenario = {
  name: 'hostile',
  about: 'Forged keys in subjects, folders and names; escapes, NULs, bytes that are no UTF-8.',
  host: 71,
  users: ['alice', 'bob'],
  async play(stage) {
    const alice = stage.at('alice');
    const subjects = [
      `x, flags=(\\Deleted), uid=99, box=INBOX: save: box=Other`,
      `Sent ${ESCAPE} clear`,
      `"},"fields":{"user":"bob@${stage.domain}"}}`,
    ];
    for (const [index, subject] of subjects.entries()) {
      await stage.arrives({
        from: 'evil@partner.test',
        to: [alice],
        message: letter({
          From: '"x, subject=forged, flags=(\\Seen)" <evil@partner.test>',
          To: alice,
          Subject: subject,
          'Message-ID': `<h${index + 1}, uid=99, box=X@${stage.domain}>`,
        }),
      });
    }
    await stage.arrives({
      from: 'evil@partner.test',
      to: [alice],
      message: Buffer.concat([
        Buffer.from(
          `From: evil@partner.test\nTo: ${alice}\nMessage-ID: <h4@${stage.domain}>\nSubject: bytes `,
        ),
        Buffer.from([0xff, 0xfe, 0xc3, 0x28, 0x80]),
        Buffer.from('\n\nHello.\n'),
      ]),
    });
    await stage.arrives({
      from: '"a>, to=<bob@partner.test>, status=sent (forged) b"@partner.test',
      to: [alice],
      message: letter({
        From: 'evil@partner.test',
        To: alice,
        Subject: 'Sender',
        'Message-ID': `<h5@${stage.domain}>`,
      }),
    });

    const imap = await stage.imap('office');
    await imap.run([
      'LOGIN ',
      Buffer.from('x>, method=PLAIN, rip=10.0.0.1, session=<forged'),
      ' wrong',
    ]);
    await imap.run(['LOGIN ', Buffer.from(`${ESCAPE}@${stage.domain}`), ' wrong']);
    await imap.run(['LOGIN ', Buffer.from([0x61, 0xff, 0xfe, 0x40, 0x78]), ' wrong']);
    await imap.run(['LOGIN ', Buffer.from('nul\0nul'), ' wrong']);
    await imap.ok('ID ("name" "x, session=<forged>" "version" "\\"1\\"")');
    await imap.login(alice, stage.user('alice').password);
    await imap.ok('SELECT INBOX');
    await imap.ok('UID FETCH 1:* (BODY[])');
    const folder = 'a, uid=7, msgid=<forged>: box=INBOX';
    await imap.ok(`CREATE "${folder}"`);
    await imap.ok(`UID COPY 1 "${folder}"`);
    await imap.ok(`UID MOVE 2 "${folder}"`);
    await imap.ok(`CREATE "x: Info: Mailbox deleted: INBOX"`);
    await imap.ok(`RENAME "x: Info: Mailbox deleted: INBOX" "y -> INBOX"`);
    await imap.run(['CREATE ', Buffer.from(`esc${ESCAPE}`)]);
    await imap.run(['CREATE ', Buffer.from([0x62, 0xff, 0xfe])]);
    await imap.ok(['UID SEARCH SUBJECT ', Buffer.from('","tagged_reply_state":"NO')]);
    await imap.ok('DELETE "y -> INBOX"');
    await imap.logout();

    const smtp = await stage.smtp('mx', 'office');
    await smtp.ok('EHLO x>,status=sent');
    await smtp.ok('MAIL FROM:<evil@partner.test>');
    await smtp.run(`RCPT TO:<"ghost>, relay=local, status=sent (x"@${stage.domain}>`);
    await smtp.quit();
  },
};

function words(count: number): string {
  return Array.from({ length: count }, (_, index) => `w${index}`).join(' ');
}

/** Texts longer than any log has room for. */
export const overlong: Scenario = {
  name: 'overlong',
  about: 'Subjects, programs, searches, folders and recipients longer than a log line keeps.',
  host: 72,
  users: ['alice'],
  async play(stage) {
    const alice = stage.at('alice');
    await stage.arrives({
      from: 'carol@partner.test',
      to: [alice],
      message: letter({
        From: 'carol@partner.test',
        To: alice,
        // Folded: a line of a message has 998 octets at most (RFC 5322, section 2.1.1).
        Subject: words(600).replaceAll(/(.{60}) /g, '$1\n '),
        'Message-ID': `<${'o'.repeat(300)}@${stage.domain}>`,
      }),
    });
    const imap = await stage.imap('office');
    await imap.ok(`ID ("name" "${'p'.repeat(900)}" "version" "${'9'.repeat(900)}")`);
    await imap.login(alice, stage.user('alice').password);
    await imap.ok('SELECT INBOX');
    await imap.ok(`UID SEARCH SUBJECT "${words(500)}"`);
    await imap.ok('UID FETCH 1 (BODY[])');
    const folder = 'deep/'.repeat(20) + 'f'.repeat(150);
    await imap.run(`CREATE "${folder}"`);
    await imap.run(`UID COPY 1 "${folder}"`);
    await imap.run(`CREATE "${'g'.repeat(1_200)}"`);
    await imap.run(
      `UID STORE 1 +FLAGS (${Array.from({ length: 20 }, (_, i) => `keyword${i}`).join(' ')})`,
    );
    await imap.logout();
    const stranger = await stage.imap('office');
    await stranger.run(`LOGIN "${'u'.repeat(400)}@${stage.domain}" wrong`);
    await stranger.logout();
  },
};

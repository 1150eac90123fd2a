// Sign-ins in every way that the servers tell apart.
import { plainResponse } from '../clients/lines.ts';
import { tokenOf, type Scenario } from '../scenario.ts';

const THUNDERBIRD = 'ID ("name" "Thunderbird" "version" "128.1")';

/** The ordinary ways in, and the ordinary ways to fail. */
export const signIn: Scenario = {
  name: 'sign-in',
  about: 'Right and wrong passwords, unknown and impossible users, IDs early and late, TLS.',
  host: 11,
  users: ['alice', 'bob'],
  async play(stage) {
    const { login, password } = stage.user('alice');

    const early = await stage.imap();
    await early.startTls();
    await early.ok(THUNDERBIRD);
    await early.login(login, password);
    await early.logout();

    const late = await stage.imapOf('bob');
    await late.ok('ID ("name" "K-9 Mail" "version" "6.8")');
    await late.ok('NOOP');
    await late.logout();

    const never = await stage.imap('office');
    await never.login(login.toUpperCase(), password);
    await never.logout();

    const mistaken = await stage.imap();
    await mistaken.run(`LOGIN ${login} wrong`);
    await mistaken.run(`LOGIN ${stage.at('ghost')} wrong`);
    await mistaken.run('LOGIN "gh/ost;x" wrong');
    await mistaken.login(login, password);
    await mistaken.logout();

    const stranger = await stage.imap('office');
    await stranger.run(`LOGIN ${login} 123456`);
    await stranger.logout();

    const undecided = await stage.imap();
    await undecided.abortSignIn();
    await undecided.logout();

    const sasl = await stage.imap();
    await sasl.authenticate('LOGIN', [login, password]);
    await sasl.logout();

    const pop3 = await stage.pop3();
    await pop3.startTls();
    await pop3.ok(`AUTH PLAIN ${plainResponse(login, password)}`);
    await pop3.quit();

    const wrongPop3 = await stage.pop3();
    await wrongPop3.ok(`USER ${login}`);
    await wrongPop3.run('PASS wrong');
    await wrongPop3.quit();

    const sieve = await stage.sieve();
    await sieve.run(`AUTHENTICATE "PLAIN" "${plainResponse(login, 'wrong')}"`);
    await sieve.ok(`AUTHENTICATE "PLAIN" "${plainResponse(login, password)}"`);
    await sieve.quit();
  },
};

/** The administrator opens other people's mailboxes. */
export const masterUser: Scenario = {
  name: 'master-user',
  about: 'A master user signs in for somebody, once with a wrong password, and reads and deletes.',
  host: 12,
  users: ['alice'],
  async play(stage) {
    const { login } = stage.user('alice');
    const master = stage.masterUser;
    stage.place('alice', 'INBOX', [
      `From: Carol <carol@partner.test>\nTo: ${login}\nSubject: Payslip\nMessage-ID: <m1@${stage.domain}>\n\nOne.\n`,
      `From: Carol <carol@partner.test>\nTo: ${login}\nSubject: Contract\nMessage-ID: <m2@${stage.domain}>\n\nTwo.\n`,
    ]);

    const wrong = await stage.imap('office');
    await wrong.run(`LOGIN "${login}*${master.login}" wrong`);
    await wrong.logout();

    const admin = await stage.imap('office');
    await admin.ok('ID ("name" "AdminTool" "version" "2")');
    await admin.login(`${login}*${master.login}`, master.password);
    await admin.ok('SELECT INBOX');
    await admin.ok('UID FETCH 1 (BODY.PEEK[])');
    await admin.ok('UID STORE 2 +FLAGS (\\Deleted)');
    await admin.ok('UID EXPUNGE 2');
    await admin.logout();

    const nobody = await stage.imap('office');
    await nobody.run(`LOGIN "${stage.at('ghost')}*${master.login}" ${master.password}`);
    await nobody.logout();
  },
};

/** Passwords that are no passwords. */
export const token: Scenario = {
  name: 'token',
  about: 'A personal access token by IMAP, POP3, ManageSieve and submission; and a revoked one.',
  host: 13,
  users: ['alice'],
  async play(stage) {
    const { login } = stage.user('alice');
    const { secret } = tokenOf(token, 'alice');
    stage.place('alice', 'INBOX', [
      `From: Carol <carol@partner.test>\nTo: ${login}\nSubject: Invoice\nMessage-ID: <t1@${stage.domain}>\n\nPay.\n`,
      `From: Carol <carol@partner.test>\nTo: ${login}\nSubject: Reminder\nMessage-ID: <t2@${stage.domain}>\n\nPay now.\n`,
    ]);

    const imap = await stage.imap();
    await imap.startTls();
    await imap.login(login, secret);
    await imap.ok('SELECT INBOX');
    await imap.ok('UID FETCH 1 (BODY[])');
    await imap.ok('UID MOVE 1 Trash');
    await imap.ok('UID STORE 2 +FLAGS (\\Deleted)');
    await imap.ok('EXPUNGE');
    await imap.logout();

    const revoked = await stage.imap();
    await revoked.run(`LOGIN ${login} token-of-yesterday`);
    await revoked.logout();

    const pop3 = await stage.pop3();
    await pop3.ok(`USER ${login}`);
    await pop3.ok(`PASS ${secret}`);
    await pop3.ok('STAT');
    await pop3.quit();

    const sieve = await stage.sieve();
    await sieve.ok(`AUTHENTICATE "PLAIN" "${plainResponse(login, secret)}"`);
    await sieve.quit();

    const smtp = await stage.smtp('submission');
    await smtp.startTls();
    await smtp.ok(`EHLO client.${stage.domain}`);
    await smtp.ok(`AUTH PLAIN ${plainResponse(login, secret)}`);
    await smtp.quit();
  },
};

/** What the access rules refuse. */
export const deniedByRule: Scenario = {
  name: 'denied-by-rule',
  about: 'A rule refuses sign-ins from abroad by each protocol, whatever the password.',
  host: 14,
  users: ['alice'],
  async play(stage) {
    const { login, password } = stage.user('alice');
    const imap = await stage.imap('abroad');
    await imap.run(`LOGIN ${login} ${password}`);
    await imap.run(`LOGIN ${login} wrong`);
    await imap.logout();

    const pop3 = await stage.pop3('abroad');
    await pop3.ok(`USER ${login}`);
    await pop3.run(`PASS ${password}`);
    await pop3.quit();

    const sieve = await stage.sieve('abroad');
    await sieve.run(`AUTHENTICATE "PLAIN" "${plainResponse(login, password)}"`);
    await sieve.quit();

    for (const service of ['submission', 'dovecotSubmission'] as const) {
      const smtp = await stage.smtp(service, 'abroad');
      await smtp.startTls();
      await smtp.ok(`EHLO client.${stage.domain}`);
      await smtp.run(`AUTH PLAIN ${plainResponse(login, password)}`);
      await smtp.quit();
    }
  },
};

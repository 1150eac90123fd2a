// Messages on their way: in, through Sieve, and out again.
import { tokenOf, type Scenario } from '../scenario.ts';
import { plainResponse } from '../clients/lines.ts';
import {
  PARTNER_DOMAIN,
  QUEUE_LIFETIME_S,
  REFUSING_DOMAIN,
  UNREACHABLE_DOMAIN,
} from '../servers.ts';
import { letter, type Stage } from '../stage.ts';
import { letterWithAttachment, plainLetter } from './letters.ts';

const CAROL = `carol@${PARTNER_DOMAIN}`;

/** Mail from outside. */
export const inbound: Scenario = {
  name: 'inbound',
  about: 'Messages from outside: for one, for a team, two in a connection, encoded, without an id.',
  host: 61,
  users: ['alice', 'bob'],
  async play(stage) {
    const [alice, bob] = [stage.at('alice'), stage.at('bob')];
    await stage.arrives({
      from: CAROL,
      to: [alice],
      message: letterWithAttachment(stage, { id: 'i1', to: 'alice', subject: 'With a file' }),
    });
    await stage.arrives({
      from: CAROL,
      to: [stage.at('team')],
      message: plainLetter(stage, { id: 'i2', to: 'team', subject: 'For the team' }),
    });
    const smtp = await stage.smtp('mx', 'office');
    for (const id of ['i3', 'i4']) {
      const message = plainLetter(stage, {
        id,
        to: 'alice',
        subject: '=?UTF-8?Q?Gr=C3=BC=C3=9Fe?= aus =?UTF-8?B?TcO8bmNoZW4=?=',
        from: '=?UTF-8?Q?J=C3=BCrgen?= <carol@partner.test>',
      });
      await stage.untilRemoved(
        await stage.handIn(smtp, { from: CAROL, to: [alice, bob], message }),
      );
    }
    await smtp.quit();
    await stage.arrives({
      from: '',
      to: [alice],
      message: letter({ Subject: 'No id, no sender' }),
    });
    await stage.sendmail(
      alice,
      [bob],
      letter({ From: alice, To: bob, Subject: 'From cron', 'Message-ID': `<i6@${stage.domain}>` }),
    );
    const pickup = await stage.untilLogged(new RegExp(`: (\\w+): message-id=<i6@${stage.domain}>`));
    await stage.untilRemoved(pickup[1] ?? '');
  },
};

/** Mail that is not taken. */
export const rejected: Scenario = {
  name: 'rejected',
  about: 'Unknown recipients, relaying, too much text, RSET and a broken connection in DATA.',
  host: 62,
  users: ['alice'],
  async play(stage) {
    const alice = stage.at('alice');
    const smtp = await stage.smtp('mx', 'office');
    await smtp.ok(`MAIL FROM:<${CAROL}>`);
    await smtp.run(`RCPT TO:<${stage.at('ghost')}>`);
    await smtp.run(`RCPT TO:<somebody@elsewhere.test>`);
    await smtp.ok(`RCPT TO:<${alice}>`);
    await smtp.run(`RCPT TO:<${stage.at('ghost2')}>`);
    await smtp.ok('RSET');
    await smtp.run(`MAIL FROM:<${CAROL}> SIZE=99999999`);
    await smtp.quit();

    const broken = await stage.smtp('mx', 'office');
    await broken.ok(`MAIL FROM:<${CAROL}>`);
    await broken.ok(`RCPT TO:<${alice}>`);
    await broken.ok('DATA');
    await broken.sendOnly('Subject: never ends\r\n');
    broken.breakOff();
    await stage.untilLogged(
      new RegExp(`lost connection after DATA .*\\[${stage.address('office')}\\]`),
    );
  },
};

/** What Sieve scripts do with a message. */
export const sieveActions: Scenario = {
  name: 'sieve-actions',
  about: 'Scripts keep, file, redirect, discard, reject and answer what arrives.',
  host: 63,
  users: ['alice', 'bob'],
  async play(stage) {
    const script = `require ["fileinto", "mailbox", "reject", "vacation", "copy", "imap4flags"];
if header :contains "subject" "hide" { fileinto :create "Hidden"; }
elsif header :contains "subject" "forward" { redirect "${CAROL}"; }
elsif header :contains "subject" "copy" { redirect :copy "${stage.at('bob')}"; }
elsif header :contains "subject" "drop" { discard; }
elsif header :contains "subject" "refuse" { reject "No, thank you."; }
elsif header :contains "subject" "both" { fileinto :create "One"; fileinto :create "Two"; }
elsif header :contains "subject" "away" { vacation :days 1 :subject "Away" "I am away."; }
elsif header :contains "subject" "mark" { setflag "\\\\Seen"; keep; }
`;
    const sieve = await stage.sieveOf('alice');
    await sieve.ok(`PUTSCRIPT "rules" {${Buffer.byteLength(script)}+}\r\n${script}`);
    await sieve.ok('SETACTIVE "rules"');
    await sieve.quit();
    const subjects = ['plain', 'hide', 'forward', 'copy', 'drop', 'refuse', 'both', 'away', 'mark'];
    for (const subject of subjects) {
      await stage.arrives({
        from: CAROL,
        to: [stage.at('alice')],
        message: plainLetter(stage, { id: subject, to: 'alice', subject: `Please ${subject}` }),
      });
    }
    // What the scripts sent goes through Postfix as well.
    const sent = new RegExp(`to=<${CAROL}>, .*status=sent`, 'g');
    await stage.untilLogged(new RegExp(`(?:[^]*?${sent.source}){3}`));
    await stage.untilLogged(new RegExp(`to=<${stage.at('bob')}>, .*status=sent`));
  },
};

/** Hands in one message as a user. */
async function submits(
  stage: Stage,
  to: readonly string[],
  id: string,
  subject: string,
): Promise<string> {
  const smtp = await stage.submissionOf('alice');
  const alice = stage.at('alice');
  const message = letter({
    From: alice,
    To: to.join(', '),
    Subject: subject,
    'Message-ID': `<${id}@${stage.domain}>`,
  });
  const queueId = await stage.handIn(smtp, { from: alice, to, message });
  await smtp.quit();
  return queueId;
}

/** Mail to the outside, by Postfix. */
export const submission: Scenario = {
  name: 'submission',
  about:
    'Submitted by Postfix: sent, to several, two in a connection, with a token, given up, refused.',
  host: 64,
  users: ['alice', 'bob'],
  async play(stage) {
    const alice = stage.at('alice');
    await stage.untilRemoved(await submits(stage, [CAROL], 'u1', 'Sent'));
    await stage.untilRemoved(await submits(stage, [CAROL, stage.at('bob')], 'u2', 'To two'));

    const twice = await stage.submissionOf('alice');
    for (const id of ['u3', 'u4']) {
      const message = letter({
        From: alice,
        To: CAROL,
        Subject: id,
        'Message-ID': `<${id}@${stage.domain}>`,
      });
      await stage.untilRemoved(await stage.handIn(twice, { from: alice, to: [CAROL], message }));
    }
    await twice.quit();

    const smtp = await stage.smtp('submission');
    await smtp.startTls();
    await smtp.ok('EHLO phone');
    await smtp.ok(`AUTH PLAIN ${plainResponse(alice, tokenOf(submission, 'alice').secret)}`);
    const message = letter({
      From: alice,
      To: CAROL,
      Subject: 'By token',
      'Message-ID': `<u5@${stage.domain}>`,
    });
    await stage.untilRemoved(await stage.handIn(smtp, { from: alice, to: [CAROL], message }));
    await smtp.quit();

    const undone = await stage.submissionOf('alice');
    await undone.ok(`MAIL FROM:<${alice}>`);
    await undone.ok(`RCPT TO:<${CAROL}>`);
    await undone.ok('RSET');
    await undone.quit();

    const broken = await stage.submissionOf('alice');
    await broken.ok(`MAIL FROM:<${alice}>`);
    await broken.ok(`RCPT TO:<${CAROL}>`);
    await broken.ok('DATA');
    await broken.sendOnly('Subject: never ends\r\n');
    broken.breakOff();
    await stage.untilLogged(
      new RegExp(`lost connection after DATA .*\\[${stage.address('home')}\\]`),
    );

    const wrong = await stage.smtp('submission', 'office');
    await wrong.startTls();
    await wrong.ok('EHLO client');
    await wrong.run(`AUTH PLAIN ${plainResponse(alice, 'wrong')}`);
    await wrong.run(`AUTH PLAIN ${plainResponse(stage.at('ghost'), 'wrong')}`);
    await wrong.run(`MAIL FROM:<${alice}>`);
    await wrong.run(`RCPT TO:<${CAROL}>`);
    await wrong.quit();
  },
};

/** Mail that does not get through. */
export const undeliverable: Scenario = {
  name: 'undeliverable',
  about: 'Refused by the other server, not reached and tried again, and given up after its time.',
  host: 65,
  users: ['alice'],
  async play(stage) {
    const refused = await submits(stage, [`nobody@${REFUSING_DOMAIN}`], 'w1', 'Refused');
    await stage.untilRemoved(refused);
    const late = await submits(stage, [`carol@${UNREACHABLE_DOMAIN}`], 'w2', 'Not reached');
    await stage.untilLogged(new RegExp(`${late}: .*status=deferred`));
    await new Promise((resolve) => setTimeout(resolve, (QUEUE_LIFETIME_S + 1) * 1_000));
    await stage.retry(late);
    await stage.untilRemoved(late);
    // The notices of both arrive.
    await stage.untilLogged(
      new RegExp(`(?:[^]*?from=<>[^]*?to=<${stage.at('alice')}>, .*status=sent){2}`),
    );
  },
};

/** Mail to the outside, by Dovecot. */
export const dovecotSubmission: Scenario = {
  name: 'dovecot-submission',
  about: 'Submitted by Dovecot: sent, taken back, refused, and broken off.',
  host: 66,
  users: ['alice'],
  async play(stage) {
    const alice = stage.at('alice');
    const smtp = await stage.submissionOf('alice', 'dovecotSubmission');
    const message = letter({
      From: alice,
      To: CAROL,
      Subject: 'Sent',
      'Message-ID': `<x1@${stage.domain}>`,
    });
    await stage.handIn(smtp, { from: alice, to: [CAROL, `dave@${PARTNER_DOMAIN}`], message });
    await smtp.ok(`MAIL FROM:<${alice}>`);
    await smtp.ok(`RCPT TO:<${CAROL}>`);
    await smtp.ok('RSET');
    await smtp.quit();
    const broken = await stage.submissionOf('alice', 'dovecotSubmission');
    await broken.ok(`MAIL FROM:<${alice}>`);
    await broken.ok(`RCPT TO:<${CAROL}>`);
    await broken.ok('DATA');
    await broken.sendOnly('Subject: never ends\r\n');
    broken.breakOff();
    const wrong = await stage.smtp('dovecotSubmission');
    await wrong.startTls();
    await wrong.ok('EHLO client');
    await wrong.run(`AUTH PLAIN ${plainResponse(alice, 'wrong')}`);
    await wrong.quit();
  },
};

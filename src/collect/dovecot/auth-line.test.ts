// The text lines that tell of sign-ins, as Dovecot 2.3.19 writes them, and what strangers make of them.
import { describe, expect, test } from 'vitest';
import { agentLine, parseAuthLine } from './auth-line.ts';

const NOW_MS = Date.parse('2026-11-23T10:00:00Z');
const parse = (text: string): unknown =>
  parseAuthLine(Buffer.from(`2026-11-23T09:21:13+0000 ${text}`), NOW_MS);

describe('failures', () => {
  test.each([
    ['passwd-file(al@x.test,192.0.2.1,<S/1>): Password mismatch', 'password_mismatch', 'al@x.test'],
    ['passwd-file(al@x.test,2001:db8::1,<S/1>): unknown user', 'user_unknown', 'al@x.test'],
    [
      'plain(?,192.0.2.1,<S/1>): Username character disallowed by auth_username_chars: 0x2f (username: a/b)',
      'username_disallowed',
      'a/b',
    ],
  ])('%s', (text, result, user) => {
    expect(parse(`auth: Info: ${text}`)).toMatchObject({
      kind: 'failure',
      timeMs: Date.parse('2026-11-23T09:21:13Z'),
      session: 'S/1',
      master: false,
      result,
      user,
    });
  });

  test('of a worker, by the name of its database', () => {
    const line =
      'auth-worker(19983): Info: conn unix:auth-worker (pid=19849,uid=103): auth-worker<1>: pat(al@x.test,192.0.2.1,<S1>): Password mismatch';
    expect(parse(line)).toMatchObject({ by: 'pat', user: 'al@x.test', session: 'S1' });
  });

  test('of a master user, and of who asks from outside', () => {
    expect(
      parse('auth: Info: passwd-file(admin,192.0.2.1,master,<S1>): Password mismatch'),
    ).toMatchObject({ master: true, user: 'admin' });
    expect(parse('auth: Info: passwd-file(al@x.test,192.0.2.1): Password mismatch')).toMatchObject({
      session: undefined,
    });
  });

  test('a refusal says what the client was told', () => {
    expect(
      parse(
        'auth: Info: policy(al@x.test,192.0.2.1,<S1>): Authentication failure due to policy server refusal: Denied by access control rule R: 1',
      ),
    ).toMatchObject({ result: 'policy_refused', refusal: 'Denied by access control rule R: 1' });
  });

  test('in syslog, too', () => {
    const line =
      'Nov 23 09:21:13 mx dovecot[12]: auth: passwd-file(al@x.test,192.0.2.1,<S1>): unknown user';
    expect(parseAuthLine(Buffer.from(line), NOW_MS)).toMatchObject({ result: 'user_unknown' });
  });

  test.each([
    'auth: Info: policy(al@x.test,192.0.2.1,<S1>): Policy check action is drop connection',
    'auth: Info: Master user logging in as al@x.test',
    'auth: Info: passwd-file(x,9.9.9.9,<F>): Password mismatch,192.0.2.1,<S1>): something else',
    'imap(al)<1><S1>: Info: auth: Info: passwd-file(x,9.9.9.9,<F>): Password mismatch',
    'imap(al)<1><S1>: Info: save: box=INBOX, subject=auth: Info: passwd-file(x,9.9.9.9,<F>): unknown user',
    'no line of ours',
  ])('not one: %s', (text) => {
    expect(parse(text)).toSatisfy(
      (line: { user?: string; session?: string } | undefined) =>
        line === undefined || line.session !== 'S1',
    );
  });

  test('a name in a disallowed one is quoted whole, and no more than that', () => {
    const name = 'alice,1.2.3.4,<AAAA>): Password mismatch';
    expect(
      parse(
        `auth: Info: plain(?,192.0.2.1,<S1>): Username character disallowed by auth_username_chars: 0x2c (username: ${name})`,
      ),
    ).toMatchObject({ user: name, session: 'S1', ip: '192.0.2.1', result: 'username_disallowed' });
  });
});

describe('login processes', () => {
  test('a login, with the elements that we print', () => {
    expect(
      parse(
        'imap-login: Info: Login: user=<al@x.test>, orig=<AL@x.test>, method=PLAIN, rip=192.0.2.1, rport=53722, lip=192.0.2.2, lport=143, mpid=1, TLS, pat=<pat_1>, session=<S1>',
      ),
    ).toEqual({
      kind: 'login',
      timeMs: Date.parse('2026-11-23T09:21:13Z'),
      service: 'imap',
      user: 'al@x.test',
      userTyped: 'AL@x.test',
      mechanism: 'PLAIN',
      ip: '192.0.2.1',
      port: 53_722,
      session: 'S1',
      transport: 'TLS',
      patId: 'pat_1',
      attempts: 0,
    });
  });

  test('a login, with the default elements', () => {
    expect(
      parse(
        'pop3-login: Info: Login: user=<al>, method=PLAIN, rip=192.0.2.1, lip=192.0.2.2, mpid=1, session=<S1>',
      ),
    ).toMatchObject({
      service: 'pop3',
      user: 'al',
      userTyped: 'al',
      transport: 'insecure',
      port: undefined,
      patId: undefined,
    });
  });

  test.each([
    ['Disconnected: Aborted login by logging out (auth failed, 2 attempts in 1 secs)', 2],
    ['Disconnected: Connection closed (authorization failed, 1 attempts in 0 secs)', 1],
    ['Disconnected: Aborted login by logging out (no auth attempts in 0 secs)', 0],
    ["Disconnected: Connection closed (client didn't finish SASL auth, waited 0 secs)", 0],
  ])('%s', (ended, attempts) => {
    expect(
      parse(
        `imap-login: Info: ${ended}: user=<al>, method=PLAIN, rip=192.0.2.1, lip=192.0.2.2, session=<S1>`,
      ),
    ).toMatchObject({ kind: 'gone', attempts, session: 'S1', user: 'al' });
  });

  test('a forged name changes neither address nor session', () => {
    const name = 'x>, method=FORGED, rip=9.9.9.9, rport=1, TLS, pat=<p>, session=<FORGED>';
    expect(
      parse(
        `imap-login: Info: Disconnected: Aborted login by logging out (auth failed, 1 attempts in 0 secs): user=<${name}>, orig=<${name}>, method=PLAIN, rip=192.0.2.1, rport=7, lip=192.0.2.2, lport=143, secured, pat=<>, session=<S1>`,
      ),
    ).toMatchObject({ mechanism: 'PLAIN', ip: '192.0.2.1', port: 7, session: 'S1', attempts: 1 });
  });
});

test('what the client is', () => {
  expect(agentLine('S1', 'ID sent: name=K-9 Mail, version=6.8, vendor=x')).toEqual({
    kind: 'agent',
    session: 'S1',
    userAgent: 'K-9 Mail/6.8',
  });
  expect(
    parse('imap-login: Info: ID sent: name=T, version=1: user=<>, rip=192.0.2.1, session=<S2>'),
  ).toMatchObject({ session: 'S2', userAgent: 'T/1' });
});

describe('as Dovecot 2.4 writes them', () => {
  test('failures, with the attempt in front of the level', () => {
    expect(
      parse('auth(al@x.test,192.0.2.1,sasl:plain)<S/1>: Info: users: Password mismatch'),
    ).toEqual({
      kind: 'failure',
      timeMs: Date.parse('2026-11-23T09:21:13Z'),
      by: 'users',
      user: 'al@x.test',
      ip: '192.0.2.1',
      master: false,
      session: 'S/1',
      mechanism: 'PLAIN',
      result: 'password_mismatch',
      refusal: undefined,
    });
    expect(
      parse('auth(admin,2001:db8::1,sasl:login,master)<S1>: Info: masters: Password mismatch'),
    ).toMatchObject({ master: true, user: 'admin', mechanism: 'LOGIN' });
    expect(parse('auth(al@x.test,192.0.2.1,sasl:plain): Info: users: unknown user')).toMatchObject({
      session: undefined,
      result: 'user_unknown',
    });
    const disallowed =
      'plain: Username character disallowed by auth_username_chars: 0xc3 (username: bo\u00e9b x)';
    expect(parse(`auth(?,192.0.2.1,sasl:plain)<S1>: Info: ${disallowed}`)).toMatchObject({
      result: 'username_disallowed',
      user: 'bo\u00e9b x',
    });
    const refused =
      'policy: Authentication failure due to policy server refusal: Denied by access control rule R: 1';
    expect(parse(`auth(al@x.test,192.0.2.1,sasl:plain)<S1>: Info: ${refused}`)).toMatchObject({
      by: 'policy',
      result: 'policy_refused',
      refusal: 'Denied by access control rule R: 1',
    });
  });

  test.each([
    'auth(al@x.test,192.0.2.1,sasl:plain)<S1>: Info: policy: Policy check action is drop connection',
    'auth(admin,192.0.2.1,sasl:plain,master)<S1>: Info: Master user logging in as al@x.test',
    'imap(auth(al@x.test,192.0.2.1,sasl:plain)<S1>: Info: users: Password mismatch',
  ])('other lines tell of no failure: %s', (text) => {
    expect(parse(text)).toBeUndefined();
  });

  test('logins and aborted logins', () => {
    const elements =
      'user=<al@x.test>, orig=<admin>, method=PLAIN, rip=192.0.2.1, rport=40776, lip=192.0.2.9, lport=143';
    expect(
      parse(`imap-login: Info: Logged in: ${elements}, mpid=9, secured, pat=<T1>, session=<S1>`),
    ).toMatchObject({
      kind: 'login',
      user: 'al@x.test',
      userTyped: 'admin',
      patId: 'T1',
      transport: 'secured',
      session: 'S1',
    });
    expect(
      parse(
        `imap-login: Info: Login aborted: Logged out (auth failed, 2 attempts in 0 secs) (auth_failed): ${elements}, session=<S1>`,
      ),
    ).toMatchObject({ kind: 'gone', attempts: 2, mechanism: 'PLAIN', session: 'S1' });
    expect(
      parse(
        'imap-login: Info: Login aborted: Logged out (no auth attempts in 0 secs) (no_auth_attempts): user=<>, rip=192.0.2.1, session=<S1>',
      ),
    ).toMatchObject({ kind: 'gone', user: '', attempts: 0 });
  });
});

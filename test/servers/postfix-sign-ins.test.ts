// Sign-ins by SMTP, told once whoever can tell of them: Dovecot's log, its policy reports, or where neither
// is there Postfix's log; and joined with the message that was handed in.
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import {
  startServer,
  temporaryDirectory,
  until,
  type RunningServer,
} from '../e2e/running-server.ts';
import { SignInRefused } from './clients/account.ts';
import { sendLetter } from './clients/smtp.ts';
import { mailLogPaths, mailServersDirectory, startMailServers } from './mail-servers.ts';
import { NORDLYS, userNamed } from './organization.ts';

const ALICE = userNamed(NORDLYS, 'alice');
const WAIT_MS = 20_000;
/** More than any join waits, in ms: what might be told twice is told by then. */
const QUIET_MS = 3_000;

const ending: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  while (ending.length > 0) await ending.pop()?.();
});

interface Told {
  readonly signIns: readonly Record<string, string>[];
  readonly submitted: readonly Record<string, string>[];
}

async function toldBy(server: RunningServer): Promise<Told> {
  const ask = (query: string, group: string): Promise<Record<string, string>[]> =>
    server.query(query, { logGroups: [`/mailtrail/default/${group}`] });
  return {
    signIns: await ask(
      'fields request_id, auth_successful, auth_failed_reason | sort @timestamp',
      'authentication',
    ),
    submitted: await ask(
      'fields request_id, sign_in_id | filter event.eventName = "OUTGOING_EMAIL_SUBMITTED"',
      'email-events',
    ),
  };
}

/** A wrong password and a right one, with a message; what was told of them when nothing more comes. */
async function toldOf(hears: 'Dovecot too' | 'Postfix alone' | 'the reports too'): Promise<Told> {
  const directory = mailServersDirectory('mailtrail-sign-ins-');
  const logs = mailLogPaths(directory);
  const data = temporaryDirectory();
  ending.push(() => data.remove());
  const dovecotLog = hears === 'Dovecot too' ? logs.dovecot : join(directory, 'not-there.log');
  const server = await startServer(data.path, {
    arguments: ['--dovecot-log', dovecotLog, '--postfix-log', logs.postfix],
  });
  ending.push(() => server.stop());
  const endpoint = { policyUrl: `${server.url}/dovecot/policy`, bearerToken: server.token };
  const servers = await startMailServers({
    directory,
    ...(hears === 'the reports too' && { endpoint }),
  });
  ending.push(() => servers.stop());
  const { certificateFile, postfix } = servers;
  const submission = { port: postfix.ports.submission, certificateFile };
  const letter = {
    from: ALICE.login,
    to: ['customer@outside.example'],
    subject: 'x',
    text: 'x',
  };
  const wrong = { ...ALICE, password: 'wrong' };
  await expect(sendLetter(submission, letter, wrong)).rejects.toThrow(SignInRefused);
  await sendLetter(submission, letter, ALICE);
  let found: Told | undefined;
  await until(
    async () => {
      found = await toldBy(server);
      return found.signIns.length >= 2 && found.submitted.length > 0 ? true : undefined;
    },
    WAIT_MS,
    () => `too little was told: ${JSON.stringify(found)}\n${server.log()}`,
  );
  const quietAtMs = Date.now() + QUIET_MS;
  await until(
    () => (Date.now() >= quietAtMs ? true : undefined),
    2 * QUIET_MS,
    () => 'the clock stands',
  );
  return toldBy(server);
}

test.each(['Dovecot too', 'Postfix alone', 'the reports too'] as const)(
  'where Mailtrail hears %s, each is told once',
  async (hears) => {
    const { signIns, submitted } = await toldOf(hears);
    expect(signIns).toHaveLength(2);
    const [failed] = signIns.filter((row) => row['auth_failed_reason'] !== undefined);
    const [succeeded] = signIns.filter((row) => row['auth_failed_reason'] === undefined);
    expect(failed).toMatchObject({ auth_failed_reason: 'Invalid username or password' });
    expect(submitted).toHaveLength(1);
    expect(submitted[0]?.['sign_in_id']).toBe(submitted[0]?.['request_id']);
    // A report alone hears no queue id: it has an id of its own.
    if (hears !== 'the reports too') {
      expect(succeeded?.['request_id']).toBe(submitted[0]?.['request_id']);
    }
  },
);

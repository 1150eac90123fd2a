// POP3 through mpop, a mail retrieval program from Debian: STLS, USER/PASS, UIDL, RETR.
import { readFileSync } from 'node:fs';
import { SignInRefused, type Account, type Endpoint } from './account.ts';
import { runProgram, withFiles } from './program.ts';

/** sysexits.h: the server did not take the password. */
const EX_NOPERM = 77;

/**
 * Fetches all messages and leaves them on the server; how many there were. Rejects with
 * SignInRefused when the server does not take the password.
 */
export function fetchByPop3(endpoint: Endpoint, account: Account): Promise<number> {
  return withFiles({ password: account.password, mbox: '', uidls: '' }, async (path) => {
    const args = [
      '--file=/dev/null',
      '--host=127.0.0.1',
      `--port=${endpoint.port}`,
      '--auth=user',
      `--user=${account.login}`,
      `--passwordeval=cat '${path('password')}'`,
      '--tls=on',
      '--tls-starttls=on',
      `--tls-trust-file=${endpoint.certificateFile}`,
      `--delivery=mbox,${path('mbox')}`,
      `--uidls-file=${path('uidls')}`,
      '--keep=on',
      '--only-new=off',
      '--received-header=off',
    ];
    const { code, output } = await runProgram('mpop', args, '');
    if (code === EX_NOPERM) throw new SignInRefused(output.trim());
    if (code !== 0) throw new Error(`mpop ended with code ${code}: ${output}`);
    return readFileSync(path('mbox'), 'utf8').match(/^From /gm)?.length ?? 0;
  });
}

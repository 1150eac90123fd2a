// ManageSieve through sieve-connect, an administrators' client from Debian: STARTTLS, AUTHENTICATE,
// PUTSCRIPT, SETACTIVE.
import { SignInRefused, type Account, type Endpoint } from './account.ts';
import { runProgram, withFiles } from './program.ts';

/**
 * Uploads a script and makes it the active one. Rejects with SignInRefused when the server does not
 * take the password.
 */
export function activateScript(
  endpoint: Endpoint,
  account: Account,
  name: string,
  script: string,
): Promise<void> {
  return withFiles({ script }, (path) =>
    withFiles({ commands: `upload ${path('script')} ${name}\nactivate ${name}\nquit\n` }, (list) =>
      connect(endpoint, account, list('commands')),
    ),
  );
}

async function connect(endpoint: Endpoint, account: Account, commands: string): Promise<void> {
  const args = [
    '--server',
    '127.0.0.1',
    '--port',
    String(endpoint.port),
    '--user',
    account.login,
    '--tlscafile',
    endpoint.certificateFile,
    '--tlshostname',
    'localhost',
    '--authmech',
    'PLAIN',
    '--passwordfd',
    '0',
    '--exec',
    commands,
  ];
  const { code, output } = await runProgram('sieve-connect', args, `${account.password}\n`);
  if (/authentication (refused|failed)/i.test(output)) throw new SignInRefused(output.trim());
  if (code !== 0) throw new Error(`sieve-connect ended with code ${code}: ${output}`);
}

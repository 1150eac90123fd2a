// `mailtrail print-config`: what Dovecot or Postfix must be told, complete with this
// installation's values, so that it can be written where it belongs.
import { resolve } from 'node:path';
import {
  credentialsPath,
  CredentialsError,
  readCredentials,
  type Credentials,
} from '../config/credentials.ts';
import type { Config } from '../config/schema.ts';
import { CliError } from './cli-error.ts';
import type { Call } from './command.ts';
import { requireConfiguration } from './configuration.ts';
import { systemHost } from './doctor/host.ts';
import { foundVersion, namedVersion, type DovecotVersion } from './dovecot-version.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import {
  dovecotValues,
  exporterValues,
  HIDDEN_SECRETS,
  mailServerConfiguration,
  ownUrl,
  postfixValues,
  type TemplateName,
  type TemplateValues,
} from './mail-server-templates.ts';

/** The administrator's; the token is that of `--credentials` where it is given. */
async function wantedCredentials(call: Call, config: Config): Promise<Credentials> {
  const named = call.options.text('credentials');
  try {
    const own = await readCredentials(credentialsPath(config.data));
    if (named === undefined) return own;
    const { bearerToken } = await readCredentials(resolve(call.world.cwd, named));
    if (bearerToken !== undefined) return { ...own, bearerToken };
    const message = `${named}: expected bearer_token, which Dovecot needs; use what "mailtrail keys create" printed`;
    throw new CliError(EXIT.permission, message);
  } catch (error) {
    if (!(error instanceof CredentialsError)) throw error;
    const advice =
      error.code === 'missing' ? '; start it once, or name its data directory with --data' : '';
    throw new CliError(EXIT.permission, error.message + advice, { cause: error });
  }
}

/** The version asked for, else that of this host; an assumption is said on stderr. */
async function wantedVersion(call: Call): Promise<DovecotVersion> {
  const named = namedVersion(call.options.text('dovecot-version') ?? '');
  if (named !== undefined) return named;
  const { version, assumed } = await foundVersion(systemHost);
  if (assumed !== undefined) {
    await call.world.stderr.write(
      `${assumed}, so this is for Dovecot ${version}; say another with --dovecot-version\n`,
    );
  }
  return version;
}

/** Prints the configuration; secrets only where nobody looks over a shoulder. */
export async function run(call: Call): Promise<ExitCode> {
  const { stdout, stderr, readFile } = call.world;
  const server = call.arguments[0] === 'postfix' ? 'postfix' : 'dovecot';
  const { config } = requireConfiguration(call);
  const hide = stdout.isTerminal && !call.options.on('show-secrets');
  let template: TemplateName = server;
  let values: TemplateValues;
  if (server === 'postfix') values = postfixValues(config);
  else {
    const endpoint = call.options.text('endpoint-url') ?? ownUrl(config);
    values = dovecotValues(config, await wantedCredentials(call, config), endpoint);
    if ((await wantedVersion(call)) === '2.4') {
      template = 'dovecot-2.4';
      values = { ...values, ...exporterValues(config) };
    }
    if (hide) values = { ...values, ...HIDDEN_SECRETS };
  }
  await stdout.write(mailServerConfiguration(template, values, readFile));
  if (hide && server === 'dovecot') {
    await stderr.write(
      'The token and the nonce are shown as ***: write it to a file (> /etc/dovecot/conf.d/99-mailtrail.conf, mode 0600), or use --show-secrets.\n',
    );
  }
  return EXIT.ok;
}

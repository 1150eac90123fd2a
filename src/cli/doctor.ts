// `mailtrail doctor`: looks at everything that has to be right and says what to do where it is not.
import { credentialsPath, CredentialsError, readCredentials } from '../config/credentials.ts';
import { formatProblem } from '../config/raw-tree.ts';
import type { Config } from '../config/schema.ts';
import { endpointOf } from './api-client.ts';
import { CliError } from './cli-error.ts';
import type { Call } from './command.ts';
import { readConfiguration } from './configuration.ts';
import { area, type Check, type CheckStatus } from './doctor/check.ts';
import { dovecotChecks } from './doctor/dovecot-checks.ts';
import { clockChecks, dataChecks, logChecks, versionChecks } from './doctor/host-checks.ts';
import { systemHost, type Host } from './doctor/host.ts';
import { lossText } from './doctor/losses.ts';
import { postfixChecks } from './doctor/postfix-checks.ts';
import { serverChecks } from './doctor/server-checks.ts';
import { escapeForTerminal, safeJson } from './escape.ts';
import type { DovecotVersion } from './dovecot-version.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import {
  dovecotValues,
  exporterValues,
  HIDDEN_SECRETS,
  mailServerConfiguration,
  milterValues,
  ownUrl,
  policyValues,
  postfixValues,
  type TemplateName,
  type TemplateValues,
} from './mail-server-templates.ts';
import { paintFor, type Paint, type Style } from './style.ts';

const MARKS: Readonly<Record<CheckStatus, readonly [mark: string, style: Style]>> = {
  ok: ['✓', 'green'],
  warn: ['⚠', 'yellow'],
  fail: ['✗', 'red'],
  skip: ['–', 'dim'],
};

/** Values for what cannot be known yet, so that a snippet still has all its lines. */
const UNKNOWN: TemplateValues = {
  ...policyValues(undefined, 'allow'),
  ...milterValues(undefined),
  mailLog: '/var/log/mail.log',
  mailLogDirectory: '/var/log',
};

/** Dovecot's template with the real token, which is compared and never printed, if it is readable. */
async function dovecotTemplate(
  call: Call,
  config: Config,
  version: DovecotVersion,
): Promise<string> {
  const file = credentialsPath(config.data);
  const unknown = { accessKeyId: '', secretAccessKey: '', bearerToken: HIDDEN_SECRETS.bearerToken };
  const credentials = await readCredentials(file).catch((error: unknown) => {
    if (error instanceof CredentialsError) return unknown;
    throw error;
  });
  const endpoint = call.options.text('endpoint-url') ?? ownUrl(config);
  const logs =
    config.dovecot.logs.length > 0 ? config.dovecot.logs : ['/var/log/dovecot-audit.log'];
  const logging = { ...config, dovecot: { ...config.dovecot, logs } };
  const values = dovecotValues(logging, credentials, endpoint);
  if (version === '2.3') return fill(call, 'dovecot', values);
  return fill(call, 'dovecot-2.4', { ...values, ...exporterValues(logging) });
}

function postfixTemplate(call: Call, config: Config): string {
  try {
    return fill(call, 'postfix', postfixValues(config));
  } catch (error) {
    if (error instanceof CliError) return fill(call, 'postfix', UNKNOWN);
    throw error;
  }
}

function fill(call: Call, server: TemplateName, values: TemplateValues): string {
  return mailServerConfiguration(server, values, call.world.readFile);
}

/** Secrets are compared, and then hidden in what is printed. */
function withoutSecrets(check: Check): Check {
  if (check.snippet === undefined) return check;
  const snippet = check.snippet
    .replaceAll(/^(auth_policy_server_api_header = Authorization: Bearer ).*$/gm, '$1***')
    .replaceAll(/^(auth_policy_hash_nonce = ).*$/gm, '$1***');
  return { ...check, snippet };
}

/** Whether the server takes the token: what it may not is refused with another status. */
async function tokenOpens(call: Call, token: string): Promise<boolean> {
  try {
    const url = new URL('v1/groups', endpointOf(call));
    const headers = { authorization: `Bearer ${token}` };
    const { status } = await call.world.fetch(url, { headers, signal: call.signal });
    return status === 200 || status === 403;
  } catch {
    return false;
  }
}

async function installationChecks(call: Call, host: Host, config: Config): Promise<Check[]> {
  const nowMs = call.world.clock.now();
  const areas = [
    await dataChecks(host, config, call.world.uid, nowMs),
    await logChecks(host, config, nowMs),
    await dovecotChecks(
      host,
      config,
      (version) => dovecotTemplate(call, config, version),
      (token) => tokenOpens(call, token),
    ),
    await postfixChecks(host, config, postfixTemplate(call, config)),
  ];
  return areas.flat().map(withoutSecrets);
}

/** Makes all checks. */
export async function allChecks(call: Call, host: Host): Promise<readonly Check[]> {
  const checks = [...versionChecks(host), ...clockChecks(call.world.clock.now())];
  const configuration = area('configuration');
  const result = readConfiguration(call);
  if (result.ok) {
    checks.push(configuration.ok(result.file ?? 'none, so the defaults'));
    checks.push(...(await installationChecks(call, host, result.config)));
  } else {
    const remedy = 'correct it; mailtrail config check says when it is right';
    const problems = result.problems.map(formatProblem);
    checks.push(...problems.map((problem) => configuration.fail(problem, remedy)));
  }
  return [...checks, ...(await serverChecks(call))];
}

function checkText({ area, status, message, remedy, snippet, lost }: Check, paint: Paint): string {
  const [mark, style] = MARKS[status];
  const lines = [`${paint(mark, style)} ${area}: ${escapeForTerminal(message)}`];
  lines.push(...(lost ?? []).map((loss) => `    not told: ${lossText(loss)}`));
  if (remedy !== undefined) lines.push(`    → ${escapeForTerminal(remedy)}`);
  if (snippet !== undefined) {
    lines.push('', ...snippet.split('\n').map((line) => `      ${escapeForTerminal(line)}`), '');
  }
  return `${lines.join('\n')}\n`;
}

/** Runs all checks on a host; the command's own `run` takes the machine it is on. */
export async function examine(call: Call, host: Host): Promise<ExitCode> {
  const { stdout, stderr } = call.world;
  const checks = await allChecks(call, host);
  const count = (status: CheckStatus): number =>
    checks.filter((check) => check.status === status).length;
  if (call.options.text('output') === 'json') {
    await stdout.write(`[\n${checks.map((check) => `  ${safeJson(check)}`).join(',\n')}\n]\n`);
  } else {
    const paint = paintFor(call, stdout);
    for (const check of checks) await stdout.write(checkText(check, paint));
    await stderr.write(`${count('ok')} ✓, ${count('warn')} ⚠, ${count('fail')} ✗\n`);
  }
  return count('fail') > 0 ? EXIT.failure : EXIT.ok;
}

/** Examines this machine; ends with 1 if something fails. */
export function run(call: Call): Promise<ExitCode> {
  return examine(call, systemHost);
}

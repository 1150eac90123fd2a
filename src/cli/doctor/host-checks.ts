// Versions, clock, data directory, key, disk and log files of this host.
import { dirname } from 'node:path';
import { credentialsPath, exposureOf } from '../../config/credentials.ts';
import { DAY_MS, formatDuration, formatSize } from '../../config/quantity.ts';
import type { Config } from '../../config/schema.ts';
import { wordsOf } from '../cli-error.ts';
import { area, type Check } from './check.ts';
import type { FileFacts, Host } from './host.ts';

/** package.json's `engines`. */
const NODE_MIN: readonly [major: number, minor: number] = [20, 19];
/** The release of the first version: a clock before it is wrong. */
const CLOCK_MIN_MS = Date.UTC(2025, 0, 1);
/** A clock after it is wrong too, or this program is an antique. */
const CLOCK_MAX_MS = Date.UTC(2100, 0, 1);
/** AWS and our server refuse signatures that are further away. */
const SKEW_MAX_MS = 5 * 60 * 1000;
/** A log of a mail server in use is written to more often. */
const LOG_AGE_MAX_MS = DAY_MS;
/** Merges and cursors need room besides the journal's own reserve. */
const FREE_COMFORTABLE_BYTES = 1024 ** 3;

/** Node and the embedded engine. */
export function versionChecks(host: Host): readonly Check[] {
  const software = area('software');
  const [major = 0, minor = 0] = host.nodeVersion.replace('v', '').split('.').map(Number);
  const [majorMin, minorMin] = NODE_MIN;
  const recent = major > majorMin || (major === majorMin && minor >= minorMin);
  const wanted = `${majorMin}.${minorMin}`;
  const engine = host.engineVersion();
  return [
    recent
      ? software.ok(`Node ${host.nodeVersion}`)
      : software.fail(`Node ${host.nodeVersion}`, `install Node ${wanted} or later`),
    engine === undefined
      ? software.fail('the embedded engine (chdb) is not installed', 'run npm ci, without --omit')
      : software.ok(`chdb ${engine}`),
  ];
}

/** The clock, as far as a machine can judge its own. */
export function clockChecks(nowMs: number): readonly Check[] {
  const clock = area('clock');
  const shown = new Date(nowMs).toISOString();
  if (nowMs < CLOCK_MIN_MS || nowMs > CLOCK_MAX_MS) {
    return [clock.fail(`it is ${shown}, which is wrong`, 'set it: timedatectl set-ntp true')];
  }
  return [clock.ok(`it is ${shown}`)];
}

function octal(mode: number): string {
  return (mode & 0o777).toString(8).padStart(4, '0');
}

/** Facts of a file, or the check that says why there are none. */
async function factsOf(
  host: Host,
  path: string,
  refused: (said: string) => Check,
): Promise<FileFacts | Check | undefined> {
  try {
    return await host.facts(path);
  } catch (error) {
    return refused(wordsOf(error));
  }
}

function isCheck(value: FileFacts | Check): value is Check {
  return 'status' in value;
}

async function credentialsCheck(host: Host, config: Config): Promise<Check> {
  const key = area('admin key');
  const file = credentialsPath(config.data);
  const facts = await factsOf(host, file, (said) =>
    key.warn(`${file} cannot be looked at (${said})`, 'run this as root or the user of the server'),
  );
  if (facts === undefined) {
    return key.skip(`${file} does not exist yet; the server makes it at its first start`);
  }
  if (isCheck(facts)) return facts;
  const shown = `${file} has mode ${octal(facts.mode)}`;
  switch (exposureOf(facts.mode)) {
    case 'exposed':
      return key.fail(
        `${shown}: others may have read it`,
        `remove it and restart the server, which makes a new key; or chmod 600 ${file}`,
      );
    case 'group-readable':
      return key.warn(`${shown}: its group can read it`, `chmod 600 ${file} if that is not meant`);
    case 'private':
      return key.ok(shown);
  }
}

async function diskCheck(host: Host, config: Config): Promise<Check> {
  const disk = area('disk');
  const { free, total } = await host.freeBytes(config.data);
  const shown = `${formatSize(free)} of ${formatSize(total)} free`;
  const { minFreeBytes } = config.journal;
  if (free < minFreeBytes) {
    const message = `${shown}, less than journal.minFreeBytes (${formatSize(minFreeBytes)}): no events are taken`;
    return disk.fail(message, 'make room; events are taken again by themselves');
  }
  if (free < FREE_COMFORTABLE_BYTES) {
    return disk.warn(shown, 'make room, or shorten retention.days');
  }
  return disk.ok(shown);
}

/** The data directory with its key and its disk. */
export async function dataChecks(
  host: Host,
  config: Config,
  uid: number | undefined,
  nowMs: number,
): Promise<readonly Check[]> {
  const data = area('data directory');
  const path = config.data;
  const facts = await factsOf(host, path, (said) =>
    data.fail(
      `${path} cannot be looked at (${said})`,
      'run this as root or the user of the server',
    ),
  );
  if (facts === undefined) {
    const parent = await host.writable(dirname(path));
    const message = `${path} does not exist yet`;
    if (parent) return [data.skip(`${message}; the server makes it`)];
    const remedy = `make it for the user of the server: install -d -m 0750 -o mailtrail ${path}; or name another one with --data`;
    return [data.warn(message, remedy)];
  }
  if (isCheck(facts)) return [facts];
  if (facts.kind !== 'directory') {
    return [data.fail(`${path} is not a directory`, 'choose another path for data')];
  }
  const checks: Check[] = [];
  const owner = facts.uid === uid ? 'this user' : `user ${facts.uid}`;
  const shown = `${path}, mode ${octal(facts.mode)}, of ${owner}`;
  const ownerWrites = (facts.mode & 0o300) === 0o300;
  if (!ownerWrites || (facts.uid === uid && !(await host.writable(path)))) {
    const remedy = `make it writable for its owner (chmod u+rwx ${path}), and the file system too`;
    checks.push(data.fail(`${shown}: it cannot be written`, remedy));
  } else if ((facts.mode & 0o007) !== 0) {
    checks.push(data.warn(`${shown}: anybody can look into it`, `chmod 750 ${path}`));
  } else checks.push(data.ok(shown));
  if (facts.modifiedAtMs > nowMs + SKEW_MAX_MS) {
    const ahead = formatDuration(facts.modifiedAtMs - nowMs);
    const message = `${path} was changed ${ahead} in the future`;
    checks.push(area('clock').warn(message, 'the clock was or is wrong: timedatectl set-ntp true'));
  }
  checks.push(await credentialsCheck(host, config), await diskCheck(host, config));
  return checks;
}

async function logCheck(host: Host, path: string, server: string, nowMs: number): Promise<Check> {
  const log = area('log file');
  const facts = await factsOf(host, path, (said) =>
    log.fail(`${path} cannot be looked at (${said})`, `let the user of the server read it`),
  );
  if (facts === undefined) {
    const remedy =
      `${server} makes it when it is told to (mailtrail print-config ${server.toLowerCase()}); or name another ` +
      `file in ${server.toLowerCase()}.logs`;
    return log.warn(`${path} does not exist`, remedy);
  }
  if (isCheck(facts)) return facts;
  if (facts.kind === 'directory') {
    return log.fail(`${path} is a directory`, `name a file in ${server.toLowerCase()}.logs`);
  }
  if (!(await host.readable(path))) {
    const remedy = `let the user of the server read it, e.g.: setfacl -m u:mailtrail:r ${path}; or add the user to the group adm`;
    return log.fail(`${path} cannot be read by this user`, remedy);
  }
  const ageMs = nowMs - facts.modifiedAtMs;
  if (ageMs < -SKEW_MAX_MS) {
    const message = `${path} was written ${formatDuration(-ageMs)} in the future`;
    return log.warn(message, 'the clock was or is wrong: timedatectl set-ntp true');
  }
  const shown = `${path}, ${formatSize(facts.bytes)}, written ${formatDuration(Math.max(0, ageMs))} ago`;
  if (ageMs > LOG_AGE_MAX_MS) {
    return log.warn(shown, `see that ${server} runs and logs there (its wiring is below)`);
  }
  return log.ok(shown);
}

/** The log files of both mail servers. */
export async function logChecks(
  host: Host,
  config: Config,
  nowMs: number,
): Promise<readonly Check[]> {
  const files = [
    ...config.dovecot.logs.map((path) => ({ path, server: 'Dovecot' })),
    ...config.postfix.logs.map((path) => ({ path, server: 'Postfix' })),
  ];
  return Promise.all(files.map(({ path, server }) => logCheck(host, path, server, nowMs)));
}

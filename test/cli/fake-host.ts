// A host for `doctor` on which everything is right, and a run of it there.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Check } from '../../src/cli/doctor/check.ts';
import type { FileFacts, Host } from '../../src/cli/doctor/host.ts';
import { examine } from '../../src/cli/doctor.ts';
import { Options } from '../../src/cli/command.ts';
import { dovecotDecisionValues, fillTemplate } from '../../src/cli/mail-server-templates.ts';
import { FakeWorld, KEY_ENV, NOW_MS, type FakeOptions, type SeenRequest } from './fake-world.ts';

const PACKAGING = join(import.meta.dirname, '..', '..', 'packaging');
const DOVECOT_PATH = join(PACKAGING, 'dovecot/99-mailtrail.conf');
const DOVECOT_24_PATH = join(PACKAGING, 'dovecot/99-mailtrail-2.4.conf');
const POSTFIX_PATH = join(PACKAGING, 'postfix/main.cf');
export const DOVECOT = readFileSync(DOVECOT_PATH, 'utf8');
export const POSTFIX = readFileSync(POSTFIX_PATH, 'utf8');
const DOVECOT_24 = readFileSync(DOVECOT_24_PATH, 'utf8');
/** What `doveconf -a` of 2.4.1 says of our template, without the settings of others. */
export const DOVECONF_24 = readFileSync(join(import.meta.dirname, 'doveconf-2.4.1.txt'), 'utf8');
export const CONFIG = '/etc/mailtrail/config.yaml';

export const DOVECOT_VALUES = {
  policyUrl: 'http://127.0.0.1:4650/dovecot/policy',
  bearerToken: 'TOKEN',
  nonce: 'abc',
  auditLog: '/var/log/dovecot-audit.log',
  ...dovecotDecisionValues({ askRules: 'before-password', whenDown: 'allow' }, undefined),
};
export const POSTFIX_VALUES = {
  policySwitch: '',
  policyDefault: 'DUNNO',
  policySocket: 'inet:127.0.0.1:4651',
  milterSwitch: '',
  milterSocket: 'unix:mailtrail/milter',
  mailLog: '/var/log/mail.log',
  mailLogDirectory: '/var/log',
};

/** A host on which everything is right, but for what a test says. */
export class FakeHost implements Host {
  readonly data: string;
  nodeVersion = 'v20.19.0';
  engine: string | undefined = '3.4.0';
  readonly files = new Map<string, Partial<FileFacts>>();
  unreadable = new Set<string>();
  free = 100 * 2 ** 30;
  doveconf: string | undefined = fillTemplate(DOVECOT, DOVECOT_VALUES);
  version: string | undefined = '2.3.19.1 (9b53102964)\n';
  postconf: string | undefined = fillTemplate(POSTFIX, POSTFIX_VALUES);

  /** @param data the data directory, with credentials in it */
  constructor(data: string) {
    this.data = data;
    this.files.set(data, { kind: 'directory', mode: 0o750 });
    this.files.set(join(data, 'credentials'), { mode: 0o600 });
    this.files.set('/var/log/dovecot-audit.log', { mode: 0o640 });
    this.files.set('/var/log/mail.log', { mode: 0o640 });
  }

  engineVersion = (): string | undefined => this.engine;
  facts = async (path: string): Promise<FileFacts | undefined> => {
    const file = this.files.get(path);
    if (file === undefined) return undefined;
    const usual = {
      kind: 'file',
      mode: 0o600,
      uid: 1000,
      bytes: 10,
      modifiedAtMs: NOW_MS,
    } as const;
    return { ...usual, ...file };
  };
  readable = async (path: string): Promise<boolean> => !this.unreadable.has(path);
  writable = async (path: string): Promise<boolean> => !this.unreadable.has(path);
  freeBytes = async (): Promise<{ free: number; total: number }> => {
    return { free: this.free, total: 200 * 2 ** 30 };
  };
  run: Host['run'] = async (program) => {
    const said: Readonly<Record<string, string | undefined>> = {
      doveconf: this.doveconf,
      dovecot: this.version,
      postconf: this.postconf,
    };
    const stdout = said[program];
    return stdout === undefined ? undefined : { exitCode: 0, stdout, stderr: '' };
  };
}

function healthyServer({ url, headers }: Pick<SeenRequest, 'url' | 'headers'>): Response {
  if (url.pathname === '/readyz') return Response.json({ ready: true, reasons: [] });
  // Its clients sign; the one token it would know is in the credentials file.
  if (headers.get('authorization')?.startsWith('Bearer '))
    return Response.json({}, { status: 401 });
  const collectors = [{ name: 'dovecot', state: 'running', seen: 5, events: 4, rejected: 0 }];
  return Response.json({ collectors });
}

const MILTER = '/var/spool/postfix/mailtrail/milter';
/** Postfix is asked and shows its messages. */
export const YAML = `postfix: { policyListen: "127.0.0.1:4651", milterListen: "unix:${MILTER}" }`;

/** Runs doctor twice: as JSON for `checks`, and for people. */
export async function doctor(
  host: FakeHost,
  more: FakeOptions = {},
  yaml = YAML,
): Promise<{ code: number; checks: readonly Check[]; text: string }> {
  const world = new FakeWorld([], {
    env: KEY_ENV,
    answer: healthyServer,
    ...more,
    files: {
      [CONFIG]: yaml,
      [DOVECOT_PATH]: DOVECOT,
      [DOVECOT_24_PATH]: DOVECOT_24,
      [POSTFIX_PATH]: POSTFIX,
    },
  });
  const call = { world, arguments: [], signal: new AbortController().signal };
  const code = await examine({ ...call, options: new Options({ data: host.data }) }, host);
  const printed = world.out;
  world.out = '';
  await examine({ ...call, options: new Options({ data: host.data, output: 'json' }) }, host);
  return { code, checks: JSON.parse(world.out) as Check[], text: printed };
}

/** The checks that are not ok, as `area: message`. */
export function troubles(checks: readonly Check[]): string[] {
  return checks
    .filter(({ status }) => status !== 'ok')
    .map(({ status, area, message }) => `${status} ${area}: ${message}`);
}

// A private Dovecot and a private Postfix that belong together, for tests and the demo: one
// directory, loopback ports that were free, several sets beside each other, nothing left behind.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WhenDown } from '../../src/config/mail-server-decisions.ts';
import { leaveRoot, prepareRoot, type ExporterDriver } from './dovecot-2.4.ts';
import {
  dovecotAuditLog,
  startDovecot,
  type Dovecot,
  type DovecotDecisions,
  type PolicyEndpoint,
} from './dovecot.ts';
import { LoadBalancer } from './load-balancer.ts';
import { NORDLYS, type Organization } from './organization.ts';
import {
  choosePostfixPorts,
  postfixMailLog,
  startPostfix,
  type Postfix,
  type PostfixPorts,
} from './postfix.ts';
import type { ProcessGroup } from './process-group.ts';

/** Another program may take a port between our looking and the server's binding: tried again then. */
const START_TRIES = 3;
const CERTIFICATE_DAYS = '30';

export interface MailServersOptions {
  /** Where everything is kept; a new temporary directory, removed by `stop`, where nothing is said. */
  readonly directory?: string;
  /** Who has a mailbox; Nordlys Biotech where nothing is said. */
  readonly organization?: Organization;
  /** Mailtrail's auth-policy endpoint. Without it Dovecot asks nobody and only writes its log. */
  readonly endpoint?: PolicyEndpoint;
  /** Mailtrail's policy service, e.g. `127.0.0.1:4651`. Without it Postfix asks nobody. */
  readonly policyService?: string;
  /** The path of the socket of Mailtrail's milter. Without it Postfix shows nobody its messages. */
  readonly milterSocket?: string;
  /** Domains of the outside world whose server refuses every recipient. */
  readonly refusingDomains?: readonly string[];
  /** How Dovecot uses Mailtrail's decisions. */
  readonly decisions?: DovecotDecisions;
  /** Whether Postfix takes mail while Mailtrail does not answer. */
  readonly postfixWhenDown?: WhenDown;
  /** Dovecot without anything of Mailtrail's in its configuration. */
  readonly bareDovecot?: boolean;
  /** Dovecot 2.4, which writes its events in this way; Debian 12's 2.3 where nothing is said. */
  readonly dovecot24?: ExporterDriver;
  /** Comes last in Dovecot's configuration. */
  readonly extraDovecot?: string;
  /** Comes last in Postfix's main.cf; made from the ports where it must name one. */
  readonly extraPostfix?: string | ((ports: PostfixPorts) => string);
}

export interface MailServers {
  readonly directory: string;
  readonly organization: Organization;
  readonly dovecot: Dovecot;
  readonly postfix: Postfix;
  /** PEM; clients that trust it accept the servers' certificate, which is for `localhost`. */
  readonly certificateFile: string;
  /** Lets clients come from any address: the ports that end in `Proxy`, through this. */
  readonly balancer: LoadBalancer;
  readonly groups: readonly ProcessGroup[];
  /** Ends everything and removes the directory if it was made here. */
  stop(): Promise<void>;
}

/** The files that Mailtrail reads, known before the servers are started. */
export function mailLogPaths(directory: string): { dovecot: string; postfix: string } {
  return { dovecot: dovecotAuditLog(directory), postfix: postfixMailLog(directory) };
}

/** A new temporary directory that the servers' own users may pass through. */
export function mailServersDirectory(prefix = 'mailtrail-servers-'): string {
  const directory = mkdtempSync(join(tmpdir(), prefix));
  chmodSync(directory, 0o755);
  return directory;
}

function makeCertificate(directory: string, host: string): { cert: string; key: string } {
  const folder = join(directory, 'tls');
  mkdirSync(folder, { recursive: true });
  const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      CERTIFICATE_DAYS,
      '-subj',
      '/CN=localhost',
      '-addext',
      `subjectAltName=DNS:localhost,DNS:${host},IP:127.0.0.1`,
      '-keyout',
      files.key,
      '-out',
      files.cert,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  return files;
}

interface Started {
  readonly dovecot: Dovecot;
  readonly postfix: Postfix;
}

async function startBoth(
  directory: string,
  certificate: { cert: string; key: string },
  options: MailServersOptions,
): Promise<Started> {
  const organization = options.organization ?? NORDLYS;
  const ports = await choosePostfixPorts();
  const dovecot = await startDovecot({
    directory,
    organization,
    certificate,
    relayPort: ports.sink,
    mxPort: ports.mx,
    ...(options.endpoint !== undefined && { endpoint: options.endpoint }),
    ...(options.dovecot24 !== undefined && { dovecot24: options.dovecot24 }),
    ...(options.decisions !== undefined && { decisions: options.decisions }),
    ...(options.bareDovecot !== undefined && { bare: options.bareDovecot }),
    ...(options.extraDovecot !== undefined && { extraConfig: options.extraDovecot }),
  });
  const { extraPostfix } = options;
  try {
    const postfix = await startPostfix({
      directory,
      organization,
      certificate,
      ports,
      lmtpPort: dovecot.ports.lmtp,
      authSocket: dovecot.authSocket,
      refusingDomains: options.refusingDomains ?? [],
      ...(options.policyService !== undefined && { policyService: options.policyService }),
      ...(options.postfixWhenDown !== undefined && { whenDown: options.postfixWhenDown }),
      ...(options.milterSocket !== undefined && { milterSocket: options.milterSocket }),
      ...(extraPostfix !== undefined && {
        extraConfig: typeof extraPostfix === 'string' ? extraPostfix : extraPostfix(ports),
      }),
    });
    return { dovecot, postfix };
  } catch (error) {
    await dovecot.group.stop();
    throw error;
  }
}

/**
 * Starts the servers and waits until both answer. Needs root, Debian's packages (scripts/setup.sh)
 * and a directory path short enough for a Unix socket. When it fails nothing is left running, and
 * the error holds the end of the server's log.
 */
export async function startMailServers(options: MailServersOptions = {}): Promise<MailServers> {
  if (process.getuid?.() !== 0) {
    throw new Error('the mail servers must be started by root: Postfix needs it; try sudo');
  }
  const directory = options.directory ?? mailServersDirectory();
  const organization = options.organization ?? NORDLYS;
  const balancer = new LoadBalancer();
  const clean = async (groups: readonly ProcessGroup[]): Promise<void> => {
    await balancer.stop();
    await Promise.all(groups.map((group) => group.stop()));
    if (options.dovecot24 !== undefined) leaveRoot(prepareRoot(), directory);
    if (options.directory === undefined) rmSync(directory, { recursive: true, force: true });
  };
  try {
    const certificate = makeCertificate(directory, organization.mailHost);
    const { dovecot, postfix } = await withRetries(() =>
      startBoth(directory, certificate, options),
    );
    const groups = [dovecot.group, ...postfix.groups];
    return {
      directory,
      organization,
      dovecot,
      postfix,
      certificateFile: certificate.cert,
      balancer,
      groups,
      stop: () => clean(groups),
    };
  } catch (error) {
    await clean([]);
    throw error;
  }
}

async function withRetries<T>(start: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await start();
    } catch (error) {
      const taken = /address already in use/i.test(String(error));
      if (!taken || tries === START_TRIES) throw error;
    }
  }
}

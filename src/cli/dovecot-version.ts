// Which Dovecot `print-config` writes for: that of this host, if it says which it is.
import type { Host } from './doctor/host.ts';

/** The versions whose configurations differ; Dovecot 2.4 renamed most of what 2.3 had. */
export const DOVECOT_VERSIONS = ['2.3', '2.4'] as const;
export type DovecotVersion = (typeof DOVECOT_VERSIONS)[number];

/** Written for where no Dovecot says its version. */
const VERSION_ELSE: DovecotVersion = '2.3';

export interface FoundVersion {
  readonly version: DovecotVersion;
  /** Why this version was taken, where the host did not say it. */
  readonly assumed?: string;
}

/** The version that somebody names; undefined for one whose configuration is not known. */
export function namedVersion(text: string): DovecotVersion | undefined {
  return DOVECOT_VERSIONS.find((version) => version === text);
}

/**
 * The version of the Dovecot on this host, from the first line of `dovecot --version`
 * (`2.3.19.1 (9b53102964)`, `2.4.1-4 (7d8c0e5759)`), else 2.3 with the reason why.
 */
export async function foundVersion(host: Pick<Host, 'run'>): Promise<FoundVersion> {
  const output = await host.run('dovecot', ['--version']);
  if (output === undefined) return { version: VERSION_ELSE, assumed: 'no dovecot on this host' };
  const [, text] = /^(\d+\.\d+)\b/.exec(output.stdout) ?? [];
  if (output.exitCode !== 0 || text === undefined) {
    return { version: VERSION_ELSE, assumed: 'dovecot --version did not say a version' };
  }
  const version = namedVersion(text);
  if (version !== undefined) return { version };
  return { version: VERSION_ELSE, assumed: `Dovecot ${text} of this host is not known` };
}

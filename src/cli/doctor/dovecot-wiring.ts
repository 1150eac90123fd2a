// What the checks of Dovecot's configuration have in common.
import type { Config } from '../../config/schema.ts';
import type { DovecotVersion } from '../dovecot-version.ts';
import { area } from './check.ts';
import type { Statement } from './statements.ts';

export const dovecot = area('Dovecot');

export const RELOAD = 'then: doveadm reload';
export const WHOLE = 'mailtrail print-config dovecot > /etc/dovecot/conf.d/99-mailtrail.conf';
export const ADD = `add the lines below to /etc/dovecot/conf.d/99-mailtrail.conf, ${RELOAD}`;

/** What is compared: the configuration found and ours, both of one version. */
export interface Wiring {
  readonly version: DovecotVersion;
  readonly found: readonly Statement[];
  readonly template: readonly Statement[];
  readonly config: Config;
  /** The token that is sent is that of another key than the administrator's. */
  readonly tokenOpens?: boolean;
}

/** The template's lines for these settings or blocks. */
export function snippet({ template }: Wiring, ...names: readonly string[]): string {
  return template
    .filter(({ name }) => names.includes(name))
    .map(({ text }) => text)
    .join('\n');
}

// What differs between the configurations of Dovecot 2.3 and 2.4, for the checks of both: the
// settings are asked for by the same names, and where each version has them is said here.
import type { DovecotVersion } from '../dovecot-version.ts';
import { blocks, settingValue, words, type Statement } from './statements.ts';

/** Settings that 2.4 prints in a block of this name, without it in front of theirs. */
const PREFIX_BLOCK = 'auth_policy';
const ATTRIBUTES = 'auth_policy_request_attributes';

/**
 * Gives the settings in 2.4's block `auth_policy` their full names. `doveconf` prints
 * `auth_policy { server_url = … }` for what is written as `auth_policy_server_url = …`, and with
 * `-a` also the default under its full name before it: the last one counts. (Seen with 2.4.1.)
 */
export function withFullNames(statements: readonly Statement[]): readonly Statement[] {
  return statements.flatMap((statement) => {
    const { name, body } = statement;
    if (name !== PREFIX_BLOCK || body === undefined) return [statement];
    return body.map((inner) => ({ ...inner, name: `${PREFIX_BLOCK}_${inner.name}` }));
  });
}

/** Where mail_log's setting is: 2.3 has those of plugins in the block `plugin`. */
export function mailLogSetting(version: DovecotVersion, name: string): string {
  return version === '2.4' ? name : `plugin/${name}`;
}

/** What is told of a sign-in: 2.3's list `login=%{…}`, or the settings of 2.4's block. */
export function attributesTold(
  found: readonly Statement[],
  version: DovecotVersion,
): readonly string[] {
  if (version === '2.4') {
    return found
      .filter(({ name }) => name === ATTRIBUTES)
      .flatMap(({ body = [] }) => body.map(({ name }) => name));
  }
  return words(settingValue(found, ATTRIBUTES)).map((word) => word.replace(/=.*$/s, ''));
}

/**
 * The names that a boolean list of 2.4 ends up with: `mail_plugins = a b` says the whole list,
 * `mail_plugins { a = no }` changes it. (Dovecot 2.4, "Settings", boolean lists.)
 */
function changedList(
  before: ReadonlySet<string>,
  found: readonly Statement[],
  name: string,
): ReadonlySet<string> {
  let list = new Set(before);
  for (const { value, body } of found.filter((statement) => statement.name === name)) {
    if (body === undefined) list = new Set(words(value));
    for (const { name: entry, value: wanted } of body ?? []) {
      if (wanted === 'yes') list.add(entry);
      else list.delete(entry);
    }
  }
  return list;
}

/** The plugins of a protocol: its own list instead of the global one in 2.3, on top of it in 2.4. */
export function pluginsOf(
  found: readonly Statement[],
  version: DovecotVersion,
  protocol: string,
): ReadonlySet<string> {
  const own = blocks(found, 'protocol').filter(({ name }) => name === `protocol ${protocol}`);
  if (version === '2.4') {
    let list = changedList(new Set(), found, 'mail_plugins');
    for (const { body = [] } of own) list = changedList(list, body, 'mail_plugins');
    return list;
  }
  const value = settingValue(found, `protocol ${protocol}/mail_plugins`);
  return new Set(words(value ?? settingValue(found, 'mail_plugins')));
}

/** Where an exporter writes its events, so far as Mailtrail can read them there. */
export type ExporterPlace =
  | { readonly kind: 'log' }
  | { readonly kind: 'file' | 'unix'; readonly path: string };

/** An exporter of JSON that Mailtrail can read; undefined for other formats and other ways. */
export function exporterPlace(
  { body = [] }: Statement,
  version: DovecotVersion,
): ExporterPlace | undefined {
  if (settingValue(body, 'format') !== 'json') return undefined;
  if (version === '2.3') {
    return settingValue(body, 'transport') === 'log' ? { kind: 'log' } : undefined;
  }
  // 2.4 writes to the log where nothing is said.
  switch (settingValue(body, 'driver') ?? 'log') {
    case 'log':
      return { kind: 'log' };
    case 'file':
      return { kind: 'file', path: settingValue(body, 'file_path') ?? '' };
    case 'unix':
      return { kind: 'unix', path: settingValue(body, 'unix_path') ?? '' };
    default:
      return undefined;
  }
}

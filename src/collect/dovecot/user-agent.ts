// The client program from IMAP ID. All of it is written by the client, so it is only ever shown,
// never trusted, and cut to a length.
import type { Device } from '../../access/evaluation.ts';
import { imapTokens } from './imap-arguments.ts';

/** Longest user agent that is kept, in characters: an ID value may have 1,024 (RFC 2971). */
export const USER_AGENT_LENGTH_MAX = 256;

/** The parameters of an ID command by their names in lower case; the first of a name counts. */
function idParameters(text: string): ReadonlyMap<string, string> {
  const list = text.startsWith('(') && text.endsWith(')') ? text.slice(1, -1) : text;
  const tokens = imapTokens(list);
  const parameters = new Map<string, string>();
  for (let at = 0; at + 1 < tokens.length; at += 2) {
    const key = tokens[at];
    const value = tokens[at + 1];
    if (key?.kind !== 'quoted' || value?.kind !== 'quoted' || value.text === '') continue;
    const name = key.text.toLowerCase();
    if (!parameters.has(name)) parameters.set(name, value.text);
  }
  return parameters;
}

/**
 * The user agent from the parameters of an ID command, as Dovecot writes them (`"name" "Thunderbird"
 * "version" "128.1"`, with or without parentheses): `name/version`, or `name` alone. Undefined when
 * the client named nothing.
 *
 * @see RFC 2971 section 3.3; Dovecot 2.3 `%{client_id}` and event field `client_id`
 */
export function userAgentOfId(text: string): string | undefined {
  if (text === '') return undefined;
  const parameters = idParameters(text);
  return userAgentOf(parameters.get('name'), parameters.get('version'));
}

/** `deviceOfParameters` of the parameters as Dovecot writes them. */
export function deviceOfId(text: string): Device | undefined {
  return text === '' ? undefined : deviceOfParameters(idParameters(text));
}

/**
 * The device that mobile device rules look at, from the parameters of an ID command: its type is the
 * program's `name`, its operating system `os` with `os-version`, its user agent `name/version`. ID has no
 * model and no id of a device. Undefined when the client named nothing.
 *
 * @param parameters by their names in lower case
 * @see RFC 2971 section 3.3
 */
export function deviceOfParameters(parameters: ReadonlyMap<string, string>): Device | undefined {
  const name = parameters.get('name');
  const system = [parameters.get('os'), parameters.get('os-version')].filter(
    (part) => part !== undefined,
  );
  const userAgent = userAgentOf(name, parameters.get('version'));
  if (userAgent === undefined && system.length === 0) return undefined;
  return {
    ...(name !== undefined && { deviceType: name.slice(0, USER_AGENT_LENGTH_MAX) }),
    ...(system.length > 0 && {
      deviceOperatingSystem: system.join(' ').slice(0, USER_AGENT_LENGTH_MAX),
    }),
    ...(userAgent !== undefined && { deviceUserAgent: userAgent }),
  };
}

/** `name/version`, or `name` alone; undefined when there is no name. */
export function userAgentOf(
  name: string | undefined,
  version: string | undefined,
): string | undefined {
  if (name === undefined || name === '') return undefined;
  const agent = version === undefined || version === '' ? name : `${name}/${version}`;
  return agent.slice(0, USER_AGENT_LENGTH_MAX);
}

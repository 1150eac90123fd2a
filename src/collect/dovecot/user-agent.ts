// The client program from IMAP ID. All of it is written by the client, so it is only ever shown,
// never trusted, and cut to a length.
import { imapTokens } from './imap-arguments.ts';

/** Longest user agent that is kept, in characters: an ID value may have 1,024 (RFC 2971). */
export const USER_AGENT_LENGTH_MAX = 256;

/**
 * The user agent from the parameters of an ID command, as Dovecot writes them (`"name" "Thunderbird"
 * "version" "128.1"`, with or without parentheses): `name/version`, or `name` alone. Undefined when
 * the client named nothing.
 *
 * @see RFC 2971 section 3.3; Dovecot 2.3 `%{client_id}` and event field `client_id`
 */
export function userAgentOfId(text: string): string | undefined {
  if (text === '') return undefined;
  const list = text.startsWith('(') && text.endsWith(')') ? text.slice(1, -1) : text;
  const tokens = imapTokens(list);
  let name: string | undefined;
  let version: string | undefined;
  for (let at = 0; at + 1 < tokens.length; at += 2) {
    const key = tokens[at];
    const value = tokens[at + 1];
    if (key?.kind !== 'quoted' || value?.kind !== 'quoted' || value.text === '') continue;
    const field = key.text.toLowerCase();
    if (field === 'name') name ??= value.text;
    else if (field === 'version') version ??= value.text;
  }
  return userAgentOf(name, version);
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

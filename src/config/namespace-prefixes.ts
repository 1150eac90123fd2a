// The prefixes of Dovecot's shared namespaces as a setting.

/** What Dovecot writes for the owner, `%u`, `%%u` or `%{…}`, with the separator behind it. */
const OWNER = /(?:%%?[un]|%%?\{[^}]*\})([/.])$/;

/** `shared/, Other Users/%u/` as the texts in front of an owner's name; undefined where it is no such list. */
export function parseSharedPrefixes(text: string): readonly string[] | undefined {
  const prefixes = text.split(',').map((each) => each.trim().replace(OWNER, ''));
  return prefixes.every((prefix) => /^[^/.%][^%]*[/.]$/.test(prefix)) ? prefixes : undefined;
}

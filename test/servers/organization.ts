// The company whose mail the servers keep: a name of its own under a domain reserved for examples
// (RFC 2606), so that nothing can reach a real address.

export interface MailUser {
  /** The canonical login, which is also the address. */
  readonly login: string;
  readonly password: string;
}

export interface Organization {
  readonly name: string;
  readonly domain: string;
  readonly mailHost: string;
  readonly users: readonly MailUser[];
  /** Opens any mailbox by signing in as `owner*login`. */
  readonly masterUser: MailUser;
}

const DOMAIN = 'nordlys-biotech.example';

function user(name: string, password: string): MailUser {
  return { login: `${name}@${DOMAIN}`, password };
}

/** Nordlys Biotech: a small company with an office, travellers, and people at home. */
export const NORDLYS = {
  name: 'nordlys-biotech',
  domain: DOMAIN,
  mailHost: `mail.${DOMAIN}`,
  users: [
    user('alice', 'quartz-lantern-41'),
    user('bob', 'Summer2026'),
    user('carol', 'maple-harbour-77'),
    user('dave', 'copper-violin-03'),
    user('postmaster', 'granite-bicycle-58'),
  ],
  masterUser: { login: 'admin', password: 'basalt-orchid-92' },
} as const satisfies Organization;

/** A user of the organization by the part of the address before the `@`. */
export function userNamed(organization: Organization, name: string): MailUser {
  const login = `${name}@${organization.domain}`;
  const found = organization.users.find((user) => user.login === login);
  if (found === undefined) throw new Error(`${login} is not among the users`);
  return found;
}

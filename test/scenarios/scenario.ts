// What a scenario is: a named story that real clients play against both mail servers, and of which is
// known exactly which events it must leave. Every scenario has a domain and addresses of its own, so
// that many can be played at the same time on one pair of servers and still be told apart.
import type { MailUser } from '../servers/organization.ts';
import type { Stage } from './stage.ts';

/** Everything that the scenarios own ends in this (RFC 6761). */
const PARENT_DOMAIN = 'example.test';

export interface Scenario {
  /** Names the folder of its recordings and its domain; letters and hyphens. */
  readonly name: string;
  /** What happens, in one sentence. */
  readonly about: string;
  /** The last part of its addresses; no other scenario has it. */
  readonly host: number;
  /** Who has a mailbox, by the part of the address before the `@`. */
  readonly users: readonly string[];
  play(stage: Stage): Promise<void>;
}

/** Where a client is: at home, in the office, or where the access rules let nobody in from. */
export type Place = 'home' | 'office' | 'abroad';

/** The networks of RFC 5737, reserved for documentation. */
const NETWORKS: Readonly<Record<Place, string>> = {
  home: '192.0.2',
  office: '198.51.100',
  abroad: '203.0.113',
};

/** The rule that is in force while scenarios are played. */
export const RULE = {
  name: 'NobodyFromAbroad',
  effect: 'DENY',
  description: 'Nobody signs in or submits from the network of abroad',
  ipRanges: [`${NETWORKS.abroad}.0/24`],
} as const;

/** The address of a scenario's client. */
export function addressOf(scenario: Scenario, place: Place): string {
  return `${NETWORKS[place]}.${scenario.host}`;
}

/** The domain of a scenario. */
export function domainOf(scenario: Scenario): string {
  return `${scenario.name}.${PARENT_DOMAIN}`;
}

/** The account of one of a scenario's users. */
export function userOf(scenario: Scenario, name: string): MailUser {
  if (!scenario.users.includes(name)) throw new Error(`${scenario.name} has no user ${name}`);
  return { login: `${name}@${domainOf(scenario)}`, password: `password-of-${name}` };
}

/** A personal access token that the servers take for the user, beside the password. */
export function tokenOf(scenario: Scenario, name: string): { id: string; secret: string } {
  return { id: `pat-${scenario.name}-${name}`, secret: `token-of-${name}` };
}

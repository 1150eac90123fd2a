// Every scenario, in the order in which they are recorded.
import type { Scenario } from '../scenario.ts';
import { flags, folders, moves, pipelined } from './changing.ts';
import {
  dovecotSubmission,
  inbound,
  rejected,
  sieveActions,
  submission,
  undeliverable,
} from './delivery.ts';
import { hostile, overlong } from './hostile.ts';
import { doveadm, pop3, sieveScripts } from './other-protocols.ts';
import { browse, fetch, fetchMany } from './reading.ts';
import { permissions, shared } from './sharing.ts';
import { deniedByRule, masterUser, signIn, token } from './sign-in.ts';
import { unusual } from './unusual.ts';

export const SCENARIOS: readonly Scenario[] = [
  signIn,
  masterUser,
  token,
  deniedByRule,
  fetch,
  fetchMany,
  browse,
  flags,
  moves,
  folders,
  pipelined,
  unusual,
  permissions,
  shared,
  pop3,
  sieveScripts,
  doveadm,
  inbound,
  rejected,
  sieveActions,
  submission,
  undeliverable,
  dovecotSubmission,
  hostile,
  overlong,
];

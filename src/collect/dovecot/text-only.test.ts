// The recorded sign-ins as a server without the event exporter would have told them: the text lines
// alone make the same attempts, one event each.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { assemble } from '../../../test/collect/assemble.ts';
import { visible } from '../../../test/collect/visible.ts';
import type { AuditEvent } from '../../event/audit-event.ts';
import { DovecotServers } from './servers.ts';
import type { SignInEvent } from './sign-in.ts';

const SCENARIOS = join(import.meta.dirname, '..', '..', '..', 'test', 'corpus', 'scenarios');

/** The attempts in sessions, each by what tells it apart. Postfix's have no session and no line. */
function attemptsOf(events: readonly AuditEvent[]): string[] {
  const attempts: string[] = [];
  const sessions = visible(events).filter(
    (event) =>
      event.log_type === 'AUTHENTICATION_LOGS' && event.request_id?.includes('sign-in-') === false,
  ) as SignInEvent[];
  for (const event of sessions) {
    const { request_id: id, protocol, user, user_id: owner, auth_successful: success } = event;
    // A failure right before the same user's login: of one database before another one.
    const chain = sessions.some(
      (other) =>
        other.request_id === id &&
        other.auth_successful &&
        other.user_id === owner &&
        Math.abs(second(other) - second(event)) <= 1,
    );
    if (success || !chain) attempts.push(`${id} ${protocol} ${success} ${user}`);
  }
  return attempts.sort();
}

/** Text lines have no fractions of a second. */
function second(event: SignInEvent): number {
  return Math.floor(event.event_timestamp / 1000);
}

test.each(['sign-in', 'master-user', 'denied-by-rule'])('%s', (name) => {
  const folder = join(SCENARIOS, name);
  const golden = readFileSync(join(folder, 'events.ndjson'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as AuditEvent);
  const text = readFileSync(join(folder, 'dovecot.log'), 'utf8').replace(
    /^.* stats: Info: \{.*\n/gm,
    '',
  );
  const assembler = new DovecotServers({ now: () => Date.now(), sharedPrefixes: [] });
  const { events } = assemble(assembler, text);
  const expected = attemptsOf(golden);
  expect(expected.length).toBeGreaterThan(2);
  expect(attemptsOf(events)).toEqual(expected);
});

// The main job, end to end: real mail servers, real clients, the built program, and every answer that
// the story must give, row by row.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ANSWER_DEADLINE_MS, untilAnswered } from '../../demo/answers.ts';
import type { StoryFacts } from '../../demo/facts.ts';
import { QUESTIONS } from '../../demo/questions.ts';
import { setStage, type Stage } from '../../demo/stage.ts';
import { playStory } from '../../demo/story.ts';
import { NORDLYS } from '../servers/organization.ts';
import { until } from './running-server.ts';

/** Sign-ins, right or wrong: those of the users, and the admin's one. */
function attempts(facts: StoryFacts): number {
  return facts.signIns.length + facts.failedSignIns.length + 1;
}

function submissions(facts: StoryFacts): number {
  return facts.signIns.filter(({ protocol }) => protocol === 'SMTP').length;
}

/** What must be there in which number, so that nothing is told twice or left out. */
const COUNTS = [
  ['sign-ins', 'filter ispresent(auth_successful)', 'authentication', attempts],
  [
    'decisions: one for each sign-in, one for each message handed in',
    'filter ispresent(access_granted)',
    'access-control',
    (facts: StoryFacts) => attempts(facts) + submissions(facts),
  ],
  [
    'messages handed in',
    'filter event.eventName = "OUTGOING_EMAIL_SUBMITTED"',
    'email-events',
    submissions,
  ],
  [
    "deliveries into bob's mailbox",
    `filter event.eventName = "MAILBOX_EMAIL_DELIVERED" and user_id = "bob@${NORDLYS.domain}"`,
    'email-events',
    (facts: StoryFacts) => facts.arrivals.length + facts.hiddenMessages.length,
  ],
] as const;

/** The nonce is made from the installation's key; any will do. */
function withoutNonce(config: string): string {
  return config.replace(/^(auth_policy_hash_nonce =).*/m, '$1');
}

describe('a stolen mailbox', () => {
  let stage: Stage;
  let facts: StoryFacts;

  beforeAll(async () => {
    stage = await setStage({ progress: () => undefined });
    facts = await playStory(stage.servers, () => undefined);
  });
  afterAll(() => stage?.stop());

  test.each(QUESTIONS.map((question) => [question.title, question] as const))(
    '%s',
    async (_title, question) => {
      expect(question.answer(facts).length).toBeGreaterThan(0);
      const deadlineAt = Date.now() + ANSWER_DEADLINE_MS;
      const wrong = await untilAnswered(stage.mailtrail, question, facts, deadlineAt);
      expect(wrong).toBeUndefined();
    },
  );

  test.each(COUNTS)('every event is told once: %s', async (_title, query, group, expected) => {
    const wanted = String(expected(facts));
    let found = '';
    const matches = async (): Promise<true | undefined> => {
      const rows = await stage.mailtrail.query(`${query} | stats count(*) as events`, group);
      found = rows[0]?.['events'] ?? '0';
      return found === wanted ? true : undefined;
    };
    await until(matches, ANSWER_DEADLINE_MS, () => `${query}: ${found} events, not ${wanted}`);
  });

  test('the servers run with what print-config prints', async () => {
    const { mailtrail, servers } = stage;
    const printed = (server: string): Promise<string> =>
      mailtrail.command(['print-config', server, '--config', mailtrail.configFile]);
    const postfix = readFileSync(join(servers.postfix.configDirectory, 'main.cf'), 'utf8');
    expect(postfix).toContain(await printed('postfix'));
    const file = join(dirname(servers.dovecot.configFile), '99-mailtrail.conf');
    const dovecot = withoutNonce(readFileSync(file, 'utf8'));
    expect(dovecot).toBe(withoutNonce(await printed('dovecot')));
  });
});

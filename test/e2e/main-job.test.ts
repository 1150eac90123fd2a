// The main job, end to end: real mail servers, real clients, the built program, and every answer that
// the story must give, row by row.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ANSWER_DEADLINE_MS, untilAnswered } from '../../demo/answers.ts';
import type { StoryFacts } from '../../demo/facts.ts';
import { QUESTIONS } from '../../demo/questions.ts';
import { setStage, type Stage } from '../../demo/stage.ts';
import { playStory } from '../../demo/story.ts';

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

  test('every event of the story is told once', async () => {
    const { mailtrail } = stage;
    const count = async (query: string, group: string): Promise<number> => {
      const rows = await mailtrail.query(`${query} | stats count(*) as events`, group);
      return Number(rows[0]?.['events'] ?? '0');
    };
    const attempts = facts.signIns.length + facts.failedSignIns.length + 1;
    expect(await count('filter ispresent(auth_successful)', 'authentication')).toBe(attempts);
    // One decision for each sign-in, and one for each message handed in.
    const messages = facts.signIns.filter(({ protocol }) => protocol === 'SMTP').length;
    expect(await count('filter ispresent(access_granted)', 'access-control')).toBe(
      attempts + messages,
    );
  });
});

// Waits until the record tells what happened, and shows the answers.
import type { Mailtrail } from './mailtrail.ts';
import type { StoryFacts } from './facts.ts';
import { difference, QUESTIONS, type Question } from './questions.ts';

/** How long after the story the record may take to be complete, in ms. */
export const ANSWER_DEADLINE_MS = 30_000;
const POLL_MS = 200;

/**
 * Asks until the answer is the expected one. At the deadline, what is still wrong with it; undefined
 * when nothing is. An error of the program is told as it is and not tried again.
 */
export async function untilAnswered(
  mailtrail: Mailtrail,
  question: Question,
  facts: StoryFacts,
  deadlineAt: number,
): Promise<string | undefined> {
  for (;;) {
    const rows = await mailtrail.query(question.query, question.group);
    const wrong = difference(question.answer(facts), rows);
    if (wrong === undefined || Date.now() > deadlineAt) return wrong;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** What the questions' answers lack; empty when all are as they must be. */
export async function checkAnswers(mailtrail: Mailtrail, facts: StoryFacts): Promise<string[]> {
  const deadlineAt = Date.now() + ANSWER_DEADLINE_MS;
  const problems: string[] = [];
  for (const question of QUESTIONS) {
    const wrong = await untilAnswered(mailtrail, question, facts, deadlineAt).catch(String);
    if (wrong !== undefined) problems.push(`${question.title}\n${question.query}\n${wrong}`);
  }
  return problems;
}

/** A question's command line, to be copied into a shell. */
export function shellCommand(mailtrail: Mailtrail, question: Question): string {
  const within =
    question.group === undefined
      ? ''
      : ` \\\n    --log-group ${mailtrail.groupName(question.group)}`;
  return `node dist/main.js query '${question.query}'${within}`;
}

/** All questions with their commands and answers as tables. */
export async function showAnswers(
  mailtrail: Mailtrail,
  write: (text: string) => void,
): Promise<void> {
  for (const question of QUESTIONS) {
    const { group } = question;
    const within = group === undefined ? [] : ['--log-group', mailtrail.groupName(group)];
    const arguments_ = ['query', question.query, ...within, '--output', 'table'];
    const table = await mailtrail.command(arguments_);
    write(
      `\n${question.title}\n\n  $ ${shellCommand(mailtrail, question)}\n\n${table.trimEnd()}\n`,
    );
  }
}

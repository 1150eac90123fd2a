// What an administrator asks after the complaint, as queries, each with what the answer must be.
import { NORDLYS } from '../test/servers/organization.ts';
import { ADDRESSES } from './cast.ts';
import type { Row, StoryFacts } from './facts.ts';

export interface Question {
  /** In plain words. */
  readonly title: string;
  readonly query: string;
  /** The end of the log group's name; all groups where nothing is said. */
  readonly group?: string;
  /** The rows of the answer, in any order. */
  readonly answer: (facts: StoryFacts) => readonly Row[];
}

const BOB = `bob@${NORDLYS.domain}`;

function only(rows: readonly Row[], where: Row): Row[] {
  return rows.filter((row) => Object.entries(where).every(([key, value]) => row[key] === value));
}

function without(rows: readonly Row[], ...keys: readonly string[]): Row[] {
  return rows.map((row) =>
    Object.fromEntries(Object.entries(row).filter(([key]) => !keys.includes(key))),
  );
}

/** How often each row is there, as `stats count(*) as NAME by …` answers. */
function counted(rows: readonly Row[], name: string): Row[] {
  const counts = new Map<string, number>();
  for (const row of rows) {
    const key = JSON.stringify(row);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts].map(([key, count]) => ({ ...(JSON.parse(key) as Row), [name]: `${count}` }));
}

/** The questions in the order in which one leads to the next. */
export const QUESTIONS: readonly Question[] = [
  {
    title: 'Whose sign-ins failed, from where, and why?',
    query:
      'fields user, source_ip, protocol, auth_successful, auth_failed_reason | filter auth_successful = 0',
    answer: (facts) => facts.failedSignIns,
  },
  {
    title: 'Who was refused by an access rule, and by which?',
    query:
      'fields user_id, source_ip, protocol, rule_id, access_granted | filter access_granted = 0',
    answer: (facts) => facts.refusals,
  },
  {
    title: "Who signed in to bob's mailbox, from where and with which program?",
    query: `filter user_id = "${BOB}" and auth_successful = 1 | stats count(*) as sign_ins by source_ip, protocol, user_agent | sort source_ip, protocol`,
    group: 'authentication',
    answer: (facts) =>
      counted(without(only(facts.signIns, { user_id: BOB }), 'user_id'), 'sign_ins'),
  },
  {
    title: `What did ${ADDRESSES.stranger} read, move and delete there?`,
    query: `fields @timestamp, action, command, item_id, destination_path, subject | filter user_id = "${BOB}" and source_ip = "${ADDRESSES.stranger}" and action in ["read", "move", "delete"] | sort @timestamp`,
    group: 'mailbox-access',
    answer: (facts) => without(facts.mailboxActions, 'user_id', 'source_ip'),
  },
  {
    title: "Which messages are these? What came into bob's INBOX:",
    query: `fields item_id, subject, message_id | filter owner_id = "${BOB}" and action = "create" and folder_path = "INBOX" | sort @timestamp`,
    group: 'mailbox-access',
    answer: (facts) => facts.arrivals,
  },
  {
    title: 'Did anybody change a Sieve rule?',
    query:
      'fields user_id, source_ip, protocol, action, command, item_id | filter object_type = "SieveScript" and action in ["create", "update", "delete"] | sort @timestamp',
    group: 'mailbox-access',
    answer: (facts) => facts.scriptChanges,
  },
  {
    title: 'What did that rule hide?',
    query:
      'fields user_id, event.subject, event.targetFolder | filter event.eventName = "RULE_APPLIED" | sort @timestamp',
    group: 'email-events',
    answer: (facts) => facts.hiddenMessages,
  },
  {
    title: `What was sent as bob from ${ADDRESSES.stranger}, and did it arrive?`,
    query: `fields event.eventName, event.recipient, event.subject | filter user_id = "${BOB}" and source_ip = "${ADDRESSES.stranger}" and event.eventName in ["OUTGOING_EMAIL_SENT", "OUTGOING_EMAIL_BOUNCED"] | sort @timestamp`,
    group: 'email-events',
    answer: (facts) => without(facts.sentMessages, 'user_id', 'source_ip'),
  },
  {
    title: 'Who else entered a mailbox that is not theirs?',
    query:
      'fields impersonator_id, user_id, source_ip, protocol, action, item_id | filter ispresent(impersonator_id) and (auth_successful = 1 or action = "read") | sort @timestamp',
    answer: (facts) => facts.impersonations,
  },
];

function shown(row: Row): string {
  return Object.entries(row)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}

/**
 * What is wrong with an answer; undefined when it is the expected one. Order does not matter, nor do
 * fields that the expected row does not name.
 */
export function difference(expected: readonly Row[], found: readonly Row[]): string | undefined {
  const left = [...found];
  const missing: Row[] = [];
  for (const row of expected) {
    const wanted = Object.entries(row);
    const at = left.findIndex((each) => wanted.every(([name, v]) => (each[name] ?? '') === v));
    if (at >= 0) left.splice(at, 1);
    else missing.push(row);
  }
  if (missing.length === 0 && left.length === 0) return undefined;
  return [
    `expected ${expected.length} rows, found ${found.length}:`,
    ...missing.map((row) => `  missing    ${shown(row)}`),
    ...left.map((row) => `  unexpected ${shown(row)}`),
  ].join('\n');
}

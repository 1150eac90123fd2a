// Targets: what an unauthenticated client can put into a question about access (its user name, its IMAP ID,
// its HELO, its envelope) must not open anything, make the answer more than it is, or leave a record that
// cannot be kept.
import fc from 'fast-check';
import {
  accessEvents,
  evaluate,
  UNCONTROLLED,
  type AccessInForce,
} from '../../src/access/evaluation.ts';
import { compilePolicy } from '../../src/access/policy.ts';
import { createPolicyHandler } from '../../src/collect/dovecot/policy.ts';
import { PolicyRequestError } from '../../src/collect/dovecot/policy-request.ts';
import {
  policyAction,
  submissionAttempt,
  submissionDetails,
} from '../../src/collect/postfix/policy-decision.ts';
import { policyAnswer, PolicyRequestReader } from '../../src/collect/postfix/policy-protocol.ts';
import type { AuditEvent } from '../../src/event/audit-event.ts';
import { admitRecord } from '../../src/event/admit.ts';
import { MemoryIntake } from '../collect/memory-intake.ts';
import { hostileText, sanitized } from './hostile-text.ts';
import type { FuzzTarget } from './target.ts';

const NOW_MS = Date.UTC(2026, 10, 24);
const ALICE = 'alice@example.test';
/** A stranger that the hook waits for longer than this holds up a sign-in, in ms. */
const LONG_MS = 1000;
/** Postfix sends no line of its policy protocol that is longer. */
const ATTRIBUTE_CHARS_MAX = 2_000;

/** Alice may come in, with one program, and nobody else; her mailbox is no master user's. */
const ACCESS: AccessInForce = {
  rulings: compilePolicy({
    rules: [{ name: 'OnlyAlice', effect: 'ALLOW', userIds: [ALICE] }],
    deviceRules: [{ id: 'd', name: 'Ours', effect: 'ALLOW', deviceTypes: ['Ours'] }],
    overrides: [],
    roles: [],
  }),
  roleOf: () => undefined,
  deviceProtocols: new Set(['imap']),
};
/** The same for master users whom nobody gave a role. */
const UNCONTROLLED_ACCESS: AccessInForce = { ...ACCESS, roleOf: () => UNCONTROLLED };

const ANSWER = /^[\x20-\x7e]*$/;

function mustBe(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

function mustBeKept(events: readonly AuditEvent[]): void {
  for (const event of events) {
    const admission = admitRecord(JSON.stringify(event), NOW_MS);
    if (!admission.ok) throw new Error(`the record is refused: ${JSON.stringify(admission)}`);
  }
}

/** A name that a client may type: hostile, or almost Alice's. */
const name = fc.oneof(
  { weight: 4, arbitrary: hostileText },
  { weight: 1, arbitrary: hostileText.map((text) => ALICE + text) },
  { weight: 1, arbitrary: hostileText.map((text) => text + ALICE) },
  { weight: 1, arbitrary: fc.constantFrom(ALICE, ALICE.toUpperCase(), ` ${ALICE}`, '', '*') },
);

const programId = fc.oneof(
  hostileText,
  hostileText.map((text) => `"name" "Our${text}`),
  hostileText.map((text) => `"name" "x" "name" "Ours" "${text}`),
  fc.constantFrom('', '"name" "Ours" "version" "1"', '"name" "$NONE"', '("name" NIL)'),
);

const question = fc.record({
  login: name,
  user: name,
  orig_user: name,
  login_user: fc.option(name, { nil: '' }),
  master_user: fc.option(name, { nil: '' }),
  device_id: programId,
  protocol: fc.oneof(fc.constantFrom('imap', 'pop3', 'submission', 'smtp'), hostileText),
  session_id: hostileText,
  remote: fc.oneof(fc.constant('192.0.2.7'), hostileText),
  rport: fc.oneof(fc.constant('4711'), hostileText),
});

type Question = Readonly<Record<string, string>>;

/** What the rules say of the question, seen without the handler: who, and by which program. */
function mayComeIn(asked: Question): boolean {
  const { login_user: owner = '', user = '', login = '' } = asked;
  const who = (owner || user || login).slice(0, 1000).toLowerCase();
  return who === ALICE;
}

/** Dovecot's question: only Alice is ever let in, and a master user without a role never is. */
const dovecotAccess: FuzzTarget = {
  name: 'dovecot-access',
  property: () =>
    fc.asyncProperty(question, fc.boolean(), async (asked, controlled) => {
      const intake = new MemoryIntake();
      const handler = createPolicyHandler({
        access: () => (controlled ? ACCESS : UNCONTROLLED_ACCESS),
        intake,
        clock: { now: () => NOW_MS, after: () => ({ cancel: () => {} }) },
      });
      const beforeMs = performance.now();
      try {
        const { status, msg } = await handler.handle('allow', asked);
        mustBe(ANSWER.test(msg) && msg.length < 300, `the message is ${JSON.stringify(msg)}`);
        if (status === 0) {
          mustBe(mayComeIn(asked), 'somebody else was let in');
          mustBe(!controlled || asked['master_user'] === '', 'a master user was let in');
        }
      } catch (error) {
        if (!(error instanceof PolicyRequestError)) throw error;
      }
      mustBe(performance.now() - beforeMs < LONG_MS, 'it took too long');
      mustBeKept(intake.journal.events);
    }),
};

const submission = fc.record({
  helo_name: hostileText,
  sender: hostileText,
  recipient: hostileText,
  client_name: hostileText,
  size: fc.oneof(fc.constantFrom('0', '408', '99999999999999999999'), hostileText),
  sasl_username: name,
  client_address: fc.oneof(fc.constant('192.0.2.7'), hostileText),
});

/** Postfix's question, in pieces of any size: the same answer whatever HELO and envelope say, in one line. */
const postfixAccess: FuzzTarget = {
  name: 'postfix-access',
  property: () =>
    fc.property(submission, fc.integer({ min: 1, max: 400 }), (asked, chunkBytes) => {
      const lines = Object.entries({ request: 'smtpd_access_policy', ...asked }).map(
        ([key, text]) => `${key}=${sanitized(text, ATTRIBUTE_CHARS_MAX)}`,
      );
      const stream = Buffer.from(`${lines.join('\n')}\n\n`);
      const reader = new PolicyRequestReader();
      let answered = 0;
      for (let at = 0; at < stream.length; at += chunkBytes) {
        for (const attributes of reader.take(stream.subarray(at, at + chunkBytes))) {
          answered++;
          const attempt = submissionAttempt(attributes, NOW_MS);
          const verdict = evaluate(ACCESS, attempt);
          const answer = policyAnswer(policyAction(verdict));
          mustBe(/^action=[\x20-\x7e]+\n\n$/.test(answer), `the answer is ${answer}`);
          const isAlice = sanitized(asked.sasl_username, 1000).toLowerCase() === ALICE;
          mustBe((verdict.effect === 'ALLOW') === isAlice, `it is ${verdict.effect}`);
          mustBeKept(accessEvents(attempt, verdict, submissionDetails(attributes)));
        }
      }
      mustBe(answered === 1, `${answered} requests were read`);
    }),
};

export const ACCESS_TARGETS: readonly FuzzTarget[] = [dovecotAccess, postfixAccess];

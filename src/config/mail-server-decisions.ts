// How the mail servers use Mailtrail's decisions: when Dovecot asks, and what either does when nobody
// answers. Mailtrail only prints these into their configuration; they are theirs to keep.
import { setting } from './setting.ts';

/** When Dovecot asks whether somebody may sign in. */
export type AskRules = 'before-password' | 'after-password';
/** What happens when Mailtrail does not answer: fail open or fail closed. */
export type WhenDown = 'allow' | 'refuse';

const ASK_RULES: readonly AskRules[] = ['before-password', 'after-password'];
const WHEN_DOWN: readonly WhenDown[] = ['allow', 'refuse'];

function whenDown(what: string) {
  return setting<WhenDown>(
    {
      about:
        `${what} while Mailtrail cannot be reached: \`allow\` (fail open, rules are not enforced ` +
        'meanwhile) or `refuse` (fail closed). For "mailtrail print-config".',
      expects: `one of ${WHEN_DOWN.join(', ')}`,
    },
    (text) => WHEN_DOWN.find((choice) => choice === text),
    'allow',
  );
}

/** Of the section `dovecot`. */
export const dovecotDecisions = {
  askRules: setting<AskRules>(
    {
      about:
        'When Dovecot asks the rules. `before-password`: every attempt is on record with its decision, and a stranger who guesses ' +
        'passwords sees the message of the rule that refuses him. `after-password`: only who has the right password is ' +
        'asked about, so that being refused by a rule tells him that it is right. For "mailtrail print-config".',
      expects: `one of ${ASK_RULES.join(', ')}`,
    },
    (text) => ASK_RULES.find((choice) => choice === text),
    'before-password',
  ),
  whenDown: whenDown('Whether people can sign in'),
};

/** Of the section `postfix`. */
export const postfixDecisions = {
  whenDown: whenDown('Whether mail can be handed in and delivered'),
};

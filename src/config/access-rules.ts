// `access.rules`: what a rule may say is decided in access/, here each problem gets its place.
import { z } from 'zod';
import type { AccessRule } from '../access/decision.ts';
import { RULE_FIELDS, validateRule } from '../access/rule.ts';
import { SETTING_META, wrongValue, type SettingMeta } from './setting.ts';
import { nearest } from './suggest.ts';

/** WorkMail takes 10 rules; a decision over 1,000 stays below 10 µs, and that bounds a slip. */
export const RULES_MAX = 1000;

const META: SettingMeta = {
  about:
    'Access rules, as WorkMail has them: `name`, `effect` (`ALLOW` or `DENY`), `description`, and the conditions ' +
    '`actions`, `notActions` (protocols), `ipRanges`, `notIpRanges`, `userIds`, `notUserIds`, ' +
    '`impersonationRoleIds`, `notImpersonationRoleIds`, and beyond WorkMail `groups`, `countries`, `networks`, ' +
    '`hours`, `senders`, `messageSizes` and their `not` forms. A rule applies when all its conditions hold; any applying `DENY` refuses, ' +
    'unless it has `dryRun: true`, which only records; what no rule denies is allowed.',
  expects: `a list of at most ${RULES_MAX} rules`,
  advice: 'begin each rule with "- name: …"',
  defaultNote: 'none: everything is allowed and recorded',
  example:
    '[{ name: BlockImapOutside, effect: DENY, actions: [IMAP], notIpRanges: [192.0.2.0/24], notUserIds: [bob] }]',
};

/** `ipRanges[2]` as a path. */
function pathOf(text: string): (string | number)[] {
  const parts = text.match(/[^.[\]]+/g) ?? [];
  return parts.map((part) => (/^\d+$/.test(part) ? Number(part) : part));
}

const rule = z.unknown().transform((input, context): AccessRule => {
  const validation = validateRule(input);
  if (validation.ok) return validation.rule;
  for (const { path, message } of validation.problems) {
    const known = path === '' || RULE_FIELDS.some((field) => field === pathOf(path)[0]);
    const near = known ? undefined : nearest(path, RULE_FIELDS);
    context.addIssue({
      code: 'custom',
      path: known ? pathOf(path) : [path],
      message: near === undefined ? message : `unknown key; did you mean "${near}"?`,
      params: known ? {} : { at: 'key' },
    });
  }
  return z.NEVER;
});

type RuleList = z.ZodArray<z.ZodPipe<z.ZodUnknown, z.ZodTransform<AccessRule>>>;

/** The setting; names must differ, since a decision names its rule. */
export function accessRulesSetting(): z.ZodPrefault<RuleList> {
  const schema = z
    .array(rule, { error: ({ input }) => wrongValue(META, input) })
    .superRefine((rules, context) => {
      if (rules.length > RULES_MAX) {
        context.addIssue({ code: 'custom', message: wrongValue(META, rules) });
      }
      const seen = new Map<string, number>();
      rules.forEach(({ name }, index) => {
        const first = seen.get(name);
        if (first === undefined) seen.set(name, index);
        else {
          const message = `expected a name of its own, found "${name}" again (rule ${first + 1} has it); rename one of them`;
          context.addIssue({ code: 'custom', path: [index, 'name'], message });
        }
      });
    })
    .prefault([]);
  SETTING_META.add(schema, META);
  return schema;
}

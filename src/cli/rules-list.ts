// `mailtrail rules list`: the access control rules.
import { ApiClient } from './api-client.ts';
import type { Call } from './command.ts';
import { safeJson } from './escape.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { resultWriter } from './result-writer.ts';
import { conditionsText, fetchRules, type ListedRule } from './rules.ts';

function forPeople(rule: ListedRule): Map<string, string> {
  const notes = [
    rule.dryRun === true ? 'only recorded' : '',
    rule.declared === true ? 'declared in the configuration' : '',
  ];
  return new Map([
    ['name', rule.name],
    ['effect', rule.effect],
    ['changed', new Date(rule.modifiedAtMs).toISOString().slice(0, 'YYYY-MM-DD'.length)],
    ['note', notes.filter((note) => note !== '').join(', ')],
    ['when', conditionsText(rule)],
  ]);
}

/** Prints all rules. */
export async function run(call: Call): Promise<ExitCode> {
  const rules = await fetchRules(await ApiClient.find(call));
  const { stdout, stderr } = call.world;
  switch (call.options.text('output')) {
    case 'json':
      await stdout.write(`${safeJson(rules)}\n`);
      return EXIT.ok;
    case 'ndjson':
      for (const rule of rules) await stdout.write(`${safeJson(rule)}\n`);
      return EXIT.ok;
    default:
  }
  if (rules.length === 0) {
    await stderr.write(
      'There is no rule, so nobody may do anything; "mailtrail rules put Default --effect ALLOW" lets everybody in.\n',
    );
    return EXIT.ok;
  }
  const writer = resultWriter(call);
  await writer.begin(['name', 'effect', 'changed', 'note', 'when']);
  for (const rule of rules) await writer.row(forPeople(rule));
  await writer.end();
  return EXIT.ok;
}

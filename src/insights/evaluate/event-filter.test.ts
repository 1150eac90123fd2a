import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Choices, numbers } from '../../../test/conformance/reference/choices.ts';
import { Evaluator } from '../../../test/conformance/reference/evaluate.ts';
import { FIRST_MS, recordsBy } from '../../../test/conformance/reference/event-sets.ts';
import { ExpressionMaker } from '../../../test/conformance/reference/typed-expressions.ts';
import { holds } from '../../../test/conformance/reference/values.ts';
import { admitRecord } from '../../event/admit.ts';
import type { AuditEvent } from '../../event/audit-event.ts';
import { canonicalJson } from '../../event/canonical-json.ts';
import { parseQuery } from '../index.ts';
import { compileEventFilter } from './event-filter.ts';

const SEED = 20_261_123;
const NOW_MS = FIRST_MS + 400 * 86_400_000;

const SIGN_IN = {
  event_timestamp: Date.UTC(2026, 10, 23, 12),
  auth_successful: false,
  user_id: 'ann@acme.example',
  protocol: 'IMAP',
  source_ip: '192.0.2.7',
  source_port: 40_492,
  note: { tries: 3, tags: ['a', 'b'] },
};

function matches(filter: string, event: object = SIGN_IN): boolean {
  const compiled = compileEventFilter(filter);
  if (!compiled.ok) throw new Error(compiled.error.message);
  return compiled.matches(event as Readonly<Record<string, unknown>>);
}

test.each([
  ['protocol = "IMAP" and auth_successful = 0', true],
  ['filter protocol in ["POP3", "SMTP"]', false],
  ['where user_id like /(?i)^ANN@/ and isIpInSubnet(source_ip, "192.0.2.0/24")', true],
  ['source_port > 1024 and source_port < "50000"', true],
  ['ispresent(note.tries) and note.tags.1 = "b"', true],
  ['"a" in note.tags', true],
  ['@timestamp >= 1795435200000 and @message like "192.0.2.7"', true],
  ['nothing = 1', false],
  ['nothing != 1', true],
  ['not (nothing like /x/)', true],
  ['tolower(protocol) = "imap" and strlen(protocol) = 4', true],
])('%s', (filter, expected) => {
  expect(matches(filter)).toBe(expected);
});

test.each([
  ['protocol =', /./, 10, 10],
  ['fields protocol', /./, 7, 15],
  ['protocol = "IMAP" | stats count(*)', /single filter command/, 20, 34],
  ['bin(5m) = 1', /bin cannot be asked of one event/, 0, 7],
  ['md5(protocol) = "x"', /md5 needs the engine/, 0, 13],
  ['count(*) > 1', /aggregate function count/, 0, 8],
  ['protocol in (filter x = 1 | fields protocol)', /needs the engine/, 13, 43],
  ['@log = "x"', /@log is not known/, 0, 4],
  ['filter nothing(1)', /unknown function nothing/, 7, 17],
])('refuses %s', (filter, message, start, end) => {
  const compiled = compileEventFilter(filter);
  expect(compiled).toMatchObject({ ok: false, error: { start, end } });
  expect(!compiled.ok && compiled.error.message).toMatch(message);
});

function admitted(record: object): AuditEvent {
  const admission = admitRecord(JSON.stringify(record), NOW_MS);
  if (!admission.ok) throw new Error(admission.reason);
  return JSON.parse(admission.line) as AuditEvent;
}

/** Makes conditions where rows are events. */
class ConditionMaker extends ExpressionMaker {
  made(): string {
    return this.expression('boolean', 3);
  }
}

test('says of every event what the reference says, which agrees with the engine', () => {
  const [numbersOfSet = []] = fc.sample(numbers(2000, 2000), { numRuns: 1, seed: SEED });
  const events = recordsBy(new Choices(numbersOfSet), 40).map(admitted);
  const evaluator = new Evaluator({ nowMs: NOW_MS, startMs: 0, endMs: NOW_MS });
  let asked = 0;
  const property = fc.property(numbers(0, 60), (numbersOfCondition) => {
    const text = `filter ${new ConditionMaker(new Choices(numbersOfCondition)).made()}`;
    const compiled = compileEventFilter(text);
    const parsed = parseQuery(text);
    if (!compiled.ok || !parsed.ok) return;
    const [command] = parsed.ast.commands;
    if (command?.kind !== 'filter') throw new Error('no filter was made');
    asked++;
    for (const [position, event] of events.entries()) {
      const message = canonicalJson(event);
      const system = { ingestedMs: NOW_MS, log: 'l', stream: 's', account: 'a', declared: true };
      const row = {
        event: { ...system, position, timeMs: event.event_timestamp, message },
        names: new Map(),
      };
      const expected = holds(evaluator.value(command.condition, row));
      const found = compiled.matches(JSON.parse(message) as Readonly<Record<string, unknown>>);
      expect([text, message, found]).toEqual([text, message, expected]);
    }
  });
  fc.assert(property, { numRuns: 4000, seed: SEED });
  expect(asked).toBeGreaterThan(1000);
});

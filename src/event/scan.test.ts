import fc from 'fast-check';
import { expect, test } from 'vitest';
import { admitRecord } from './admit.ts';
import { LOG_TYPE_SPECS } from './log-type.ts';
import { Scanner } from './scan.ts';

const NOW = 1_795_401_684_000;
const scanner = new Scanner();

function accepts(text: string): boolean {
  const bytes = Buffer.from(text);
  return scanner.accepts(bytes, 0, bytes.length, NOW);
}

const AUTH = `{"log_type":"AUTHENTICATION_LOGS","event_timestamp":${NOW},"auth_successful":true`;

test.each([
  ['plain', `${AUTH}}`],
  [
    'another order',
    `{"auth_successful":false, "event_timestamp":${NOW}, "log_type":"AUTHENTICATION_LOGS"}`,
  ],
  ['simple escapes and other scripts', String.raw`${AUTH},"user":"a\"b\\c\/ Ærøskøbing 😀"}`],
  [
    'a nested object and an array',
    `{"log_type":"EMAIL_EVENT_LOGS","event_timestamp":${NOW},"event":{"eventName":"OUTGOING_EMAIL_SENT","recipients":["a","b"]}}`,
  ],
])('accepts %s', (_name, text) => {
  expect(accepts(text)).toBe(true);
  expect(admitRecord(text, NOW).ok).toBe(true);
});

test.each([
  ['an unknown field', `${AUTH},"country":"NO"}`],
  ['a doubled field', `${AUTH},"auth_successful":false}`],
  ['a \\u escape', String.raw`${AUTH},"user":"\u0041"}`],
  ['null', `${AUTH},"user":null}`],
  ['a number with an exponent', `${AUTH},"source_port":1e3}`],
  ['a leading zero', `${AUTH},"source_port":01}`],
  ['sixteen digits', `${AUTH},"source_port":1234567890123456}`],
  ['a control character', `${AUTH},"user":"a\u0001"}`],
  ['a field of another log type', `${AUTH},"rule_id":"x"}`],
  [
    'a value outside a closed vocabulary',
    `{"log_type":"ACCESS_CONTROL_LOGS","event_timestamp":${NOW},"access_granted":true,"scope":"Other"}`,
  ],
  ['no log type', `{"event_timestamp":${NOW},"auth_successful":true}`],
  ['an unknown log type', `{"log_type":"X","event_timestamp":${NOW}}`],
  ['a missing required field', `{"log_type":"AUTHENTICATION_LOGS","event_timestamp":${NOW}}`],
  ['a trailing comma', `${AUTH},}`],
  ['something after the object', `${AUTH}} x`],
  ['an open end', AUTH],
  ['an open string', `${AUTH},"user":"bo`],
  ['an escape at the end', `${AUTH},"user":"bo\\`],
  ['a word cut short', AUTH.slice(0, -2)],
  [
    'seconds',
    `{"log_type":"AUTHENTICATION_LOGS","event_timestamp":1795401684,"auth_successful":true}`,
  ],
  ['nothing', ''],
])('leaves %s to the careful half', (_name, text) => {
  expect(accepts(text)).toBe(false);
});

/** Records around the declared ones: right, slightly wrong, and hostile values in every field. */
const record = fc.constantFrom(...LOG_TYPE_SPECS).chain((spec) => {
  const value = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.boolean(),
    fc.integer(),
    fc.double(),
    fc.constant(NOW),
    fc.array(fc.string()),
    fc.constantFrom('read', 'create', 'AccessControl', 'OUTGOING_EMAIL_SENT', null),
    fc.object(),
  );
  const top = spec.fields.filter((field) => !field.path.includes('.')).map((f) => f.path);
  const nested = spec.fields.filter((f) => f.path.startsWith('event.')).map((f) => f.path.slice(6));
  const keys = (names: readonly string[]) =>
    fc.dictionary(fc.oneof(fc.constantFrom(...names), fc.string()), value, { maxKeys: 8 });
  return fc
    .tuple(keys(top), keys(nested.length > 0 ? nested : top), fc.boolean())
    .map(([fields, inner, right]) => ({
      log_type: spec.logType,
      ...(right && { event_timestamp: NOW, auth_successful: true, access_granted: true }),
      ...fields,
      ...(nested.length > 0 && { event: { eventName: 'OUTGOING_EMAIL_SENT', ...inner } }),
    }));
});

test('what it accepts, the careful half takes with the same meaning', () => {
  fc.assert(
    fc.property(record, fc.nat(), fc.nat(255), (value, place, byte) => {
      const bytes = Buffer.from(JSON.stringify(value));
      const mutated = Buffer.from(bytes);
      mutated[place % mutated.length] = byte;
      for (const candidate of [bytes, mutated]) {
        const text = candidate.toString('utf8');
        if (Buffer.compare(Buffer.from(text), candidate) !== 0) continue; // not UTF-8: never asked
        if (!accepts(text)) continue;
        const admission = admitRecord(text, NOW);
        expect(admission.ok).toBe(true);
        expect(admission.ok && JSON.parse(admission.line)).toEqual(JSON.parse(text));
      }
    }),
    { numRuns: 5000 },
  );
});

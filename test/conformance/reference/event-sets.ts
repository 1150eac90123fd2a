// Sets of records made by chance: few values, so that they meet each other, and whatever is
// awkward: missing fields, numbers as text, the same time twice, lists and maps within maps.
import { LOG_EVENT_TYPE, type LogEvent } from '../../../src/event/log-event.ts';
import type { Choices } from './choices.ts';

/** When the first event can be; a Wednesday in a leap year. */
export const FIRST_MS = Date.UTC(2024, 1, 28, 22, 59, 58, 750);

const TEXTS = [
  'a',
  'b',
  'A',
  'a1',
  'a10',
  'a9',
  '10',
  '9',
  '-1.5',
  '010',
  '1e2',
  '10.0',
  '',
  ' ',
  ' x ',
  'user=ann, id=7',
  'user=bob, id=',
  'k="v w" n=1',
  'é',
  '😀z',
  'a,b',
  '"q",r',
  'inf',
  'nan',
  '0x10',
  '+5',
  '5.',
  '.5',
  'ÄÖ',
  '10.1.2.3',
  '2001:db8::1',
  '2024-02-29 01:02:03',
  'GET /x/1 200',
  'a/b\\c',
  "it's",
  'line\nbreak',
  '[1,"a"]',
  '{"k":"v","n":{"m":2}}',
  'FFEE',
  'YQ==',
];
const ADDRESSES = [
  '10.1.2.3',
  '10.1.2.200',
  '192.168.0.1',
  '8.8.8.8',
  '2001:db8::1',
  'fd00::1',
  '::1',
];
const NUMBERS = [0, 1, 2, 3, -1, 10, 200, 0.5, 2.5, -2.5, 1e21, 1.5e-7, 123456789012];
const WHOLE = [0, 1, 2, 10, 99, 100, 4096, 123456789012];

/** Maybe the value, maybe nothing. */
function maybe<Item>(choices: Choices, make: () => Item): Item | undefined {
  return choices.once(3) ? undefined : make();
}

function anything(choices: Choices): unknown {
  return choices.of<unknown>('a', '7', 7, 1.5, true, false, null, ['x', 1], { k: 'v' });
}

function time(choices: Choices): number {
  const step = choices.of(0, 1, 250, 1000, 61_000, 3_600_000, 86_400_000, 40 * 86_400_000);
  return FIRST_MS + step * choices.below(5);
}

function text(choices: Choices): string {
  return choices.of(...TEXTS);
}

/** What no declaration knows. */
function further(choices: Choices): object {
  return {
    x: maybe(choices, () => choices.of<unknown>(...TEXTS, ...NUMBERS)),
    n: maybe(choices, () => choices.of(...NUMBERS)),
    flag: maybe(choices, () => choices.of(true, false)),
    nest: maybe(choices, () => ({
      a: anything(choices),
      b: choices.some(0, 3, () => anything(choices)),
      'k k': maybe(choices, () => text(choices)),
    })),
    lst: maybe(choices, () => choices.some(0, 3, () => choices.of<unknown>('a', 'b', 5, null))),
    maps: maybe(choices, () =>
      choices.some(0, 2, () => ({ k: text(choices), n: choices.below(3) })),
    ),
  };
}

function signIn(choices: Choices): object {
  return {
    log_type: 'AUTHENTICATION_LOGS',
    event_timestamp: time(choices),
    auth_successful: choices.of(true, false),
    user: maybe(choices, () => text(choices)),
    user_id: maybe(choices, () => choices.of('ann', 'bob', '7')),
    protocol: maybe(choices, () => choices.of('IMAP', 'SMTP', 'POP3')),
    source_ip: maybe(choices, () => choices.of(...ADDRESSES)),
    source_port: maybe(choices, () => choices.of(...WHOLE)),
    ...further(choices),
  };
}

function email(choices: Choices): object {
  return {
    log_type: 'EMAIL_EVENT_LOGS',
    event_timestamp: time(choices),
    event: {
      eventName: choices.of('OUTGOING_EMAIL_SENT', 'MAILBOX_EMAIL_DELIVERED'),
      recipients: maybe(choices, () => choices.some(1, 3, () => choices.of('a', 'b', 'c d'))),
      subject: maybe(choices, () => text(choices)),
      ruleActions: maybe(choices, () => [{ action: choices.of('MOVE', 'COPY') }]),
      z: maybe(choices, () => anything(choices)),
    },
    user_id: maybe(choices, () => choices.of('ann', 'bob', '7')),
    message_size: maybe(choices, () => choices.of(...WHOLE)),
    ...further(choices),
  };
}

/** So many records as POST /v1/events takes them. */
export function recordsBy(choices: Choices, count: number): object[] {
  return Array.from({ length: count }, () => (choices.once(3) ? email(choices) : signIn(choices)));
}

/** A message as programs write them: JSON, spread over lines perhaps, or what is none. */
function messageBy(choices: Choices): string {
  const { log_type: _, ...fields } = signIn(choices) as Record<string, unknown>;
  const json = { ...fields, '@own': maybe(choices, () => text(choices)) };
  return choices.made(
    () => JSON.stringify(json),
    () => JSON.stringify(json),
    () => JSON.stringify(json, null, 1),
    () => text(choices),
    () => `[${JSON.stringify(json)}]`,
    () => `{"user":"b","n":1.50,"x":1E3,"nest":{"a":-0.0},`,
    () => `{"user":"\\u0061\\n","n":1.50,"x":1E3,"nest":{"a":"\\ud83d\\ude00"},"lst":[ 1 , "a" ]}`,
  );
}

/** So many log events of a group as PutLogEvents takes them. */
export function putBy(choices: Choices, logGroupId: string, count: number): LogEvent[] {
  return Array.from({ length: count }, () => ({
    log_type: LOG_EVENT_TYPE,
    log_group_id: logGroupId,
    log_stream: choices.of('s', 'a1', 'a10'),
    event_timestamp: time(choices),
    message: messageBy(choices),
  }));
}

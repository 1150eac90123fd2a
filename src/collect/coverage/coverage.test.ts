// The coverage names every WorkMail field, action and email event, and says of none that it is had where
// no recorded event has it, or that it is not where one has.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { EMAIL_EVENT_NAMES } from '../../event/email-event.ts';
import { LOG_TYPE_SPECS } from '../../event/log-type.ts';
import { MAILBOX_ACTIONS } from '../../event/mailbox-access.ts';
import { coverageDocument } from './coverage-document.ts';
import {
  ACTION_COVERAGE,
  EMAIL_EVENT_COVERAGE,
  FIELD_COVERAGE,
  OTHER_SOURCES,
  type Coverage,
} from './coverage.ts';

type Event = Readonly<Record<string, unknown>>;

const ROOT = join(import.meta.dirname, '..', '..', '..');
const CORPUS = join(ROOT, 'test', 'corpus');
/** Which server told of it: of mail Dovecot speaks LMTP only, and all sign-ins are Dovecot's. */
function serverOf({ log_type, protocol }: Event): 'dovecot' | 'postfix' {
  if (log_type === 'AUTHENTICATION_LOGS') return 'dovecot';
  if (log_type === 'EMAIL_EVENT_LOGS') return protocol === 'LMTP' ? 'dovecot' : 'postfix';
  return protocol === 'SMTP' ? 'postfix' : 'dovecot';
}

function recordedEvents(): Event[] {
  return readdirSync(CORPUS, { recursive: true, encoding: 'utf8' }).flatMap((name) => {
    if (!/^(?:scenarios|dovecot|postfix)\/.*\.(?:ndjson|json)$/.test(name)) return [];
    const text = readFileSync(join(CORPUS, name), 'utf8');
    if (name.endsWith('events.ndjson')) {
      return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Event]));
    }
    return name.endsWith('.json') && !name.endsWith('commands.json')
      ? (JSON.parse(text) as Event[])
      : [];
  });
}

const EVENTS = recordedEvents();

function valueAt(event: Event, path: string): unknown {
  const [first = '', second] = path.split('.');
  const value = event[first];
  return second === undefined ? value : (value as Event | undefined)?.[second];
}

function untrue(
  coverage: Readonly<Record<string, Coverage>>,
  isShown: (name: string, server: 'dovecot' | 'postfix') => boolean,
): string[] {
  return Object.entries(coverage).flatMap(([name, cells]) =>
    (['dovecot', 'postfix'] as const).flatMap((server) => {
      const { kind } = cells[server];
      const shown = isShown(name, server);
      const wrong = kind === 'none' ? shown : kind === 'had' && !shown;
      return wrong ? [`${name} of ${server} is ${kind}, shown: ${shown}`] : [];
    }),
  );
}

test.each(LOG_TYPE_SPECS.map((spec) => [spec.logType, spec] as const))(
  '%s: every WorkMail field is covered, and truly',
  (logType, { fields }) => {
    const coverage = FIELD_COVERAGE[logType];
    if (coverage === undefined) {
      expect(OTHER_SOURCES[logType]).toBeDefined();
      return;
    }
    const ofWorkMail = fields.filter(({ origin }) => origin === 'workmail').map(({ path }) => path);
    expect(Object.keys(coverage).toSorted()).toEqual(ofWorkMail.toSorted());
    const own = EVENTS.filter((event) => event['log_type'] === logType);
    expect(own.length).toBeGreaterThan(10);
    const isShown = (path: string, server: string): boolean =>
      own.some((event) => serverOf(event) === server && valueAt(event, path) !== undefined);
    expect(untrue(coverage, isShown)).toEqual([]);
  },
);

function isActionShown(action: string, server: string): boolean {
  return EVENTS.some((event) => serverOf(event) === server && event['action'] === action);
}

function isEmailEventShown(name: string, server: string): boolean {
  return EVENTS.some(
    (event) => serverOf(event) === server && valueAt(event, 'event.eventName') === name,
  );
}

test('every mailbox action is covered, and truly', () => {
  expect(Object.keys(ACTION_COVERAGE).toSorted()).toEqual([...MAILBOX_ACTIONS].toSorted());
  expect(untrue(ACTION_COVERAGE, isActionShown)).toEqual([]);
});

test('every email event of WorkMail is covered, and truly', () => {
  const known: readonly string[] = EMAIL_EVENT_NAMES;
  expect(Object.keys(EMAIL_EVENT_COVERAGE).filter((name) => !known.includes(name))).toEqual([]);
  expect(untrue(EMAIL_EVENT_COVERAGE, isEmailEventShown)).toEqual([]);
});

test('docs/coverage.md is current', async () => {
  await expect(coverageDocument()).toMatchFileSnapshot(join(ROOT, 'docs', 'coverage.md'));
});

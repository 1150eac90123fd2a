// The table of losses against the recorded sessions: where the lines are taken out that a missing
// setting would not write, what the table names is gone, and no kind of event that it does not name.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { assemble } from '../../../test/collect/assemble.ts';
import { visible } from '../../../test/collect/visible.ts';
import { DovecotServers } from '../../collect/dovecot/servers.ts';
import type { AuditEvent } from '../../event/audit-event.ts';
import { LOG_TYPES } from '../../event/log-type.ts';
import { lossesOf, lossText, MISSING } from './losses.ts';

const TEST = join(import.meta.dirname, '..', '..', '..', 'test', 'corpus');
const RECORDED_MS = Date.UTC(2026, 10, 24);

const LOGS = [
  ...readdirSync(join(TEST, 'dovecot'))
    .filter((name) => name.endsWith('.log'))
    .map((name) => join(TEST, 'dovecot', name)),
  ...readdirSync(join(TEST, 'scenarios')).map((name) =>
    join(TEST, 'scenarios', name, 'dovecot.log'),
  ),
].flatMap((path) => {
  try {
    return [readFileSync(path, 'utf8')];
  } catch {
    return [];
  }
});

function eventsOf(log: string): readonly AuditEvent[] {
  const servers = new DovecotServers({ now: () => RECORDED_MS, sharedPrefixes: ['shared/'] });
  return visible(assemble(servers, log).events);
}

/** How many events there are of each kind, and of each kind's fields. */
function counts(logs: readonly string[]): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const event of logs.flatMap(eventsOf)) {
    const kind = 'action' in event ? `${event.log_type} ${event.action}` : event.log_type;
    for (const key of [kind, ...Object.keys(event).map((field) => `${kind} ${field}`)]) {
      found.set(key, (found.get(key) ?? 0) + 1);
    }
  }
  return found;
}

/** Whether a line would still be there. */
function isKept(line: string, missing: string): boolean {
  if (!missing.startsWith('mail_log')) return !line.includes(`"event":"${missing}"`);
  if (line.includes('"event":"') || !line.includes('box=')) return true;
  const action = missing.slice('mail_log '.length);
  // Behind the prefix only: subjects are written by strangers.
  return missing !== 'mail_log' && !new RegExp(`: Info: ${action}[: ]`).test(line);
}

const EVENT_ENDS = ['_finished', '_opened', '_expunged'];
const TAKEN_OUT = MISSING.filter((name) => {
  return (
    name === 'mail_log' ||
    /^mail_log (delete|undelete|expunge|save|copy|mailbox_\w+|flag_change)$/.test(name) ||
    EVENT_ENDS.some((end) => name.endsWith(end))
  );
});
const WHOLE = counts(LOGS);

test.each(TAKEN_OUT)('without %s', (missing) => {
  const left = counts(
    LOGS.map((log) =>
      log
        .split('\n')
        .filter((line) => isKept(line, missing))
        .join('\n'),
    ),
  );
  const fewer = (key: string): boolean => (left.get(key) ?? 0) < (WHOLE.get(key) ?? 0);
  const losses = lossesOf(missing);
  for (const { log_type: logType, actions, fields } of losses) {
    const kinds = actions?.map((action) => `${logType} ${action}`) ?? [
      ...new Set([...WHOLE.keys()].filter((key) => key.startsWith(logType))),
    ];
    const keys =
      fields === undefined ? kinds : kinds.flatMap((kind) => fields.map((f) => `${kind} ${f}`));
    expect(
      keys.filter(fewer),
      lossText({ log_type: logType, ...(actions && { actions }) }),
    ).not.toEqual([]);
  }
  // Kinds of events that are not told at all, or less often.
  const gone = [...WHOLE.keys()].filter((key) => !/ .* |_LOGS [a-z_]+ /.test(key) && fewer(key));
  const named = losses.map(({ log_type: logType, actions }) => ({ logType, actions }));
  for (const kind of gone) {
    const [logType, action] = kind.split(' ');
    if (action !== undefined && logType !== 'WORKMAIL_MAILBOX_ACCESS_LOGS') continue;
    const isNamed = named.some(
      (loss) => loss.logType === logType && (loss.actions?.includes(action ?? '') ?? true),
    );
    expect(isNamed, `${kind} is lost without ${missing}`).toBe(true);
  }
});

test('every loss names a kind of event', () => {
  for (const missing of MISSING) {
    for (const loss of lossesOf(missing)) expect(LOG_TYPES).toContain(loss.log_type);
  }
});

test('a loss that several absences have is said once; an unknown name loses nothing known', () => {
  expect(lossesOf('mail_log uid', 'mail_log box')).toHaveLength(1);
  expect(lossesOf('toString', 'something_finished')).toEqual([]);
});

test('a loss in words', () => {
  expect(lossesOf('mail_opened').map(lossText)).toEqual([
    'WORKMAIL_MAILBOX_ACCESS_LOGS: read, read_summary, read_attachment (POP3, doveadm)',
    'WORKMAIL_MAILBOX_ACCESS_LOGS: item_id of read, read_attachment (IMAP)',
  ]);
});

// Compares the events of a story told with hostile texts with those of the harmless telling: a
// field may lack when a line could be read in two ways, but no field may have another value, and
// no event may come or go.
import { headerText } from '../../src/collect/postfix/logged-header.ts';
import { isDeepStrictEqual } from 'node:util';
import type { AuditEvent } from '../../src/event/audit-event.ts';
import { USER_AGENT_LENGTH_MAX } from '../../src/collect/dovecot/user-agent.ts';
import { decodeEncodedWords } from '../../src/collect/encoded-words.ts';
import { unrevised } from '../collect/visible.ts';
import { sanitized, wellFormed } from './hostile-text.ts';
import { type Choice, type Choices, MARKS } from './stories.ts';

/** Fields that no doubt about a line may take away. */
const CERTAIN = new Set([
  'log_type',
  'event_timestamp',
  'request_id',
  'user_id',
  'protocol',
  'source_ip',
  'action',
  'action_allowed',
  'auth_successful',
  'traceId',
  'event.eventName',
]);

/** Fields in which a part of what a stranger chose is right: the address in a From header. */
const PARTS: Readonly<Record<string, Choice>> = { 'event.from': 'from' };

/** Where a header's value may go on: Postfix puts its own words and the HELO behind it, unquoted. */
const HEADER_FIELDS = new Set(['event.subject', 'subject']);
const BEHIND_HEADER = ' from ';

type Flat = ReadonlyMap<string, unknown>;

function flat(value: object, prefix = ''): Map<string, unknown> {
  const fields = new Map<string, unknown>();
  for (const [key, inner] of Object.entries(value)) {
    if (typeof inner === 'object' && inner !== null && !Array.isArray(inner)) {
      for (const [path, leaf] of flat(inner as object, `${prefix}${key}.`)) fields.set(path, leaf);
    } else fields.set(prefix + key, inner);
  }
  return fields;
}

/** The forms that a text has where it is let through: whole, printable, unfolded, decoded, cut as the servers cut. */
function forms(text: string): string[] {
  const printable = sanitized(text, Infinity);
  const cuts = [80, 200, USER_AGENT_LENGTH_MAX, 1000].flatMap((max) => [
    sanitized(text, max),
    printable.slice(0, max),
    `${text.slice(0, max)}...`,
  ]);
  const unfolded = [headerText('Subject', printable), headerText('From', printable)];
  const all = [text, printable, ...unfolded, ...cuts];
  const decoded = all.map(wellFormed).flatMap((form) => [form, decodeEncodedWords(form)]);
  return [...new Set([...all, ...decoded].flatMap((form) => [form, form.trim()]))];
}

/** A folder's name as item ids have it, written once more: nothing of it can end the name. */
function inItemId(form: string): string {
  return form.replace(/[%;\p{Cc}]/gu, encodeURIComponent);
}

/** Whether the value is the harmless one with the stranger's text in place of its mark. */
function isSameWith(
  found: unknown,
  harmless: unknown,
  choices: Choices,
  written: (form: string) => string = String,
): boolean {
  if (isDeepStrictEqual(found, harmless)) return true;
  if (Array.isArray(harmless) && Array.isArray(found)) {
    return (
      found.length === harmless.length &&
      harmless.every((item, index) => isSameWith(found[index], item, choices, written))
    );
  }
  if (typeof harmless !== 'string' || typeof found !== 'string') return false;
  const mark = (Object.keys(MARKS) as Choice[]).find((name) => harmless.includes(MARKS[name]));
  if (mark === undefined) return false;
  return forms(choices[mark])
    .map((form) => harmless.replaceAll(MARKS[mark], () => written(form)))
    .some((whole) => whole === found || isCutOf(found, whole));
}

/** At least so much of a text is there where it is marked as cut, in characters: some 200 bytes. */
const CUT_CHARS_MIN = 60;

/** Whether the text is the beginning of the whole one, marked as such. */
function isCutOf(found: string, whole: string): boolean {
  if (!found.endsWith('...') || found.length < CUT_CHARS_MIN) return false;
  return whole.startsWith(found.slice(0, -3).replace(/\uFFFD$/, ''));
}

function difference(found: Flat, harmless: Flat, choices: Choices): string | undefined {
  for (const [path, value] of found) {
    if (!harmless.has(path)) return `${path} came: ${JSON.stringify(value)}`;
    const whole = PARTS[path];
    if (whole !== undefined && sanitized(choices[whole], Infinity).includes(String(value)))
      continue;
    const header = HEADER_FIELDS.has(path) ? String(value).split(BEHIND_HEADER)[0] : undefined;
    if (header !== undefined && isSameWith(header, harmless.get(path), choices)) continue;
    const expected = harmless.get(path);
    const inId = path === 'item_id' && isSameWith(value, expected, choices, inItemId);
    if (!inId && !isSameWith(value, expected, choices)) {
      return `${path} is ${JSON.stringify(value)} instead of ${JSON.stringify(harmless.get(path))}`;
    }
  }
  for (const [path, value] of harmless) {
    if (!found.has(path) && CERTAIN.has(path)) return `${path} lacks: ${JSON.stringify(value)}`;
  }
  return undefined;
}

/** What was done, which no text may change. */
function kindOf(event: AuditEvent): string {
  const fields = flat(event);
  const names = ['log_type', 'action', 'command', 'object_type', 'event.eventName'];
  return JSON.stringify(names.map((name) => fields.get(name) ?? ''));
}

/**
 * The events of the same kind next to each other, in the order in which they were told: how long an
 * event waits for another line depends on texts, too.
 */
function byKind(events: readonly AuditEvent[]): AuditEvent[] {
  return events
    .map((event) => ({ kind: kindOf(event), event: unrevised(event) }))
    .toSorted((a, b) => (a.kind < b.kind ? -1 : a.kind > b.kind ? 1 : 0))
    .map(({ event }) => event);
}

/** What a stranger's texts changed that they must not; undefined when nothing. */
export function forgery(
  foundEvents: readonly AuditEvent[],
  harmlessEvents: readonly AuditEvent[],
  choices: Choices,
): string | undefined {
  const found = byKind(foundEvents);
  const harmless = byKind(harmlessEvents);
  const shared = Math.min(found.length, harmless.length);
  for (let i = 0; i < shared; i++) {
    const problem = difference(flat(found[i] ?? {}), flat(harmless[i] ?? {}), choices);
    if (problem !== undefined) {
      return `event ${i}: ${problem}\n  found    ${JSON.stringify(found[i])}\n  harmless ${JSON.stringify(harmless[i])}`;
    }
  }
  if (found.length === harmless.length) return undefined;
  return `${found.length} events instead of ${harmless.length}: ${JSON.stringify(found.slice(shared))}${JSON.stringify(harmless.slice(shared))}`;
}

// The line an event becomes in the journal.
import type { AuditEvent } from './audit-event.ts';
import type { LogEvent } from './log-event.ts';

/**
 * JSON.stringify writes a lone surrogate as an escape that other JSON readers refuse. A pair is
 * written as the character itself, so every such escape in its output is a lone one; `\\` is
 * matched first so that an escaped backslash in front of `ud800` is left alone.
 */
const LONE_SURROGATE = /\\\\|\\ud[89a-f][0-9a-f]{2}/g;

/** The event as a journal line with its newline; lone surrogates become U+FFFD. */
export function journalLine(
  event: AuditEvent | LogEvent | Readonly<Record<string, unknown>>,
): string {
  const json = JSON.stringify(event);
  if (!json.includes('\\ud')) return `${json}\n`;
  return `${json.replace(LONE_SURROGATE, (m) => (m === '\\\\' ? m : '\ufffd'))}\n`;
}

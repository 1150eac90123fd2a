// The journal as the collectors see it: events become lines, and every event says whose it is.
import { setImmediate } from 'node:timers/promises';
import type { Intake } from './collect/collector.ts';
import type { AuditEvent } from './event/audit-event.ts';
import { journalLine } from './event/journal-line.ts';
import type { Checkpoint, Journal, Position } from './journal/journal.ts';

/**
 * How many events become lines in one turn of the event loop, some 1 ms: a log's backlog comes in
 * batches of several times as many, and the milter and the policy services have to answer meanwhile.
 */
export const EVENTS_AT_A_TIME = 100;
const NO_LINES = new Uint8Array(0);

/**
 * An intake that writes to the journal and fills in the organization where a collector left it out.
 *
 * @param append the journal's, or what stands before it
 */
export function createIntake(
  journal: Pick<Journal, 'append' | 'checkpoint'>,
  organizationArn: string,
): Intake {
  const linesOf = (events: readonly AuditEvent[]): string =>
    events.map((event) => journalLine({ organization_arn: organizationArn, ...event })).join('');

  /** Who hands in more than one turn's worth has just made all these events: others come first. */
  async function linesInTurns(events: readonly AuditEvent[]): Promise<string> {
    let text = '';
    for (let from = 0; from < events.length; from += EVENTS_AT_A_TIME) {
      await setImmediate();
      text += linesOf(events.slice(from, from + EVENTS_AT_A_TIME));
    }
    return text;
  }

  return {
    async accept(events: readonly AuditEvent[], checkpoint?: Checkpoint): Promise<Position> {
      const many = events.length > EVENTS_AT_A_TIME;
      const text = many ? await linesInTurns(events) : linesOf(events);
      return journal.append({
        lines: events.length === 0 ? NO_LINES : Buffer.from(text),
        count: events.length,
        ...(checkpoint && { checkpoint }),
      });
    },
    checkpoint: (source) => journal.checkpoint(source),
  };
}

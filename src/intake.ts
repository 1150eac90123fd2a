// The journal as the collectors see it: events become lines, and every event says whose it is.
import type { Intake } from './collect/collector.ts';
import type { AuditEvent } from './event/audit-event.ts';
import { journalLine } from './event/journal-line.ts';
import type { Checkpoint, Journal, Position } from './journal/journal.ts';

const NO_LINES = new Uint8Array(0);

/** An intake that writes to the journal and fills in the organization where a collector left it out. */
export function createIntake(journal: Journal, organizationArn: string): Intake {
  return {
    accept(events: readonly AuditEvent[], checkpoint?: Checkpoint): Promise<Position> {
      let text = '';
      for (const event of events)
        text += journalLine({ organization_arn: organizationArn, ...event });
      return journal.append({
        lines: events.length === 0 ? NO_LINES : Buffer.from(text),
        count: events.length,
        ...(checkpoint && { checkpoint }),
      });
    },
    checkpoint: (source) => journal.checkpoint(source),
  };
}

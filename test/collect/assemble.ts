// Runs an assembler over the lines of a log, as the collectors do, without files and time.
import type { AuditEvent } from '../../src/event/audit-event.ts';
import { unframe } from '../../src/collect/framing/line-frame.ts';
import { PLACES_OF_BYTE } from '../../src/collect/holdings.ts';
import type { Assembler } from '../../src/collect/log-collector.ts';

export interface Assembled {
  readonly events: AuditEvent[];
  readonly rejected: string[];
}

/** The events of a whole log; what is still held at its end is told then. */
export function assemble(assembler: Assembler, log: Buffer | string): Assembled {
  const bytes = typeof log === 'string' ? Buffer.from(log) : log;
  const events: AuditEvent[] = [];
  const rejected: string[] = [];
  let start = 0;
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
    const framed = unframe(bytes, start, end) ?? { bytes: bytes.subarray(start, end), times: 1 };
    for (let n = 0; n < framed.times; n++) {
      const at = start + n / PLACES_OF_BYTE;
      const outcome = assembler.take(framed.bytes, 0, framed.bytes.length, at, true, events);
      if (outcome === 'rejected') rejected.push(bytes.toString('utf8', start, end));
    }
    start = end + 1;
  }
  assembler.holdings.release(Infinity, events);
  return { events, rejected };
}

/** Events one to a line, so that a change shows as the line it is. */
export function goldenOf(events: readonly AuditEvent[]): string {
  return `[\n${events.map((event) => JSON.stringify(event)).join(',\n')}\n]\n`;
}

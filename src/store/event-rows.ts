// From the engine's text to rows. A slice of text is small enough that parsing it never holds up
// the event loop; whoever takes the rows decides the pace.
import type { Row } from './event-store.ts';

/** Rows of one slice of JSONCompactEachRow text: whole lines, each an array. */
export function parseRows(text: string): Row[] {
  const rows: Row[] = [];
  for (let at = 0; at < text.length;) {
    const newline = text.indexOf('\n', at);
    const end = newline < 0 ? text.length : newline;
    if (end > at) rows.push(JSON.parse(text.slice(at, end)) as Row);
    at = end + 1;
  }
  return rows;
}

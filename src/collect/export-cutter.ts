// Cuts a log in systemd's Journal Export Format into lines, one of each record and as long as it is, so
// that the places of lines are those of records.
import { ExportScanner, lineOfRecord } from './framing/export-record.ts';
import { type Cutter, type CutLines, LINE_BYTES_MAX, QUOTED_BYTES } from './line-cutter.ts';

const NEWLINE = 0x0a;
const NOTHING: Buffer = Buffer.alloc(0);

/** See the head of this file. A record longer than a line may be is skipped and counted. */
export class ExportCutter implements Cutter {
  readonly #scanner = new ExportScanner();
  /** The beginning of a record. */
  #rest = NOTHING;
  /** The place of the first byte that was not handed out, of the rest if there is one. */
  #at: number;
  #skippingFrom: number | undefined;

  constructor(at: number) {
    this.#at = at;
  }

  get place(): number {
    return this.#skippingFrom ?? this.#at;
  }

  get readTo(): number {
    return this.#at + this.#rest.length;
  }

  take(chunk: Buffer): CutLines | undefined {
    const lines: Buffer[] = [];
    const overlong: Buffer[] = [];
    let from = 0;
    let at = this.#at;
    for (;;) {
      const end = this.#scanner.scan(chunk, from);
      if (end < 0) break;
      const record = Buffer.concat([this.#rest, chunk.subarray(from, end)]);
      this.#rest = NOTHING;
      this.#at += record.length;
      from = end;
      if (this.#skippingFrom === undefined && record.length <= LINE_BYTES_MAX) {
        lines.push(lineOfRecord(record));
        continue;
      }
      // Only the first one can be so long, as the others are within what was read at once.
      if (this.#skippingFrom === undefined) overlong.push(record.subarray(0, QUOTED_BYTES));
      this.#skippingFrom = undefined;
      at = this.#at;
    }
    this.#keep(chunk.subarray(from), overlong);
    if (overlong.length === 0 && lines.length === 0) return undefined;
    return { bytes: Buffer.concat(lines), at, overlong };
  }

  /** A record whose last line is missing is one; of what was cut off in a field nothing is known. */
  finish(): CutLines | undefined {
    const rest = this.#rest;
    const at = this.#at;
    this.#at += rest.length;
    this.#rest = NOTHING;
    this.#skippingFrom = undefined;
    if (rest.length === 0) return undefined;
    if (!this.#scanner.betweenFields) {
      return { bytes: NOTHING, at: this.#at, overlong: [rest.subarray(0, QUOTED_BYTES)] };
    }
    return { bytes: lineOfRecord(Buffer.concat([rest, Buffer.of(NEWLINE)])), at, overlong: [] };
  }

  #keep(rest: Buffer, overlong: Buffer[]): void {
    if (this.#skippingFrom !== undefined) {
      this.#at += rest.length;
      return;
    }
    this.#rest = Buffer.concat([this.#rest, rest]);
    if (this.#rest.length <= LINE_BYTES_MAX) return;
    overlong.push(this.#rest.subarray(0, QUOTED_BYTES));
    this.#skippingFrom = this.#at;
    this.#at += this.#rest.length;
    this.#rest = NOTHING;
  }
}

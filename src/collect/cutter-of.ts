// Which cutter a log file takes: what it begins with says it.
import { ExportCutter } from './export-cutter.ts';
import { EXPORT_HEAD } from './framing/export-record.ts';
import { type Cutter, LineCutter } from './line-cutter.ts';
import type { TailedBytes } from './tailed-bytes.ts';

/** The cutter of a file that is read from the place on; of a file that is empty yet, that of lines. */
export function cutterOf(bytes: Pick<TailedBytes, 'startsWith'>, at: number): Cutter {
  return bytes.startsWith(EXPORT_HEAD) ? new ExportCutter(at) : new LineCutter(at);
}

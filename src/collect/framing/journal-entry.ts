// An entry of systemd's journal, in the forms in which journalctl gives it, as a line that rsyslog
// would have written of it.

/** The fields that make a line; bytes, because a message need not be UTF-8. */
export interface JournalEntry {
  /** Where the entry stands in the journal. */
  readonly cursor: string | undefined;
  /** Microseconds since the epoch, as the program that logged it had it, else as the journal did. */
  readonly timeUs: bigint;
  readonly host: string;
  readonly program: string;
  readonly pid: string | undefined;
  readonly message: Buffer;
}

/** A field by its name; the first one where there are several. */
export type FieldOf = (name: string) => Buffer | undefined;

const MICROSECONDS = /^\d{1,18}$/;
/** Host and program are words of the line. */
const WORD = /^[^\s:[\]]{1,255}$/;

/**
 * The entry that the fields make; undefined where time, program or message are missing.
 *
 * @see systemd.journal-fields(7)
 */
export function entryOf(field: FieldOf): JournalEntry | undefined {
  const text = (name: string): string | undefined => field(name)?.toString('utf8');
  const time = text('_SOURCE_REALTIME_TIMESTAMP') ?? text('__REALTIME_TIMESTAMP');
  const program = text('SYSLOG_IDENTIFIER') ?? text('_COMM');
  const message = field('MESSAGE');
  if (time === undefined || !MICROSECONDS.test(time)) return undefined;
  if (program === undefined || !WORD.test(program) || message === undefined) return undefined;
  const host = text('_HOSTNAME') ?? '';
  const pid = text('SYSLOG_PID') ?? text('_PID');
  return {
    cursor: text('__CURSOR'),
    timeUs: BigInt(time),
    host: WORD.test(host) ? host : '-',
    program,
    pid: pid !== undefined && /^\d{1,10}$/.test(pid) ? pid : undefined,
    message,
  };
}

function bytesOf(value: unknown): Buffer | undefined {
  if (typeof value === 'string') return Buffer.from(value);
  if (!Array.isArray(value)) return undefined;
  // Not UTF-8: its bytes as numbers. A field that is there more than once is a list of those.
  if (value.every((byte) => Number.isInteger(byte))) return Buffer.from(value as number[]);
  return bytesOf(value[0]);
}

/** The fields of an entry as `journalctl -o json` writes it; undefined for any other text. */
export function fieldsOfJson(text: string): FieldOf | undefined {
  if (!text.includes('"__REALTIME_TIMESTAMP"')) return undefined;
  let fields: unknown;
  try {
    fields = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof fields !== 'object' || fields === null) return undefined;
  const entry = fields as Readonly<Record<string, unknown>>;
  return (name) => bytesOf(entry[name]);
}

/** An entry as `journalctl -o json` writes it; undefined for any other text. */
export function entryOfJson(text: string): JournalEntry | undefined {
  const fields = fieldsOfJson(text);
  return fields === undefined ? undefined : entryOf(fields);
}

function timeOf(timeUs: bigint): string {
  const ms = new Date(Number(timeUs / 1000n)).toISOString().slice(0, -1);
  return `${ms}${String(timeUs % 1000n).padStart(3, '0')}Z`;
}

/** Line ends and NULs become what rsyslog makes of them: an entry is one line, whatever it says. */
function oneLine(message: Buffer): Buffer {
  if (!message.some((byte) => byte === 0x0a || byte === 0x0d || byte === 0)) return message;
  const text = message.toString('latin1');
  // oxlint-disable-next-line no-control-regex -- these are what it is about
  const escaped = text.replace(/[\n\r\0]/g, (end) => {
    return `#${end.charCodeAt(0).toString(8).padStart(3, '0')}`;
  });
  return Buffer.from(escaped, 'latin1');
}

/** The entry as a line without its newline: `time host program[pid]: message`. */
export function entryLine({ timeUs, host, program, pid, message }: JournalEntry): Buffer {
  const id = pid === undefined ? '' : `[${pid}]`;
  const head = `${timeOf(timeUs)} ${host} ${program}${id}: `;
  return Buffer.concat([Buffer.from(head), oneLine(message)]);
}

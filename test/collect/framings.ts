// The ways in which a line that rsyslog writes as `Nov 23 02:42:19 host program[pid]: text` comes in
// other set-ups. Times are UTC, and of the year in which the corpus was recorded.
const LINE = /^Nov (\d\d) (\d\d:\d\d:\d\d) (\S+) ([^\s:[\]]+)(?:\[(\d+)\])?: (.*)$/s;

interface Parts {
  readonly time: string;
  readonly host: string;
  readonly program: string;
  readonly pid: string | undefined;
  readonly text: string;
}

function partsOf(line: string): Parts {
  const [, day, time, host = '', program = '', pid, text = ''] = LINE.exec(line) ?? [];
  if (day === undefined) throw new Error(`not a line of syslog: ${line}`);
  return { time: `2026-11-${day}T${time}`, host, program, pid, text };
}

function journalFields({ time, host, program, pid, text }: Parts): Record<string, unknown> {
  const us = `${Date.parse(`${time}Z`)}000`;
  return {
    __CURSOR: 's=0a1b;i=2c',
    __REALTIME_TIMESTAMP: us,
    PRIORITY: '6',
    _TRANSPORT: 'syslog',
    SYSLOG_FACILITY: '2',
    SYSLOG_IDENTIFIER: program,
    _HOSTNAME: host,
    ...(pid !== undefined && { SYSLOG_PID: pid }),
    _PID: '4242',
    MESSAGE: text,
  };
}

function rfc5424(data: string, mark: string): (line: string) => string {
  return (line) => {
    const { time, host, program, pid = '-', text } = partsOf(line);
    return `<22>1 ${time}.000Z ${host} ${program} ${pid} - ${data} ${mark}${text}`;
  };
}

/** Each framing by its name; all of them tell the same. */
export const FRAMINGS: Readonly<Record<string, (line: string) => string>> = {
  'traditional file': (line) => line,
  'file with RFC 3339 times': (line) => {
    const { time } = partsOf(line);
    return `${time}.000000+00:00 ${line.slice('Nov 23 02:42:19 '.length)}`;
  },
  'RFC 3164 with priority': (line) => `<22>${line}`,
  'RFC 5424': rfc5424('-', ''),
  'RFC 5424 with structured data and a byte order mark': rfc5424(
    '[meta sequenceId="7"][ex@32473 quoted="a \\"]\\" b: c"]',
    '\ufeff',
  ),
  'the journal as JSON': (line) => JSON.stringify(journalFields(partsOf(line))),
  'the journal as JSON, messages as bytes': (line) => {
    const fields = journalFields(partsOf(line));
    return JSON.stringify({ ...fields, MESSAGE: [...Buffer.from(String(fields['MESSAGE']))] });
  },
};

/** One field as the journal's export format has it: with its length where it is not plain text. */
export function exportField(name: string, value: string): Buffer {
  const bytes = Buffer.from(value);
  if (!bytes.some((byte) => byte < 0x20)) return Buffer.from(`${name}=${value}\n`);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(bytes.length));
  return Buffer.concat([Buffer.from(`${name}\n`), length, bytes, Buffer.from('\n')]);
}

/** The line as a record of `journalctl -o export`. */
export function exportRecord(line: string): Buffer {
  const fields = Object.entries(journalFields(partsOf(line)));
  return Buffer.concat([
    ...fields.map(([name, value]) => exportField(name, String(value))),
    Buffer.from('\n'),
  ]);
}

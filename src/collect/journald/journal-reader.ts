// Runs journalctl, which reads systemd's journal for us: its files have no format that is promised
// to others.
import { spawn } from 'node:child_process';

/** How much of what journalctl complains about is kept, in characters. */
const COMPLAINT_LENGTH_MAX = 500;
/** What a line is made of; everything else stays where it is. */
const FIELDS = [
  'MESSAGE',
  'SYSLOG_IDENTIFIER',
  'SYSLOG_PID',
  '_PID',
  '_COMM',
  '_HOSTNAME',
  '_SOURCE_REALTIME_TIMESTAMP',
];
/** Of syslog's facilities, the one for mail, to which both servers log unless they are told not to. */
const MAIL_FACILITY = 'SYSLOG_FACILITY=2';

/** Which entries of the journal are read. */
export interface JournalSelection {
  /** A systemd unit or a pattern of them; those of syslog's mail facility when undefined. */
  readonly unit?: string;
}

/** The journal while it is read. */
export interface JournalReader {
  /** What it says next; undefined when it has ended. Rejects with the reason when it could not go on. */
  read(): Promise<Buffer | undefined>;
  /** Ends it; `read` then answers undefined. */
  stop(): void;
}

/** Reads from the entry with the cursor on, that one included; from the first one when undefined. */
export type OpenJournal = (cursor: string | undefined) => JournalReader;

/**
 * What journalctl is asked for: entries as JSON, one to a line, whole, from the cursor on and then as
 * they come.
 *
 * @param directory of journal files to be read instead of the system's
 * @see journalctl(1)
 */
export function journalctlArguments(
  { unit }: JournalSelection,
  cursor: string | undefined,
  directory?: string,
): string[] {
  return [
    '--output=json',
    // Without it, what is longer than 4,096 bytes is left out.
    '--all',
    `--output-fields=${FIELDS.join(',')}`,
    '--follow',
    // Otherwise it would begin with the last ten.
    '--no-tail',
    '--no-pager',
    '--quiet',
    ...(directory === undefined ? [] : [`--directory=${directory}`]),
    ...(cursor === undefined ? [] : [`--cursor=${cursor}`]),
    unit === undefined ? MAIL_FACILITY : `--unit=${unit}`,
  ];
}

/** How the selection is called in status and checkpoints. */
export function journalName({ unit }: JournalSelection): string {
  return unit === undefined ? 'journald' : `journald ${unit}`;
}

/** Reads the journal by the program; where there is none, reading rejects and says so. */
export function openJournalctl(
  selection: JournalSelection,
  { program = 'journalctl', directory }: { program?: string; directory?: string } = {},
): OpenJournal {
  return (cursor) => {
    const child = spawn(program, journalctlArguments(selection, cursor, directory), {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stopped = false;
    let complaint = '';
    child.stderr.on('data', (text: Buffer) => {
      complaint = (complaint + text.toString('utf8')).slice(-COMPLAINT_LENGTH_MAX);
    });
    const ended = new Promise<string>((resolve) => {
      child.on('error', (error) => resolve(`${program} could not be started: ${error.message}`));
      child.on('close', (code, signal) =>
        resolve(`${program} ended with ${signal ?? code}: ${complaint.trim()}`),
      );
    });
    const chunks = child.stdout[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    return {
      read: async () => {
        const { done, value } = await chunks.next();
        if (done !== true) return value;
        const reason = await ended;
        if (stopped) return undefined;
        throw new Error(reason);
      },
      stop: () => {
        stopped = true;
        child.kill();
      },
    };
  };
}

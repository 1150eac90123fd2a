// The daemon's own log: one line per entry on standard error, for people and for journald.

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Where a part of the program says what happened to it. Never throws. */
export interface Log {
  error(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  /** The same log with a component name in front of each message. */
  for(component: string): Log;
}

const SEVERITY: Readonly<Record<LogLevel, number>> = { error: 0, warn: 1, info: 2, debug: 3 };

/** Control characters in a value could forge a line or drive a terminal: they are escaped. */
function safe(value: string): string {
  // oxlint-disable-next-line no-control-regex
  return value.replace(/[\u0000-\u001f\u007f-\u009f]/g, (c) => {
    return `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}

function formatFields(fields: LogFields): string {
  let text = '';
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    const shown = typeof value === 'string' ? JSON.stringify(value) : String(value);
    text += ` ${name}=${safe(shown)}`;
  }
  return text;
}

/** Makes a log that writes entries of at least the level as lines to `write`. */
export function createLog(
  write: (line: string) => void,
  options: { level: LogLevel; now: () => number; component?: string },
): Log {
  const prefix = options.component === undefined ? '' : `${options.component}: `;
  const entry = (level: LogLevel, message: string, fields: LogFields = {}): void => {
    if (SEVERITY[level] > SEVERITY[options.level]) return;
    const at = new Date(options.now()).toISOString();
    write(`${at} ${level} ${prefix}${safe(message)}${formatFields(fields)}\n`);
  };
  return {
    error: (message, fields) => entry('error', message, fields),
    warn: (message, fields) => entry('warn', message, fields),
    info: (message, fields) => entry('info', message, fields),
    debug: (message, fields) => entry('debug', message, fields),
    for: (component) => createLog(write, { ...options, component }),
  };
}

/** A log that says nothing, for tests. */
export const silentLog: Log = createLog(() => {}, { level: 'error', now: () => 0 });

// Dovecot's configuration syntax, as far as comparing needs it: settings and blocks of settings.
// It reads both what `doveconf` prints and our template.

export interface Statement {
  /** `auth_policy_server_url`, or `metric mailtrail_mail` for a block. */
  readonly name: string;
  /** Empty for a block. */
  readonly value: string;
  /** What is in the block; undefined for a setting. */
  readonly body?: readonly Statement[];
  /** The lines it was read from, without comments. */
  readonly text: string;
}

/** Deeper nesting than Dovecot has is not its configuration. */
const DEPTH_MAX = 20;

function parseLines(lines: readonly string[], at: { index: number }, depth: number): Statement[] {
  const statements: Statement[] = [];
  while (at.index < lines.length) {
    const line = lines[at.index++] ?? '';
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    if (trimmed === '}') break;
    if (trimmed.endsWith('{') && depth < DEPTH_MAX) {
      const begin = at.index;
      const body = parseLines(lines, at, depth + 1);
      const inner = lines.slice(begin, at.index).filter((text) => !/^\s*(#|$)/.test(text));
      const name = trimmed.slice(0, -1).trim();
      statements.push({ name, value: '', body, text: [line, ...inner].join('\n') });
      continue;
    }
    const equals = trimmed.indexOf('=');
    if (equals <= 0) continue;
    const value = trimmed.slice(equals + 1).trim();
    const name = trimmed.slice(0, equals).trim();
    statements.push({ name, value: value.replace(/^"(.*)"$/, '$1'), text: line });
  }
  return statements;
}

/** Reads all statements; lines that are none are skipped. */
export function parseStatements(text: string): readonly Statement[] {
  return parseLines(text.split('\n'), { index: 0 }, 0);
}

/** The value of a setting, also inside of a block: `plugin/mail_log_fields`. */
export function settingValue(statements: readonly Statement[], path: string): string | undefined {
  const [first = '', ...rest] = path.split('/');
  // A setting or block that comes again adds to or replaces the earlier one: the last one counts.
  const found = statements.filter(({ name }) => name === first);
  if (rest.length === 0) return found.at(-1)?.value;
  const values = found.map(({ body }) => settingValue(body ?? [], rest.join('/')));
  return values.filter((value) => value !== undefined).at(-1);
}

/** The blocks of a kind, e.g. `metric`. */
export function blocks(statements: readonly Statement[], kind: string): readonly Statement[] {
  return statements.filter(({ name, body }) => body !== undefined && name.startsWith(`${kind} `));
}

/** The words of a list setting. */
export function words(value: string | undefined): readonly string[] {
  return (value ?? '').split(/[\s,]+/).filter((word) => word !== '');
}

/** The events that a metric's filter lets through. */
export function eventsOf(metric: Statement): readonly string[] {
  const filter = settingValue(metric.body ?? [], 'filter') ?? '';
  return [...filter.matchAll(/event=("?)([a-z_]+)\1/g)].map(([, , name = '']) => name);
}

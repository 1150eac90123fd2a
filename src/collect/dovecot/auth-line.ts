// What Dovecot's authentication service and its login processes write of sign-ins, as text:
//
//   auth: Info: passwd-file(alice@example.test,192.0.2.1,<session>): Password mismatch
//   imap-login: Info: Login: user=<alice@example.test>, method=PLAIN, rip=…, session=<…>
//   imap-login: Info: Disconnected: Aborted login (auth failed, 2 attempts in 4 secs): user=<…>, …
//
// and the same by Dovecot 2.4:
//
//   auth(alice@example.test,192.0.2.1,sasl:plain)<session>: Info: users: Password mismatch
//   imap-login: Info: Logged in: user=<alice@example.test>, method=PLAIN, rip=…, session=<…>
//   imap-login: Info: Login aborted: Logged out (auth failed, 2 attempts in 4 secs) (auth_failed): user=<…>, …
//
// A failure's line is written only with `auth_verbose = yes`. User names in these lines are not
// quoted, so a line is read only where what a stranger wrote cannot be taken for something else.
import { readTime } from '../log-time.ts';
import { userAgentOf } from './user-agent.ts';

/** Longest name or reason that is kept, in characters: as long as a policy report's values. */
const VALUE_LENGTH_MAX = 1_000;

/** A password database, or the service itself, refused an attempt. */
export interface FailureLine {
  readonly kind: 'failure';
  readonly timeMs: number;
  /** What refused: the database's name or driver, `policy`, or the mechanism. */
  readonly by: string;
  readonly user: string;
  readonly ip: string;
  readonly master: boolean;
  /** Absent for who asks by SASL from outside: Postfix. */
  readonly session: string | undefined;
  /** e.g. `PLAIN`; only Dovecot 2.4 says it. */
  readonly mechanism: string | undefined;
  /** In the words of Dovecot's events, e.g. `password_mismatch`. */
  readonly result: string;
  /** What a policy server told the client. */
  readonly refusal: string | undefined;
}

/** A login process told how a connection's signing in ended. */
export interface LoginLine {
  readonly kind: 'login' | 'gone';
  readonly timeMs: number;
  /** e.g. `imap` */
  readonly service: string;
  readonly user: string;
  readonly userTyped: string;
  readonly mechanism: string | undefined;
  readonly ip: string;
  readonly port: number | undefined;
  readonly session: string;
  readonly transport: string;
  readonly patId: string | undefined;
  /** Attempts that failed; 0 for a login. */
  readonly attempts: number;
}

/** A client said which program it is. */
export interface AgentLine {
  readonly kind: 'agent';
  readonly session: string;
  readonly userAgent: string;
}

export type AuthLine = FailureLine | LoginLine | AgentLine;

/** Bytes that only these lines have: a cheap first look. */
const MARKS = ['auth', '-login'].map((mark) => Buffer.from(mark));
/** The name of the process stands within this many bytes: time stamp, host, program. */
const MARK_BYTES_MAX = 400;

/** The process's name behind time stamp, host and `dovecot:`; files have the level, syslog not. */
const PROCESS =
  /^(?:[^\s:]+ )?(?:dovecot(?:\[\d+\])?: )?(auth(?:-worker\(\d+\))?|[a-z0-9]+-login): (?:Info: )?/;
const WORKER = /^conn unix:auth-worker \([^()]*\): auth-worker<\d+>: /;
/** The user name has none of the characters that end it. */
const ABOUT =
  /^([A-Za-z0-9_.-]{1,64})\(([^,()<>]{0,256}),([0-9A-Fa-f.:]{2,45})(,master)?(?:,<([A-Za-z0-9+/=]{1,64})>)?\): /;

/** The head of Dovecot 2.4's authentication service, which has the attempt in front of the level. */
const PROCESS_2_4 = new RegExp(
  [
    /^(?:[^\s:]+ )?(?:dovecot(?:\[\d+\])?: )?/,
    /auth\(([^,()<>]{0,256}),([0-9A-Fa-f.:]{2,45}),sasl:([a-z0-9-]{1,40})(,master)?\)/,
    /(?:<([A-Za-z0-9+/=]{1,64})>)?: (?:Info: )?([A-Za-z0-9_.-]{1,64}): /,
  ]
    .map(({ source }) => source)
    .join(''),
);

const RESULTS: readonly (readonly [RegExp, string])[] = [
  [/^password mismatch/i, 'password_mismatch'],
  [/^unknown user/i, 'user_unknown'],
  [/^(?:user|account) (?:is )?(?:disabled|locked)|^login disabled|^nologin/i, 'user_disabled'],
  [/^(?:password|account) (?:has )?expired/i, 'pass_expired'],
];
const REFUSED = /^Authentication failure due to policy server refusal(?:: (.*))?$/s;
const DISALLOWED =
  /^Username character disallowed by auth_username_chars: \S+ \(username: (.*)\)$/s;

/** What is in front of a failure's own words. */
type Attempt = Pick<FailureLine, 'by' | 'user' | 'ip' | 'master' | 'session' | 'mechanism'>;

function failureLine(attempt: Attempt, said: string, timeMs: number): FailureLine | undefined {
  const shared = { kind: 'failure' as const, timeMs, ...attempt };
  const refused = REFUSED.exec(said);
  if (refused !== null) {
    const refusal = refused[1]?.slice(0, VALUE_LENGTH_MAX);
    return { ...shared, result: 'policy_refused', refusal };
  }
  const disallowed = DISALLOWED.exec(said);
  if (disallowed !== null) {
    const user = (disallowed[1] ?? '').slice(0, VALUE_LENGTH_MAX);
    return { ...shared, user, result: 'username_disallowed', refusal: undefined };
  }
  const result = RESULTS.find(([words]) => words.test(said))?.[1];
  return result === undefined ? undefined : { ...shared, result, refusal: undefined };
}

/** A line of 2.3's authentication service: the attempt is in its text. */
function textFailure(text: string, timeMs: number): FailureLine | undefined {
  const about = ABOUT.exec(text);
  if (about === null) return undefined;
  const [head, by = '', user = '', ip = '', master, session] = about;
  const attempt = { by, user, ip, master: master !== undefined, session, mechanism: undefined };
  return failureLine(attempt, text.slice(head.length), timeMs);
}

/** A line of 2.4's authentication service: the attempt is in its head. */
function headFailure(rest: string, timeMs: number): FailureLine | undefined {
  const about = PROCESS_2_4.exec(rest);
  if (about === null) return undefined;
  const [head, user = '', ip = '', mechanism = '', master, session, by = ''] = about;
  const attempt = { by, user, ip, master: master !== undefined, session };
  const said = rest.slice(head.length);
  return failureLine({ ...attempt, mechanism: mechanism.toUpperCase() }, said, timeMs);
}

const ENDED =
  /^(?:Login: |Logged in: |(?:Disconnected|Aborted login|Login aborted)[^()]*(?:\(([^()]*)\))?[^()]*(?:\([a-z_]+\))?: )user=<(.*)$/s;
const ATTEMPTS = /, (\d{1,6}) attempts in \d+ secs$/;
const SESSION = /, session=<([A-Za-z0-9+/=]{1,64})>(?:,|$)/g;

/** The last value of a plain element: what the client wrote stands in front of it. */
function lastOf(text: string, element: RegExp): string | undefined {
  let found: string | undefined;
  for (const match of text.matchAll(element)) found = match[1];
  return found;
}

/**
 * The elements of `login_log_format_elements`, each by its name. `user` and `orig` are what the
 * client gave, and come before all that is read here, in Dovecot's default and in ours.
 */
function loginLine(service: string, text: string, timeMs: number): LoginLine | undefined {
  const ended = ENDED.exec(text);
  if (ended === null) return undefined;
  const elements = ended[2] ?? '';
  const session = lastOf(elements, SESSION);
  const ip = lastOf(elements, /, rip=([0-9A-Fa-f.:]{2,45})(?=,|$)/g);
  if (session === undefined || ip === undefined) return undefined;
  const names = elements.slice(0, elements.lastIndexOf(', method='));
  const user = /^(.*?)>(?:, orig=<|, auth_user=<|$)/s.exec(names)?.[1] ?? '';
  const typed = /, orig=<(.*?)>(?:, auth_user=<.*)?$/s.exec(names)?.[1];
  const login = text.startsWith('Login: ') || text.startsWith('Logged in: ');
  return {
    kind: login ? 'login' : 'gone',
    timeMs,
    service,
    user: user.slice(0, VALUE_LENGTH_MAX),
    userTyped: (typed ?? user).slice(0, VALUE_LENGTH_MAX),
    mechanism: lastOf(elements, /, method=([A-Z0-9_-]{1,40})(?=,|$)/g),
    ip,
    port: Number(lastOf(elements, /, rport=(\d{1,5})(?=,|$)/g)) || undefined,
    session,
    transport: lastOf(elements, /, (TLS|secured)(?=,|$)/g) ?? 'insecure',
    patId: lastOf(elements, /, pat=<([^<>,]{1,256})>/g),
    attempts: login ? 0 : Number(ATTEMPTS.exec(ended[1] ?? '')?.[1] ?? 0),
  };
}

/**
 * Reads `ID sent: name=…, version=…`, which a login process or a mail process writes; undefined for
 * other text. The client's words are not quoted, so only what stands first is read.
 *
 * @param session of the mail process; a login process names it behind the words
 */
export function agentLine(session: string | undefined, text: string): AgentLine | undefined {
  const id = /^ID sent: name=([^,=]*)(?:, version=([^,=]*?))?(?=, |: user=<|$)/.exec(text);
  const own = session ?? lastOf(text, SESSION);
  if (id === null || own === undefined) return undefined;
  const userAgent = userAgentOf(id[1], id[2]);
  return userAgent === undefined ? undefined : { kind: 'agent', session: own, userAgent };
}

/**
 * Reads a line; undefined when it tells nothing of a sign-in.
 *
 * @param nowMs our clock, by which a time stamp without a year is completed
 * @param previousMs the time of what was logged before it, which tells equal hours of a day apart
 * @see Dovecot 2.3 and 2.4 src/auth/auth-request.c (auth_request_get_log_prefix), settings auth_verbose,
 *   login_log_format_elements, imap_id_log
 */
export function parseAuthLine(
  line: Buffer,
  nowMs: number,
  previousMs?: number,
): AuthLine | undefined {
  const head = line.subarray(0, MARK_BYTES_MAX);
  if (!MARKS.some((mark) => head.includes(mark))) return undefined;
  const timed = readTime(line.toString('utf8'), nowMs, previousMs);
  if (timed === undefined) return undefined;
  const process = PROCESS.exec(timed.rest);
  if (process === null) return headFailure(timed.rest, timed.timeMs);
  const name = process[1] ?? '';
  const text = timed.rest.slice(process[0].length);
  if (name.startsWith('auth')) return textFailure(text.replace(WORKER, ''), timed.timeMs);
  if (text.startsWith('ID sent: ')) return agentLine(undefined, text);
  return loginLine(name.slice(0, -'-login'.length), text, timed.timeMs);
}

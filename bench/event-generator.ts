// Made-up but lifelike traffic of a mail provider, for benchmarks and simulations: pure, and the
// same events for the same seed. Sessions sign in, are checked by the access rules, work on a
// mailbox and end; messages arrive and leave beside them.
//
// The shapes are Dovecot's and Postfix's: a session id is base64 of the time in microseconds (6
// bytes, lowest first), the port and the address (Dovecot 2.3, client_get_session_id), an item id is
// the folder's GUID and the message's UID, a queue id is Postfix's short one.
import { Buffer } from 'node:buffer';

/** What the traffic looks like. */
export interface TrafficOptions {
  readonly seed: number;
  /** Time of the first event, ms since the Unix epoch. */
  readonly startMs: number;
  /** Mean time between two events; their times never fall. */
  readonly meanGapMs: number;
  readonly users?: number;
  readonly addresses?: number;
}

const USERS = 5_000;
const ADDRESSES = 20_000;
const SESSIONS_OPEN = 400;
/** Chance that an event ends its session: sessions have some 12 events. */
const SESSION_END = 1 / 12;
const ORGANIZATION =
  'arn:aws:workmail:us-east-1:000000000000:organization/m-9f2c4e61b07d4a3f8e5b1c6d7a80f394';
const SERVERS = ['mail1.nordlys-biotech.example', 'mail2.nordlys-biotech.example'];
const PROTOCOLS = ['IMAP', 'IMAP', 'IMAP', 'IMAP', 'IMAP', 'POP3', 'SMTP', 'ManageSieve'];
const CLIENTS = [
  'Thunderbird/128.1.0',
  'Thunderbird/115.16.2',
  'Apple Mail/3774.600.62',
  'iOS Mail/22B91',
  'Outlook/16.0.18025',
  'K-9 Mail/6.804',
  'FairEmail/1.2234',
  'Evolution/3.46.4',
  'mutt/2.2.9',
  'offlineimap/8.0.0',
];
const FOLDERS = ['INBOX', 'Sent', 'Trash', 'Archive/2026', 'Kunden/Søndergård', 'Junk'];
const ACTIONS: readonly (readonly [action: string, command: string, weight: number])[] = [
  ['read', 'UID FETCH', 50],
  ['read_summary', 'UID FETCH', 16],
  ['read_hierarchy', 'LIST', 8],
  ['update_read_state', 'UID STORE', 12],
  ['move', 'UID MOVE', 4],
  ['delete', 'UID EXPUNGE', 4],
  ['create', 'APPEND', 3],
  ['copy', 'UID COPY', 1],
  ['update', 'UID STORE', 2],
];
const FAILURES = ['password_mismatch', 'user_unknown', 'policy_refused'];
const WORDS =
  'order invoice meeting samples results batch report draft contract assay delivery protocol cell culture budget holiday question offer reminder minutes'.split(
    ' ',
  );

/** A generator of random numbers in [0, 1) (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface User {
  readonly login: string;
  readonly addresses: readonly string[];
  readonly clients: readonly string[];
  readonly folders: readonly { path: string; guid: string; newestUid: number }[];
}

interface Session {
  readonly user: User;
  readonly ip: string;
  readonly port: number;
  readonly id: string;
  readonly protocol: string;
  readonly client: string;
  readonly server: string;
  folder: number;
  /** Sign-in and rule evaluation come first. */
  step: number;
}

/** Endless traffic. */
class Traffic {
  readonly #random: () => number;
  readonly #meanGapMs: number;
  #nowMs: number;
  #count = 0;
  readonly #users: User[] = [];
  readonly #sessions: Session[] = [];

  constructor(options: TrafficOptions) {
    this.#random = seededRandom(options.seed);
    this.#nowMs = options.startMs;
    this.#meanGapMs = options.meanGapMs;
    const addresses = Array.from({ length: options.addresses ?? ADDRESSES }, () => this.#address());
    for (let i = 0; i < (options.users ?? USERS); i++) this.#users.push(this.#user(i, addresses));
    for (let i = 0; i < SESSIONS_OPEN; i++) this.#sessions.push(this.#session());
  }

  /** The next event as a journal line without its newline. */
  next(): string {
    this.#nowMs += -Math.log(1 - this.#random()) * this.#meanGapMs;
    this.#count++;
    const kind = this.#random();
    if (kind < 0.1) return this.#email();
    if (kind < 0.105) return this.#availability();
    if (kind < 0.107) return this.#token();
    if (kind < 0.108) return this.#management();
    const index = this.#below(this.#sessions.length);
    let session = this.#sessions[index] as Session;
    if (session.step > 2 && this.#random() < SESSION_END) {
      session = this.#session();
      this.#sessions[index] = session;
    }
    session.step++;
    if (session.step === 1) return this.#accessControl(session);
    if (session.step === 2) return this.#authentication(session, index);
    return this.#mailboxAccess(session);
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #pick<T>(list: readonly T[]): T {
    return list[this.#below(list.length)] as T;
  }

  /** Small numbers far more often than large ones: a few users make most of the traffic. */
  #skewed(limit: number): number {
    return Math.floor(limit * this.#random() ** 2.5);
  }

  #hex(digits: number): string {
    let text = '';
    while (text.length < digits) text += this.#below(65_536).toString(16).padStart(4, '0');
    return text.slice(0, digits);
  }

  #address(): string {
    return `${this.#pick([78, 81, 85, 91, 185, 193, 203])}.${this.#below(256)}.${this.#below(256)}.${1 + this.#below(254)}`;
  }

  #user(index: number, addresses: readonly string[]): User {
    const count = 2 + this.#below(5);
    return {
      login: `${this.#pick(WORDS)}.${index}@nordlys-biotech.example`,
      addresses: Array.from({ length: count }, (_, i) => {
        return addresses[(index * 4 + i) % addresses.length] as string;
      }),
      clients: [this.#pick(CLIENTS), this.#pick(CLIENTS)],
      folders: FOLDERS.map((path) => {
        return { path, guid: this.#hex(32), newestUid: 1 + this.#below(20_000) };
      }),
    };
  }

  #session(): Session {
    const user = this.#users[this.#skewed(this.#users.length)] as User;
    const ip = this.#pick(user.addresses);
    const port = 1024 + this.#below(64_000);
    const bytes = Buffer.alloc(12);
    bytes.writeUIntLE(Math.floor(this.#nowMs * 1000) % 2 ** 48, 0, 6);
    bytes.writeUInt16LE(port, 6);
    for (const [i, part] of ip.split('.').entries()) bytes[8 + i] = Number(part);
    return {
      user,
      ip,
      port,
      id: bytes.toString('base64'),
      protocol: this.#pick(PROTOCOLS),
      client: this.#pick(user.clients),
      server: this.#pick(SERVERS),
      folder: 0,
      step: 0,
    };
  }

  #head(logType: string, requestId: string): Record<string, unknown> {
    return {
      log_type: logType,
      event_timestamp: Math.floor(this.#nowMs),
      request_id: requestId,
      organization_arn: ORGANIZATION,
    };
  }

  #client(session: Session): Record<string, unknown> {
    return {
      protocol: session.protocol,
      source_ip: session.ip,
      user_agent: session.client,
      source_port: session.port,
      server_name: session.server,
    };
  }

  #authentication(session: Session, index: number): string {
    const failed = this.#random() < 0.06;
    const record: Record<string, unknown> = {
      ...this.#head('AUTHENTICATION_LOGS', session.id),
      user_id: session.user.login,
      user: session.user.login,
      ...this.#client(session),
      method: 'basic',
      auth_successful: !failed,
      mechanism: 'PLAIN',
      transport: 'TLS',
    };
    if (failed) {
      record['auth_failed_reason'] = 'Invalid username or password';
      record['failure_detail'] = this.#pick(FAILURES);
      this.#sessions[index] = this.#session();
    }
    return JSON.stringify(record);
  }

  #accessControl(session: Session): string {
    const ruled = this.#random() < 0.2;
    const record: Record<string, unknown> = {
      ...this.#head('ACCESS_CONTROL_LOGS', session.id),
      user_id: session.user.login,
      ...this.#client(session),
      scope: 'AccessControl',
      access_granted: this.#random() >= 0.03,
    };
    if (ruled) record['rule_id'] = this.#pick(['BlockImapOutside', 'AllowOffice', 'NoPop3']);
    return JSON.stringify(record);
  }

  #mailboxAccess(session: Session): string {
    if (this.#random() < 0.1) session.folder = this.#skewed(FOLDERS.length);
    const folder = session.user.folders[session.folder] as User['folders'][number];
    let at = this.#below(100);
    const [action, command] = ACTIONS.find(([, , weight]) => (at -= weight) < 0) ?? [
      'read',
      'UID FETCH',
    ];
    const record: Record<string, unknown> = {
      ...this.#head('WORKMAIL_MAILBOX_ACCESS_LOGS', session.id),
      user_id: session.user.login,
      ...this.#client(session),
      action,
      owner_id: session.user.login,
      object_type: action === 'read_hierarchy' ? 'Folder' : 'Message',
      folder_path: folder.path,
      folder_id: folder.guid,
      action_allowed: true,
      command,
    };
    if (action === 'create') folder.newestUid++;
    if (action !== 'read_hierarchy') {
      record['item_id'] = `${folder.guid}:${Math.max(1, folder.newestUid - this.#skewed(400))}`;
    }
    if (action === 'move' || action === 'copy') record['destination_path'] = this.#pick(FOLDERS);
    if (action === 'update_read_state') record['flags'] = '\\Seen';
    return JSON.stringify(record);
  }

  #email(): string {
    const user = this.#users[this.#skewed(this.#users.length)] as User;
    const inbound = this.#random() < 0.6;
    const other = `${this.#pick(WORDS)}${this.#below(3000)}@${this.#pick(WORDS)}-partner.example`;
    const queueId = this.#hex(10).toUpperCase();
    const event: Record<string, unknown> = {
      eventName: inbound ? 'MAILBOX_EMAIL_DELIVERED' : 'OUTGOING_EMAIL_SENT',
      recipient: inbound ? user.login : other,
      from: inbound ? other : user.login,
      subject: `${this.#pick(WORDS)} ${this.#pick(WORDS)} ${this.#below(1000)}`,
      messageId: `<${this.#hex(12)}.${this.#hex(8)}@${inbound ? 'partner.example' : 'nordlys-biotech.example'}>`,
      messageTimestamp: Math.floor(this.#nowMs) - this.#below(5000),
    };
    if (inbound) event['folder'] = 'INBOX';
    return JSON.stringify({
      ...this.#head('EMAIL_EVENT_LOGS', queueId),
      user_id: user.login,
      traceId: queueId,
      event,
      protocol: inbound ? 'LMTP' : 'SMTP',
      queue_id: queueId,
      message_size: 2000 + this.#skewed(200_000),
      relay: inbound ? 'private/dovecot-lmtp' : `mx.${this.#pick(WORDS)}-partner.example:25`,
      dsn: '2.0.0',
      smtp_response: inbound
        ? `250 2.0.0 <${user.login}> ${this.#hex(22)} Saved`
        : `250 2.0.0 Ok: queued as ${this.#hex(10)}`,
      server_name: this.#pick(SERVERS),
    });
  }

  #availability(): string {
    const failed = this.#random() < 0.1;
    return JSON.stringify({
      ...this.#head('WORKMAIL_AVAILABILITY_PROVIDER_LOGS', this.#hex(32)),
      user_id: this.#pick(this.#users).login,
      type: 'EWS',
      domain: `${this.#pick(WORDS)}-partner.example`,
      ews_endpoint: 'https://ews.partner.example/EWS/Exchange.asmx',
      ...(failed ? { error_message: 'HTTP 503 after 3 attempts' } : {}),
      availability_event_successful: !failed,
    });
  }

  #token(): string {
    const user = this.#pick(this.#users);
    return JSON.stringify({
      ...this.#head('WORKMAIL_PERSONAL_ACCESS_TOKEN_LOGS', this.#hex(32)),
      user_id: user.login,
      user: user.login,
      protocol: 'WebMail',
      source_ip: this.#pick(user.addresses),
      user_agent: 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
      action: this.#pick(['create', 'delete']),
      name: `token ${this.#below(100)}`,
      expires_time: Math.floor(this.#nowMs) + 90 * 86_400_000,
      scopes: ['imap', 'smtp'],
    });
  }

  #management(): string {
    return JSON.stringify({
      ...this.#head('MANAGEMENT_LOGS', this.#hex(32)),
      user_id: 'admin',
      event_name: 'PutAccessControlRule',
      event_source: 'workmail.amazonaws.com',
      source_ip: '10.0.0.5',
      resource: `rule/${this.#pick(WORDS)}`,
      before: { Effect: 'ALLOW', Actions: ['IMAP'], Revision: this.#count },
      after: { Effect: 'DENY', Actions: ['IMAP', 'POP3'], Revision: this.#count + 1 },
      extra: { change_ticket: `CHG-${this.#below(10_000)}` },
    });
  }
}

/** Yields so many events as journal lines without their newlines; some 600 bytes each. */
export function* generateEvents(count: number, options: TrafficOptions): Generator<string> {
  const traffic = new Traffic(options);
  for (let i = 0; i < count; i++) yield traffic.next();
}

/** Yields blocks of event lines, each line ended by `\n`. */
export function* generateBlocks(
  count: number,
  eventsPerBlock: number,
  options: TrafficOptions,
): Generator<{ lines: Uint8Array; count: number }> {
  const traffic = new Traffic(options);
  for (let done = 0; done < count;) {
    const events = Math.min(eventsPerBlock, count - done);
    let text = '';
    for (let i = 0; i < events; i++) text += `${traffic.next()}\n`;
    done += events;
    yield { lines: Buffer.from(text), count: events };
  }
}

// What a scenario is played with: the users' clients, the administrator's commands, and the other
// companies' mail servers, all against one pair of servers.
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  writeFileSync,
  chownSync,
} from 'node:fs';
import { join } from 'node:path';
import { runProgram } from '../servers/clients/program.ts';
import type { MailServers } from '../servers/mail-servers.ts';
import type { MailUser } from '../servers/organization.ts';
import { ImapConnection } from './clients/imap.ts';
import { LineConnection, plainResponse } from './clients/lines.ts';
import { Transcript } from './clients/transcript.ts';
import { addressOf, domainOf, userOf, type Place, type Scenario } from './scenario.ts';
import type { WireOptions } from './clients/wire.ts';

/** The first port that a scenario's clients come from. */
const FIRST_PORT = 40_001;
/** How long a message may be on its way, or a log line may take to be written, in ms. */
const PATIENCE_MS = 30_000;
const POLL_MS = 20;
/** Who owns the mailboxes; see test/servers/dovecot.ts. */
const MAIL_UID = 5000;
/** Of the files that are placed into mailboxes: 2026-01-01, one second apart. */
const FIRST_FILE_TIME_S = 1_767_225_600;

/** A service with a port for proxies. */
export type Service = 'imap' | 'pop3' | 'sieve' | 'dovecotSubmission' | 'submission' | 'mx';

/** A message that is handed in. */
export interface Envelope {
  readonly from: string;
  readonly to: readonly string[];
  /** The whole message with \n at the ends of its lines; as UTF-8 where it is text. */
  readonly message: string | Buffer;
}

/** A simple message. */
export function letter(headers: Readonly<Record<string, string>>, text = 'Hello.'): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\n`);
  return `${lines.join('')}\n${text}\n`;
}

/** One scenario's view of the servers. */
export class Stage {
  readonly transcript = new Transcript();
  readonly domain: string;
  readonly #scenario: Scenario;
  readonly #servers: MailServers;
  #nextPort = FIRST_PORT;
  #placed = 0;

  constructor(scenario: Scenario, servers: MailServers) {
    this.#scenario = scenario;
    this.#servers = servers;
    this.domain = domainOf(scenario);
  }

  user(name: string): MailUser {
    return userOf(this.#scenario, name);
  }

  /** The address of a user, or of anybody else at the scenario's domain. */
  at(name: string): string {
    return `${name}@${this.domain}`;
  }

  address(place: Place): string {
    return addressOf(this.#scenario, place);
  }

  get masterUser(): MailUser {
    return this.#servers.organization.masterUser;
  }

  #route(service: Service, place: Place): WireOptions {
    const { dovecot, postfix, certificateFile } = this.#servers;
    const ports: Readonly<Record<Service, number>> = {
      imap: dovecot.ports.imapProxy,
      pop3: dovecot.ports.pop3Proxy,
      sieve: dovecot.ports.sieveProxy,
      dovecotSubmission: dovecot.ports.submissionProxy,
      submission: postfix.ports.submissionProxy,
      mx: postfix.ports.mxProxy,
    };
    const source = { address: this.address(place), port: this.#nextPort++ };
    return { port: ports[service], source, certificateFile };
  }

  /** A connection that has not signed in. */
  imap(place: Place = 'home'): Promise<ImapConnection> {
    return ImapConnection.open(this.#route('imap', place), this.transcript);
  }

  /** An IMAP session of a user. */
  async imapOf(name: string, place: Place = 'home'): Promise<ImapConnection> {
    const imap = await this.imap(place);
    const { login, password } = this.user(name);
    await imap.login(login, password);
    return imap;
  }

  pop3(place: Place = 'home'): Promise<LineConnection> {
    return LineConnection.open('pop3', this.#route('pop3', place), this.transcript);
  }

  async pop3Of(name: string, place: Place = 'home'): Promise<LineConnection> {
    const pop3 = await this.pop3(place);
    const { login, password } = this.user(name);
    await pop3.ok(`USER ${login}`);
    await pop3.ok(`PASS ${password}`);
    return pop3;
  }

  sieve(place: Place = 'home'): Promise<LineConnection> {
    return LineConnection.open('sieve', this.#route('sieve', place), this.transcript);
  }

  async sieveOf(name: string, place: Place = 'home'): Promise<LineConnection> {
    const sieve = await this.sieve(place);
    const { login, password } = this.user(name);
    await sieve.ok(`AUTHENTICATE "PLAIN" "${plainResponse(login, password)}"`);
    return sieve;
  }

  /** A connection to Postfix (from other servers, or for submission) or to Dovecot's submission. */
  async smtp(
    service: 'mx' | 'submission' | 'dovecotSubmission',
    place: Place = 'home',
  ): Promise<LineConnection> {
    const smtp = await LineConnection.open('smtp', this.#route(service, place), this.transcript);
    await smtp.ok(`EHLO client.${this.domain}`);
    return smtp;
  }

  /** A submission session of a user, in TLS. */
  async submissionOf(
    name: string,
    service: 'submission' | 'dovecotSubmission' = 'submission',
    place: Place = 'home',
  ): Promise<LineConnection> {
    const smtp = await this.smtp(service, place);
    await smtp.startTls();
    await smtp.ok(`EHLO client.${this.domain}`);
    const { login, password } = this.user(name);
    await smtp.ok(`AUTH PLAIN ${plainResponse(login, password)}`);
    return smtp;
  }

  /** Hands in one message; Postfix's queue id, or what Dovecot answered. */
  async handIn(smtp: LineConnection, envelope: Envelope): Promise<string> {
    await smtp.ok(`MAIL FROM:<${envelope.from}>`);
    for (const recipient of envelope.to) await smtp.ok(`RCPT TO:<${recipient}>`);
    await smtp.ok('DATA');
    const { message } = envelope;
    const text = typeof message === 'string' ? message : message.toString('latin1');
    const dotted = text.replace(/\r?\n/g, '\r\n').replace(/^\./gm, '..');
    const bytes = Buffer.from(`${dotted}.`, typeof message === 'string' ? 'utf8' : 'latin1');
    const reply = await smtp.ok(bytes);
    return /queued as (\S+)/.exec(reply.text)?.[1] ?? reply.text;
  }

  /** Another company's server delivers a message, and it is awaited until the queue is rid of it. */
  async arrives(envelope: Envelope): Promise<string> {
    const smtp = await this.smtp('mx', 'office');
    const queueId = await this.handIn(smtp, envelope);
    await smtp.quit();
    await this.untilRemoved(queueId);
    return queueId;
  }

  /** Waits until Postfix has done with a message. */
  async untilRemoved(queueId: string): Promise<void> {
    await this.untilLogged(new RegExp(`: ${queueId}: removed$`, 'm'));
  }

  /** Waits until Postfix's log holds something; the match. */
  async untilLogged(pattern: RegExp): Promise<RegExpExecArray> {
    return await this.#untilIn(this.#servers.postfix.mailLog, pattern);
  }

  /** Waits until Dovecot's log holds something; the match. */
  async untilDovecotLogged(pattern: RegExp): Promise<RegExpExecArray> {
    return await this.#untilIn(this.#servers.dovecot.auditLog, pattern);
  }

  async #untilIn(file: string, pattern: RegExp): Promise<RegExpExecArray> {
    const end = Date.now() + PATIENCE_MS;
    for (;;) {
      const match = pattern.exec(existsSync(file) ? readFileSync(file, 'utf8') : '');
      if (match !== null) return match;
      if (Date.now() > end) {
        throw new Error(`${this.#scenario.name}: ${file} has no ${String(pattern)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** Runs an administrator's command on the machine of the mailboxes; what it wrote. */
  async doveadm(...args: string[]): Promise<string> {
    const { doveadm, configFile } = this.#servers.dovecot;
    const [command, ...first] = doveadm;
    return await this.#program(command, [...first, '-c', configFile, ...args], '');
  }

  /** Hands in a message as a program on the machine does. */
  async sendmail(from: string, to: readonly string[], message: string): Promise<void> {
    const config = ['-C', this.#servers.postfix.configDirectory];
    await this.#program('/usr/sbin/sendmail', [...config, '-i', '-f', from, '--', ...to], message);
  }

  /** Tries a deferred message again now. */
  async retry(queueId: string): Promise<void> {
    await this.#program(
      '/usr/sbin/postqueue',
      ['-c', this.#servers.postfix.configDirectory, '-i', queueId],
      '',
    );
  }

  async #program(command: string, args: readonly string[], input: string): Promise<string> {
    const { code, output } = await runProgram(command, args, input);
    const shown = args.filter((arg) => !arg.startsWith(this.#servers.directory));
    this.transcript.add(command.replace(/.*\//, ''), shown.join(' '), `exit code ${String(code)}`);
    if (code !== 0)
      throw new Error(`${command} ${args.join(' ')} ended with ${String(code)}: ${output}`);
    return output;
  }

  /**
   * Puts messages into a folder without asking a server, so that nothing is logged of it; they get
   * the uids in their order when somebody opens the folder.
   */
  place(name: string, folder: string, messages: readonly string[], flags = ''): void {
    const maildir = this.#maildir(name, folder);
    for (const message of messages) {
      const time = FIRST_FILE_TIME_S + this.#placed++;
      const file = join(maildir, 'cur', `${time}.M1P1.scenario:2,${flags}`);
      writeFileSync(file, message.replace(/\r?\n/g, '\r\n'));
      chownSync(file, MAIL_UID, MAIL_UID);
    }
  }

  #maildir(name: string, folder: string): string {
    const home = join(this.#servers.directory, 'dovecot', 'mail', this.user(name).login);
    const maildir = join(home, 'Maildir');
    const path = folder === 'INBOX' ? maildir : join(maildir, `.${folder.replaceAll('/', '.')}`);
    for (const part of [home, maildir, path, ...['cur', 'new', 'tmp'].map((p) => join(path, p))]) {
      if (existsSync(part)) continue;
      mkdirSync(part, { recursive: true });
      chownSync(part, MAIL_UID, MAIL_UID);
    }
    return path;
  }

  /** How many messages a folder holds, by its files. */
  count(name: string, folder = 'INBOX'): number {
    const maildir = this.#maildir(name, folder);
    return ['new', 'cur'].reduce((sum, part) => sum + readdirSync(join(maildir, part)).length, 0);
  }
}

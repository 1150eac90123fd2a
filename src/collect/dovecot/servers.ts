// Several servers may write into one log, through syslog: each line goes to the assembler of its
// host, so that equal sessions of two servers are two. What waits to be told, and the policy
// reports, are of the log as a whole.
import type { AuditEvent } from '../../event/audit-event.ts';
import type { Held, Holdings } from '../holdings.ts';
import type { Assembler, LineOutcome } from '../log-collector.ts';
import type { MessageTrace } from '../trace-join.ts';
import { DovecotAssembler, type DovecotAssemblerOptions } from './assembler.ts';
import type { SignInAttempt } from './sign-in.ts';
import type { Completed } from './traced.ts';

/**
 * Most servers of one log that are told apart at a time. At the limit the one that was silent longest
 * is forgotten, and what was open on it goes without what only its earlier lines told.
 */
export const SERVERS_MAX = 128;
/** How much of a checkpoint the servers beyond the first may take, in bytes of JSON. */
export const SERVERS_CARRIED_BYTES_MAX = 64 * 1024;

const SPACE = 0x20;
const DASH = 0x2d;
/** `Nov 23 02:42:19 ` */
const TRADITIONAL_BYTES = 16;
/** `2026-11-23`, which may be followed by a space and the time of day. */
const DATE_BYTES = 10;
const RFC_3339_BYTES_MAX = 35;
const HOST_BYTES_MAX = 255;
const PROGRAM = Buffer.from(' dovecot');
const PROGRAM_ENDS: readonly (number | undefined)[] = [':', '['].map((end) => end.charCodeAt(0));

/** Where the word behind the time stamp begins; undefined when the line begins with none. */
function afterTime(bytes: Buffer, start: number): number | undefined {
  const first = bytes[start] ?? 0;
  if (first >= 0x41 && first <= 0x5a) return start + TRADITIONAL_BYTES;
  if (first < 0x30 || first > 0x39 || bytes[start + 4] !== DASH) return undefined;
  let space = bytes.indexOf(SPACE, start);
  if (space === start + DATE_BYTES) space = bytes.indexOf(SPACE, space + 1);
  return space < 0 || space > start + RFC_3339_BYTES_MAX ? undefined : space + 1;
}

/**
 * The host that wrote the line, as syslog puts it between the time and `dovecot:` or `dovecot[pid]:`;
 * empty for a line that Dovecot wrote into a file of its own.
 *
 * @see RFC 3164 section 4.1.2
 */
export function serverOf(bytes: Buffer, start: number, end: number): string {
  const from = afterTime(bytes, start);
  if (from === undefined) return '';
  const to = bytes.indexOf(SPACE, from);
  const programTo = to + PROGRAM.length;
  if (to <= from || to - from > HOST_BYTES_MAX || programTo >= end) return '';
  if (bytes.compare(PROGRAM, 0, PROGRAM.length, to, programTo) !== 0) return '';
  return PROGRAM_ENDS.includes(bytes[programTo]) ? bytes.toString('latin1', from, to) : '';
}

/** What a checkpoint carries when more than one server writes the log. */
interface CarriedServers {
  readonly log: unknown;
  /** By host, the one that was heard last at the end. */
  readonly servers: readonly (readonly [host: string, carried: unknown])[];
}

/** Makes the events of one Dovecot log, whoever writes it; see the head of this file. */
export class DovecotServers implements Assembler {
  readonly holdings: Holdings;
  readonly #options: DovecotAssemblerOptions;
  /** Of lines without a host; it also carries what is of the whole log. */
  readonly #log: DovecotAssembler;
  /** By host, the one that was heard last at the end. */
  readonly #servers = new Map<string, DovecotAssembler>();
  #last: { readonly host: string; readonly server: DovecotAssembler };
  #at = 0;
  /** What servers that are forgotten have lost. */
  #sessionsCutBefore = 0;

  constructor(options: DovecotAssemblerOptions) {
    this.#options = options;
    this.#log = new DovecotAssembler(options);
    this.holdings = this.#log.holdings;
    this.#last = { host: '', server: this.#log };
  }

  /** How many servers are told apart. */
  get size(): number {
    return this.#servers.size;
  }

  take(
    bytes: Buffer,
    start: number,
    end: number,
    at: number,
    live: boolean,
    out: AuditEvent[],
  ): LineOutcome {
    this.#at = at;
    const host = serverOf(bytes, start, end);
    if (host !== this.#last.host) this.#last = { host, server: this.#use(host) };
    return this.#last.server.take(bytes, start, end, at, live, out);
  }

  openFrom(): number | undefined {
    const places = this.#all().map((server) => server.openFrom(this.#at) ?? Infinity);
    const oldest = Math.min(...places);
    return oldest === Infinity ? undefined : oldest;
  }

  carry(): unknown {
    const log = this.#log.carry(this.#at);
    if (this.#servers.size === 0) return log;
    const servers: CarriedServers['servers'][number][] = [];
    let bytes = 0;
    for (const [host, server] of [...this.#servers].reverse()) {
      const carried = server.carry(this.#at);
      if (carried === undefined) continue;
      bytes += Buffer.byteLength(JSON.stringify([host, carried])) + 1;
      if (bytes > SERVERS_CARRIED_BYTES_MAX) break;
      servers.unshift([host, carried]);
    }
    if (log === undefined && servers.length === 0) return undefined;
    return { log, servers } satisfies CarriedServers;
  }

  restore(carried: unknown): void {
    const { log, servers } = (carried ?? {}) as Partial<CarriedServers>;
    if (!Array.isArray(servers)) return this.#log.restore(carried);
    this.#log.restore(log);
    for (const each of servers as unknown[]) {
      if (!Array.isArray(each) || typeof each[0] !== 'string') continue;
      this.#use(each[0]).restore(each[1]);
    }
  }

  /** Of how many sessions Dovecot lost the last events. */
  get sessionsCut(): number {
    return this.#all().reduce((sum, server) => sum + server.sessionsCut, this.#sessionsCutBefore);
  }

  /** What asks the join of sign-ins for reports. */
  get signInReader(): object {
    return this.#log.signInReader;
  }

  /** A policy report came; whether a sign-in was waiting for it, or was told without it. */
  offerReport(key: string, report: SignInAttempt): boolean {
    return this.#log.offerReport(key, report);
  }

  /** Postfix's log told the trace of a delivery; what is to be told with it. */
  offerTrace(transaction: string, trace: MessageTrace): Completed {
    const complete: Held[] = [];
    const events: AuditEvent[] = [];
    for (const server of this.#all()) {
      const offered = server.offerTrace(transaction, trace);
      complete.push(...offered.complete);
      events.push(...offered.events);
    }
    return { complete, events };
  }

  #all(): DovecotAssembler[] {
    return [this.#log, ...this.#servers.values()];
  }

  /** The host's assembler, which counts as just used. */
  #use(host: string): DovecotAssembler {
    if (host === '') return this.#log;
    const { holdings, reports } = this.#log;
    const server =
      this.#servers.get(host) ??
      new DovecotAssembler({ ...this.#options, ofLog: { holdings, reports, server: host } });
    this.#servers.delete(host);
    this.#servers.set(host, server);
    if (this.#servers.size > SERVERS_MAX) this.#forgetOldest();
    return server;
  }

  #forgetOldest(): void {
    for (const [host, server] of this.#servers) {
      this.#sessionsCutBefore += server.sessionsCut;
      this.#servers.delete(host);
      return;
    }
  }
}

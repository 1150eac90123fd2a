// The Dovecot collector: reads the logs that Dovecot writes, each with an assembler of its own.
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { AuditEvent } from '../../event/audit-event.ts';
import { CollectorGroup } from '../collector-group.ts';
import type { Collector, CollectorStatus, Intake } from '../collector.ts';
import type { Held } from '../holdings.ts';
import { logOrigins, type JournalLog, type LogOrigin } from '../journald/journal-log.ts';
import { LogCollector } from '../log-collector.ts';
import type { MailWaiting } from '../mail-waiting.ts';
import type { SaslJoin } from '../sasl-join.ts';
import type { TraceJoin } from '../trace-join.ts';
import type { NameFinder } from './attachment-names/told-attachments.ts';
import { DovecotServers } from './servers.ts';
import type { SignInJoin } from './sign-in-join.ts';

/** The shared namespace's prefix in Dovecot's own examples. */
export const SHARED_PREFIXES: readonly string[] = ['shared/'];

export interface DovecotCollectorOptions {
  /** The log files, e.g. `/var/log/dovecot-audit.log`. */
  readonly paths: readonly string[];
  /** What it is to be read of the system's journal besides; nothing when undefined. */
  readonly journal?: JournalLog;
  readonly intake: Intake;
  readonly clock: Clock;
  readonly log: Log;
  /** Shared with the policy handler; without it the logs alone tell of sign-ins. */
  readonly signIns?: SignInJoin;
  /** Shared with the Postfix collector; without it sign-ins by SMTP are not joined with messages. */
  readonly sasl?: SaslJoin;
  /** Shared with the Postfix collector; without it deliveries have no trace id. */
  readonly traces?: TraceJoin;
  /** The prefixes of the shared namespaces; `shared/` when undefined. */
  readonly sharedPrefixes?: readonly string[];
  /** Shared with the milter. */
  readonly mail?: MailWaiting;
  /** Where what attachments are called can be asked; without it events have part numbers. */
  readonly names?: NameFinder;
}

/** What the assembler hands out beside the lines; the collector is made after it. */
interface Outside {
  take: (complete: readonly Held[], events: readonly AuditEvent[]) => void;
}

class DovecotLog extends LogCollector {
  readonly #assembler: DovecotServers;
  readonly #signIns: SignInJoin | undefined;
  readonly #traces: TraceJoin | undefined;
  readonly #detach: (() => void)[] = [];

  constructor(origin: LogOrigin, options: DovecotCollectorOptions) {
    const { intake, clock, log, signIns, sasl, traces, sharedPrefixes = SHARED_PREFIXES } = options;
    const outside: Outside = { take: () => undefined };
    const assembler = new DovecotServers({
      now: () => clock.now(),
      sharedPrefixes,
      outside: (complete, events) => outside.take(complete, events),
      ...(signIns !== undefined && { signIns }),
      ...(sasl !== undefined && { sasl }),
      ...(traces !== undefined && { traces }),
      ...(options.names !== undefined && { names: options.names }),
    });
    const mail = options.mail !== undefined && { mail: options.mail };
    super({
      kind: 'dovecot',
      ...origin,
      ...mail,
      assembler,
      intake,
      clock,
      log: log.for('dovecot'),
    });
    outside.take = (complete, events) => this.tellEarly(complete, events);
    this.#assembler = assembler;
    this.#signIns = signIns;
    this.#traces = traces;
  }

  override async start(): Promise<void> {
    const signIns = this.#signIns?.attach({
      reader: this.#assembler.signInReader,
      readable: () => this.readable(),
      behind: () => this.behind(),
      offer: (key, report) => this.#assembler.offerReport(key, report),
      note: () => this.note(),
      tell: (events) => this.tell(events),
    });
    const traces = this.#traces?.listen((transaction, trace) => {
      const { complete, events } = this.#assembler.offerTrace(transaction, trace);
      this.tellEarly(complete, events);
    });
    this.#detach.push(...[signIns, traces].filter((each) => each !== undefined));
    await super.start();
  }

  override status(): CollectorStatus {
    const status = super.status();
    const cut = this.#assembler.sessionsCut;
    if (cut === 0) return status;
    const told = `the last events of ${cut} sessions, which Dovecot did not write`;
    return { ...status, lost: status.lost === undefined ? told : `${status.lost}; ${told}` };
  }

  override async stop(): Promise<void> {
    for (const detach of this.#detach.splice(0)) detach();
    await super.stop();
  }
}

/** Makes the collector of Dovecot's logs. Their order among each other does not matter. */
export function createDovecotCollector(options: DovecotCollectorOptions): Collector {
  return new CollectorGroup(
    'dovecot',
    logOrigins(options).map((origin) => new DovecotLog(origin, options)),
  );
}

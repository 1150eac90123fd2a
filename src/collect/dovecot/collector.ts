// The Dovecot collector: reads the logs that Dovecot writes, each with an assembler of its own.
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import { CollectorGroup } from '../collector-group.ts';
import type { Collector, Intake } from '../collector.ts';
import { LogCollector } from '../log-collector.ts';
import type { TraceJoin } from '../trace-join.ts';
import { DovecotAssembler } from './assembler.ts';
import type { SignInJoin } from './sign-in-join.ts';

/** The shared namespace's prefix in Dovecot's own examples. */
export const SHARED_PREFIX = 'shared/';

export interface DovecotCollectorOptions {
  /** The log files, e.g. `/var/log/dovecot-audit.log`. */
  readonly paths: readonly string[];
  readonly intake: Intake;
  readonly clock: Clock;
  readonly log: Log;
  /** Shared with the policy handler; without it the logs alone tell of sign-ins. */
  readonly signIns?: SignInJoin;
  /** Shared with the Postfix collector; without it deliveries have no trace id. */
  readonly traces?: TraceJoin;
  /** The prefix of the shared namespace, empty for none; `shared/` when undefined. */
  readonly sharedPrefix?: string;
}

class DovecotLog extends LogCollector {
  readonly #assembler: DovecotAssembler;
  readonly #signIns: SignInJoin | undefined;
  readonly #traces: TraceJoin | undefined;
  readonly #detach: (() => void)[] = [];

  constructor(path: string, options: DovecotCollectorOptions) {
    const { intake, clock, log, signIns, traces, sharedPrefix = SHARED_PREFIX } = options;
    const assembler = new DovecotAssembler({
      now: () => clock.now(),
      sharedPrefix,
      ...(signIns !== undefined && { signIns }),
      ...(traces !== undefined && { traces }),
    });
    super({ kind: 'dovecot', path, assembler, intake, clock, log: log.for('dovecot') });
    this.#assembler = assembler;
    this.#signIns = signIns;
    this.#traces = traces;
  }

  override async start(): Promise<void> {
    await super.start();
    const signIns = this.#signIns?.attach({
      readable: () => this.readable(),
      behind: () => this.behind(),
      offer: (key, report) => {
        const held = this.#assembler.offerReport(key, report);
        if (held !== undefined) this.tellEarly([held]);
        return held !== undefined;
      },
    });
    const traces = this.#traces?.listen((transaction, traceId) => {
      this.tellEarly(this.#assembler.offerTrace(transaction, traceId));
    });
    this.#detach.push(...[signIns, traces].filter((each) => each !== undefined));
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
    options.paths.map((path) => new DovecotLog(path, options)),
  );
}

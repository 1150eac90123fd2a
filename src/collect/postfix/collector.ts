// The Postfix collector: reads the logs that Postfix writes, each with an assembler of its own.
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import { CollectorGroup } from '../collector-group.ts';
import type { Collector, Intake } from '../collector.ts';
import { logOrigins, type JournalLog } from '../journald/journal-log.ts';
import { LogCollector } from '../log-collector.ts';
import type { MailWaiting } from '../mail-waiting.ts';
import type { MessageContentsJoin } from '../message-contents.ts';
import type { SaslJoin } from '../sasl-join.ts';
import type { TraceJoin } from '../trace-join.ts';
import { PostfixAssembler } from './assembler.ts';

export interface PostfixCollectorOptions {
  /** The log files, e.g. `/var/log/mail.log`. */
  readonly paths: readonly string[];
  /** What it is to be read of the system's journal besides; nothing when undefined. */
  readonly journal?: JournalLog;
  readonly intake: Intake;
  readonly clock: Clock;
  readonly log: Log;
  /**
   * Whether a Dovecot collector tells of deliveries by LMTP, which it does with the folder and what
   * Sieve did; Postfix's line for the same delivery is then no event.
   */
  readonly lmtpTold: () => boolean;
  /** Whether nobody else tells of sign-ins by SMTP; somebody does where nothing is said. */
  readonly tellsSignIns?: () => boolean;
  /** Shared with the Dovecot collectors, whose sign-ins by SMTP are joined with messages by it. */
  readonly sasl?: SaslJoin;
  /** Shared with the Dovecot collectors, whose deliveries get the trace id of their message by it. */
  readonly traces?: TraceJoin;
  /** Shared with our milter, when it runs. */
  readonly contents?: MessageContentsJoin;
  /** Shared with our milter. */
  readonly mail?: MailWaiting;
  /** Whose Authentication-Results are believed; nobody's where nothing is said. */
  readonly authservIds?: readonly string[];
  /** Where copies of messages go for the record; see `PostfixAssemblerOptions`. */
  readonly journalAddresses?: readonly string[];
}

/** Makes the collector of Postfix's logs. */
export function createPostfixCollector(options: PostfixCollectorOptions): Collector {
  const { intake, clock, log, contents } = options;
  const group = new CollectorGroup(
    'postfix',
    logOrigins(options).map((origin) => {
      const assembler = new PostfixAssembler({ ...options, now: () => clock.now() });
      return new LogCollector({
        kind: 'postfix',
        ...origin,
        assembler,
        intake,
        clock,
        log: log.for('postfix'),
        ...(options.mail !== undefined && { mail: options.mail }),
      });
    }),
  );
  contents?.listen({
    // The milter is asked before the queue manager logs a message: its contents are there by then.
    offered: () => undefined,
    behind: () => (group.status().behindBytes ?? 0) > 0,
  });
  return group;
}

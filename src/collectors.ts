// The collectors that the configuration asks for, with the joins they share.
import { join } from 'node:path';
import type { AccessInForce } from './access/evaluation.ts';
import type { Collector, Intake } from './collect/collector.ts';
import { createNameLookup } from './collect/dovecot/attachment-names/name-lookup.ts';
import { createDovecotCollector } from './collect/dovecot/collector.ts';
import type { SignInJoin } from './collect/dovecot/sign-in-join.ts';
import { createExporterSocket } from './collect/exporter-socket/exporter-socket.ts';
import { openJournalctl } from './collect/journald/journal-reader.ts';
import { createMappedCollector } from './collect/mapping/mapped-collector.ts';
import type { MappingSet } from './collect/mapping/mapping-set.ts';
import { MailWaiting } from './collect/mail-waiting.ts';
import { createMessageContentsJoin } from './collect/message-contents.ts';
import { createMilter } from './collect/milter/milter-server.ts';
import {
  createPostfixCollector,
  type PostfixCollectorOptions,
} from './collect/postfix/collector.ts';
import { createPolicyService } from './collect/postfix/policy-service.ts';
import type { SaslJoin } from './collect/sasl-join.ts';
import { Spool, spoolPath } from './collect/syslog/spool.ts';
import { createSyslogListener } from './collect/syslog/syslog-listener.ts';
import { createTraceJoin } from './collect/trace-join.ts';
import type { Config } from './config/schema.ts';
import type { Clock } from './platform/clock.ts';
import { systemDisk } from './platform/disk.ts';
import type { Log } from './platform/log.ts';

export interface CollectorsOptions {
  readonly config: Config;
  readonly intake: Intake;
  readonly clock: Clock;
  readonly log: Log;
  /** The access rules in force now. */
  readonly access: () => AccessInForce;
  readonly signIns: SignInJoin;
  readonly sasl: SaslJoin;
  /** By the names in their files. */
  readonly mappings: ReadonlyMap<string, MappingSet>;
}

/** Makes the collectors in the order in which they are to be started. */
export function createCollectors(options: CollectorsOptions): Collector[] {
  const { config, intake, clock, log, access, signIns, sasl } = options;
  const { dovecot, postfix, collectors: feeds } = config;
  const spooled = feeds.syslog.length > 0 ? [spoolPath(config.data)] : [];
  const mail = new MailWaiting(clock);
  const feed = { intake, clock, log, sasl, mail, traces: createTraceJoin(clock) };
  const contents = createMessageContentsJoin(clock);
  const collectors: Collector[] = [];
  const dovecotLogs =
    dovecot.logs.length + spooled.length > 0 || dovecot.journald !== undefined
      ? createDovecotCollector({
          ...feed,
          ...logsOf(dovecot, spooled),
          signIns,
          sharedPrefixes: dovecot.sharedPrefix,
          ...(dovecot.doveadm && {
            names: createNameLookup(dovecot.doveadm, clock, log.for('doveadm')),
          }),
        })
      : undefined;
  if (dovecotLogs !== undefined) collectors.push(dovecotLogs);
  const [logPath] = dovecot.logs;
  if (dovecot.exporterListen !== undefined && logPath !== undefined) {
    collectors.push(createExporterSocket({ ...dovecot.exporterListen, logPath, clock, log }));
  }
  if (postfix.logs.length + spooled.length > 0 || postfix.journald !== undefined) {
    // A Dovecot log that is configured but not there tells of nothing.
    const lmtpTold = (): boolean => dovecotLogs?.status().state === 'running';
    // A password that Dovecot checks is in its log, or in the report that it sends afterwards.
    const tellsSignIns = (): boolean =>
      postfix.signIns === 'auto'
        ? !lmtpTold() && !signIns.expectsReports()
        : postfix.signIns === 'always';
    const { authservIds, journalAddresses } = postfix;
    const said = { lmtpTold, tellsSignIns, authservIds, journalAddresses };
    const joins = postfix.milterListen === undefined ? {} : { contents };
    collectors.push(
      createPostfixCollector({ ...feed, ...joins, ...logsOf(postfix, spooled), ...said }),
    );
  }
  if (postfix.milterListen !== undefined) {
    const listen = postfix.milterListen;
    const directory = join(config.data, 'milter');
    const parts = { contents, mail, intake, clock, log, directory, disk: systemDisk };
    // First, so that what an earlier run read is there when the log is read again.
    collectors.unshift(createMilter({ listen, ...parts }));
  }
  if (postfix.policyListen !== undefined) {
    const listen = postfix.policyListen;
    collectors.push(createPolicyService({ listen, access, intake, clock, log }));
  }
  collectors.push(...mappedCollectors(options), ...syslogListeners(options));
  return collectors;
}

/** The listeners, and what reads the lines of other programs that they receive. */
function syslogListeners({ config, mappings, intake, clock, log }: CollectorsOptions): Collector[] {
  const { syslog } = config.collectors;
  const path = spoolPath(config.data);
  const parts = { clock, log: log.for('syslog') };
  const spool = new Spool({ path, ...parts });
  const named = new Set(syslog.flatMap((listener) => listener.mappings));
  const readers = [...named].flatMap((name) => {
    const set = mappings.get(name);
    if (set === undefined) return [];
    return [createMappedCollector({ path, set, source: 'syslog', intake, clock, log })];
  });
  const listeners = syslog.map(({ cert, key, ca, transport, host, port, allow }) => {
    const files = cert === undefined || key === undefined ? undefined : { cert, key };
    const tls = files && { ...files, ...(ca !== undefined && { ca }) };
    const listen = { transport, host, port, allow, ...(tls !== undefined && { tls }) };
    return createSyslogListener({ listen, spool, ...parts });
  });
  return [...readers, ...listeners];
}

/** @param spooled the file that syslog listeners fill with the lines of both */
function logsOf(
  { logs, journald: selection }: Config['dovecot' | 'postfix'],
  spooled: readonly string[],
): Pick<PostfixCollectorOptions, 'paths' | 'journal'> {
  return {
    paths: [...logs, ...spooled],
    ...(selection !== undefined && {
      journal: { selection, open: openJournalctl(selection) },
    }),
  };
}

function mappedCollectors({
  config,
  mappings,
  intake,
  clock,
  log,
}: CollectorsOptions): Collector[] {
  return config.collectors.mapped.flatMap(({ path, mapping }) => {
    const set = mappings.get(mapping);
    return set === undefined ? [] : [createMappedCollector({ path, set, intake, clock, log })];
  });
}

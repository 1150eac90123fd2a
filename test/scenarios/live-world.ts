// The built Mailtrail and the mail servers of the scenarios, wired as an administrator wires them.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { startMailtrail, type Mailtrail } from '../../demo/mailtrail.ts';
import { mailLogPaths, mailServersDirectory, type MailServers } from '../servers/mail-servers.ts';
import type { LogType } from '../../src/event/log-type.ts';
import type { EventRecord } from './normalise.ts';
import { enterRoot, prepareRoot, type ExporterDriver } from '../servers/dovecot-2.4.ts';
import { dovecotExporterSocket } from '../servers/dovecot.ts';
import { RULE, type Scenario } from './scenario.ts';
import { startScenarioServers } from './servers.ts';

/** The log groups that mail servers tell of, and what their records are. */
const GROUPS = {
  authentication: 'AUTHENTICATION_LOGS',
  'access-control': 'ACCESS_CONTROL_LOGS',
  'mailbox-access': 'WORKMAIL_MAILBOX_ACCESS_LOGS',
  'email-events': 'EMAIL_EVENT_LOGS',
} as const satisfies Readonly<Record<string, LogType>>;
type GroupName = keyof typeof GROUPS;
const GROUP_NAMES = Object.keys(GROUPS) as GroupName[];

/** The most rows that one query gives. */
export const ROWS_MAX = 10_000;

export interface LiveWorld {
  readonly servers: MailServers;
  readonly mailtrail: Mailtrail;
  /** The events that a filter finds, in the order of time, of all log groups or of one. */
  events(filter?: string, group?: GroupName): Promise<EventRecord[]>;
  stop(): Promise<void>;
}

function timeOf(event: EventRecord): number {
  return Number(event['event_timestamp']);
}

/** Starts everything, with Dovecot 2.4 where its way of exporting is said; on failure nothing is left. */
export async function startLiveWorld(
  scenarios: readonly Scenario[],
  dovecot24?: ExporterDriver,
): Promise<LiveWorld> {
  const directory = mailServersDirectory('mailtrail-live-');
  const running: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    while (running.length > 0) await running.pop()?.();
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    const logs = mailLogPaths(directory);
    const milterSocket = join(directory, 'milter.socket');
    if (dovecot24 !== undefined) enterRoot(prepareRoot(), directory);
    const exporterSocket = dovecotExporterSocket(directory);
    const mailtrail = await startMailtrail({
      directory,
      organizationName: 'scenarios',
      dovecotLog: logs.dovecot,
      postfixLog: logs.postfix,
      rules: [RULE],
      milterSocket,
      ...(dovecot24 === 'unix' && { exporterSocket }),
    });
    running.push(() => mailtrail.group.stop());
    const servers = await startScenarioServers(scenarios, {
      directory,
      endpoint: {
        policyUrl: `${mailtrail.url}/dovecot/policy`,
        bearerToken: mailtrail.bearerToken,
      },
      policyService: mailtrail.policyService,
      milterSocket,
      ...(dovecot24 !== undefined && { dovecot24 }),
    });
    running.push(() => servers.stop());
    const ofGroup = async (group: GroupName, filter: string): Promise<EventRecord[]> => {
      const query = `fields @message ${filter} | sort @timestamp asc | limit ${ROWS_MAX}`;
      const rows = await mailtrail.query(query, group);
      if (rows.length === ROWS_MAX) throw new Error(`${query}: more rows than one query gives`);
      return rows.map((row) => ({
        log_type: GROUPS[group],
        ...(JSON.parse(row['@message'] ?? '{}') as EventRecord),
      }));
    };
    return {
      servers,
      mailtrail,
      stop,
      events: async (filter = '', group) => {
        const groups = group === undefined ? GROUP_NAMES : [group];
        const found = await Promise.all(groups.map((name) => ofGroup(name, filter)));
        return found.flat().toSorted((a, b) => timeOf(a) - timeOf(b));
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

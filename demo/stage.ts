// What the story is played on: Mailtrail with the story's rule, and the mail servers wired to it.
import { rmSync } from 'node:fs';
import {
  mailLogPaths,
  mailServersDirectory,
  startMailServers,
} from '../test/servers/mail-servers.ts';
import type { MailServers } from '../test/servers/mail-servers.ts';
import { NORDLYS } from '../test/servers/organization.ts';
import { startMailtrail, type Mailtrail } from './mailtrail.ts';
import { RULE } from './story.ts';

/** What every stage's directory begins with. */
export const STAGE_PREFIX = 'mailtrail-demo-';

export interface Stage {
  readonly directory: string;
  readonly mailtrail: Mailtrail;
  readonly servers: MailServers;
  /** Ends everything and leaves nothing behind. */
  stop(): Promise<void>;
}

export interface StageOptions {
  readonly progress: (what: string) => void;
  /** Told as soon as there is something to clean up, also before everything stands. */
  readonly began?: (stop: () => Promise<void>) => void;
}

/** Sets the stage. On failure nothing is left running or behind. */
export async function setStage(options: StageOptions): Promise<Stage> {
  const directory = mailServersDirectory(STAGE_PREFIX);
  const running: (() => Promise<void>)[] = [];
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopping ??= (async () => {
      // The servers first: Mailtrail records to their end.
      while (running.length > 0) await running.pop()?.();
      rmSync(directory, { recursive: true, force: true });
    })();
    return stopping;
  };
  options.began?.(stop);
  try {
    const logs = mailLogPaths(directory);
    options.progress('starting Mailtrail');
    const mailtrail = await startMailtrail({
      directory,
      organizationName: NORDLYS.name,
      dovecotLog: logs.dovecot,
      postfixLog: logs.postfix,
      rules: [RULE],
    });
    running.push(() => mailtrail.group.stop());
    options.progress('starting Dovecot and Postfix');
    const servers = await startMailServers({
      directory,
      endpoint: {
        policyUrl: `${mailtrail.url}/dovecot/policy`,
        bearerToken: mailtrail.bearerToken,
      },
      policyService: mailtrail.policyService,
    });
    running.push(() => servers.stop());
    return { directory, mailtrail, servers, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

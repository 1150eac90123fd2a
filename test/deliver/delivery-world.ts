// Deliveries over a real journal in a directory of its own, for tests of destinations: what the server makes of
// them, without the server.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDestination, type DeliveryParts } from '../../src/deliver/create-destination.ts';
import type { Destination } from '../../src/deliver/destination.ts';
import { DeliveryRun } from '../../src/deliver/delivery-run.ts';
import { createSelection } from '../../src/deliver/selection.ts';
import type { AuditEvent } from '../../src/event/audit-event.ts';
import { journalLine } from '../../src/event/journal-line.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { openJournal } from '../../src/journal/open.ts';
import { type Clock, systemClock } from '../../src/platform/clock.ts';
import { systemDisk } from '../../src/platform/disk.ts';
import { silentLog } from '../../src/platform/log.ts';
import { until } from '../e2e/running-server.ts';

export const ACCOUNT = '000000000000';
export const REGION = 'us-east-1';
const ARRIVES_WITHIN_MS = 90_000;

export interface DeliveryWorld {
  readonly journal: Journal;
  readonly append: (events: readonly AuditEvent[]) => Promise<void>;
  readonly destination: (description: DeliveryParts) => Destination;
  /** Starts a delivery; it is stopped at the end. */
  readonly run: (description: DeliveryParts) => Promise<DeliveryRun>;
  /** Waits until the deliveries have passed all that is in the journal. */
  readonly untilDelivered: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** The machine's time, but every wait of a delivery is over in the next turn. */
export const IMPATIENT_CLOCK: Clock = {
  now: () => systemClock.now(),
  after(_delayMs, callback) {
    const turn = setImmediate(callback);
    return { cancel: () => clearImmediate(turn) };
  },
};

/**
 * @param env what AWS's clients are told, besides the credentials of the environment
 * @param clock of the deliveries
 */
export async function openWorld(
  env: Readonly<Record<string, string>> = {},
  clock: Clock = systemClock,
): Promise<DeliveryWorld> {
  const directory = mkdtempSync(join(tmpdir(), 'mailtrail-deliver-'));
  const journal = await openJournal({
    directory: join(directory, 'journal'),
    clock: systemClock,
    log: silentLog,
  });
  const runs: DeliveryRun[] = [];
  const destination = (description: DeliveryParts): Destination =>
    createDestination(description, {
      account: ACCOUNT,
      region: REGION,
      env,
      clock,
      groupId: () => undefined,
      append: (batch) => journal.append(batch),
      checkpoint: (source) => journal.checkpoint(source),
    });
  return {
    journal,
    destination,
    append: async (events) => {
      const lines = Buffer.from(events.map(journalLine).join(''));
      await journal.append({ lines, count: events.length });
    },
    run: async (description) => {
      const { deliveryId: id, logType, delivery } = description;
      const run = new DeliveryRun({
        id,
        logType,
        select: createSelection({ ...delivery, logType, hashKey: 'key' }),
        destination: destination(description),
        beginPosition: 0,
        backlog: { bytesMax: Infinity, whenFull: 'stop-accepting' },
        dropped: async () => {},
        journal,
        directory: join(directory, id),
        disk: systemDisk,
        clock,
        log: silentLog,
        random: Math.random,
      });
      runs.push(run);
      await run.start();
      return run;
    },
    untilDelivered: async () => {
      const { end } = journal.status();
      await until(
        () => runs.every((run) => run.status().position >= end) || undefined,
        ARRIVES_WITHIN_MS,
        () => JSON.stringify(runs.map((run) => run.status())),
      );
    },
    close: async () => {
      await Promise.all(runs.map((run) => run.stop()));
      await journal.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

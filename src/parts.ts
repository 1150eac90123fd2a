// The parts that live as long as the server, opened in their order: the journal first, which everything else
// writes to.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Intake } from './collect/collector.ts';
import { readMappingFiles } from './collect/mapping/mapping-files.ts';
import type { MappingSet } from './collect/mapping/mapping-set.ts';
import { ensureCredentials, type ServerCredentials } from './config/credentials.ts';
import { organizationArn } from './config/organization.ts';
import type { Config } from './config/schema.ts';
import { createIntake } from './intake.ts';
import { IntakeGate } from './intake-gate.ts';
import type { Journal } from './journal/journal.ts';
import { openJournal } from './journal/open.ts';
import type { Clock } from './platform/clock.ts';
import { systemDisk } from './platform/disk.ts';
import type { Log } from './platform/log.ts';
import { openState } from './state/open.ts';
import type { State } from './state/state.ts';
import { createEmbeddedStore } from './store/embedded/embedded-store.ts';
import type { EventStore } from './store/event-store.ts';
import type { LogEventStore } from './store/log-event-store.ts';
import { createLoader, type Loader } from './store/loader.ts';

export interface Parts {
  readonly journal: Journal;
  /** What stands before the journal for all that comes from outside. */
  readonly gate: IntakeGate;
  readonly intake: Intake;
  /** Of what the program says itself, which is always taken. */
  readonly ownIntake: Intake;
  readonly state: State;
  readonly store: EventStore & LogEventStore;
  readonly loader: Loader;
  readonly credentials: ServerCredentials;
  /** By the names in their files. */
  readonly mappings: ReadonlyMap<string, MappingSet>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Makes the data directory, durably; the error says which one and why not. */
async function makeDataDirectory(path: string): Promise<void> {
  try {
    await systemDisk.makeDirectory(path);
  } catch (error) {
    const why = (error as Error).message;
    throw new Error(`cannot make the data directory ${path}: ${why}; choose another with --data`, {
      cause: error,
    });
  }
}

/** Reads the mapping files; the error is everything that is wrong in them. */
export function readMappings({ collectors }: Config): ReadonlyMap<string, MappingSet> {
  const read = readMappingFiles(collectors, (path) => readFileSync(path, 'utf8'));
  if (!read.ok) throw new Error(read.problems.join('\n'));
  return read.sets;
}

/** Opens them. Rejects with an error whose message is for people; nothing stays open then. */
export async function openParts(options: {
  readonly config: Config;
  readonly log: Log;
  readonly clock: Clock;
}): Promise<Parts> {
  const { config, log, clock } = options;
  const mappings = readMappings(config);
  await makeDataDirectory(config.data);
  const journal = await openJournal({
    directory: join(config.data, 'journal'),
    clock,
    log,
    limits: { keepBytes: config.journal.keepBytes, minFreeBytes: config.journal.minFreeBytes },
  });
  try {
    const { credentials, warning, created, file } = await ensureCredentials(
      config.data,
      randomBytes,
    );
    if (warning !== undefined) log.warn(warning);
    if (created) log.info('made the administrator key', { file });
    const directory = join(config.data, 'store');
    const limits = { memoryBytesMax: config.store.memoryBytesMax };
    const store = createEmbeddedStore({ directory, log, clock, limits });
    const loader = createLoader({ journal, store, clock, log, directory });
    const arn = organizationArn(config.organization);
    const gate = new IntakeGate(journal, log.for('journal'));
    const checkpoint = (source: string): unknown => journal.checkpoint(source);
    const intake = createIntake({ append: (batch) => gate.append(batch), checkpoint }, arn);
    const ownIntake = createIntake(journal, arn);
    const state = await openState({
      disk: systemDisk,
      directory: join(config.data, 'state'),
      clock,
      log: log.for('state'),
      accept: (events, progress) => ownIntake.accept(events, progress),
      checkpoint,
    });
    return {
      state,
      journal,
      gate,
      intake,
      ownIntake,
      store,
      loader,
      credentials,
      mappings,
      clock,
      log,
    };
  } catch (error) {
    await journal.close();
    throw error;
  }
}

// The deliveries of the state at work: each that is there runs, one that was changed runs anew, one that is
// gone stops and leaves nothing behind.
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Intake } from './collect/collector.ts';
import type { Dropped } from './deliver/backlog.ts';
import type { IntakeGate } from './intake-gate.ts';
import { managementEvent } from './management.ts';
import { DeliveryActs } from './api/deliveries/acts.ts';
import { DeliveriesEndpoint } from './api/deliveries/deliveries-endpoint.ts';
import { organizationArn } from './config/organization.ts';
import type { Config } from './config/schema.ts';
import { createDestination } from './deliver/create-destination.ts';
import { consumerOf, DeliveryRun, type DeliveryStatus } from './deliver/delivery-run.ts';
import type { Destination, DestinationTest } from './deliver/destination.ts';
import { BACKLOG_BYTES_DEFAULT, BACKLOG_KEPT_PART, FOLLOW_MS } from './deliver/limits.ts';
import { checkpointOf } from './deliver/log-group/log-group-destination.ts';
import { createSelection } from './deliver/selection.ts';
import { readWhole, replaceWhole } from './deliver/small-file.ts';
import type { Journal } from './journal/journal.ts';
import type { Clock } from './platform/clock.ts';
import { systemDisk } from './platform/disk.ts';
import type { Log } from './platform/log.ts';
import type { StateDocuments } from './state/documents.ts';
import type { Actor, State } from './state/state.ts';

const HASH_KEY = 'hash-key';
const HASH_KEY_BYTES = 32;

export interface DeliveriesOptions {
  readonly state: State;
  readonly journal: Journal;
  /** Closed while a backlog is full. */
  readonly gate: IntakeGate;
  /** Of what the program says itself. */
  readonly ownIntake: Pick<Intake, 'accept'>;
  /** Where each delivery has a directory of its own. */
  readonly directory: string;
  /** The configuration now; another after a reload. */
  readonly config: () => Pick<Config, 'organization' | 'deliveries'>;
  readonly clock: Clock;
  readonly log: Log;
}

interface Described {
  readonly delivery: StateDocuments['delivery'];
  readonly source: StateDocuments['delivery-source'];
  readonly destination: StateDocuments['delivery-destination'];
}

/** See the head of this file. */
export class Deliveries {
  readonly #options: DeliveriesOptions;
  readonly #runs = new Map<string, { readonly text: string; readonly run: DeliveryRun }>();
  /** The delivery for which nothing more is taken. */
  #full: string | undefined;
  /** Why those that should run do not. */
  readonly #unstarted = new Map<string, string>();
  #hashKey = '';
  #seen: number | undefined;
  #timer: { cancel(): void } | undefined;
  #stopped = false;
  #working: Promise<void> = Promise.resolve();

  readonly #acts: DeliveryActs;
  /** The deliveries for those who look at them and change them. */
  readonly endpoint: DeliveriesEndpoint;

  constructor(options: DeliveriesOptions) {
    this.#options = options;
    const { state, journal, clock, log } = options;
    this.#acts = new DeliveryActs({
      state,
      clock,
      log: log.for('deliver'),
      end: () => journal.status().end,
      organization: () => {
        const { organization } = options.config();
        return { ...organization, arn: organizationArn(organization) };
      },
    });
    this.endpoint = new DeliveriesEndpoint({ state, acts: this.#acts, atWork: this });
  }

  /** Makes the declared deliveries those of the configuration, each difference a change. */
  declare(actor: Actor): Promise<void> {
    return this.#acts.declare(this.#options.config().deliveries, actor);
  }

  /** Makes what is declared, and begins to follow the state. */
  async start(actor: Actor): Promise<void> {
    const { directory } = this.#options;
    await this.declare(actor);
    await systemDisk.makeDirectory(directory);
    this.#hashKey = await hashKeyIn(directory);
    await this.#sweep();
    this.#follow();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#working;
    await Promise.all([...this.#runs.values()].map(({ run }) => run.stop()));
    this.#runs.clear();
  }

  status(): readonly DeliveryStatus[] {
    return [...this.#runs.values()].map(({ run }) => run.status());
  }

  /** Why a delivery that is there does not run; undefined when it does. */
  unstarted(id: string): string | undefined {
    return this.#unstarted.get(id);
  }

  /** Writes a probe to where a delivery goes; undefined when there is no such delivery. */
  async test(id: string, signal: AbortSignal): Promise<DestinationTest | undefined> {
    const described = this.#described(id);
    if (described === undefined) return undefined;
    const destination = this.#destinationOf(id, described);
    try {
      return await destination.test(signal);
    } finally {
      await destination.close();
    }
  }

  #follow(): void {
    if (this.#stopped) return;
    this.#working = this.#compare()
      .catch((error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        this.#options.log.error('the deliveries do not follow the state', { reason });
        this.#seen = undefined;
      })
      .finally(() => {
        if (this.#stopped) return;
        this.#watchBacklogs();
        this.#timer = this.#options.clock.after(FOLLOW_MS, () => this.#follow());
      });
  }

  async #compare(): Promise<void> {
    const { state } = this.#options;
    if (state.version === this.#seen) return;
    const { version } = state;
    const wanted = new Map([...state.list('delivery')].map(([id]) => [id, this.#described(id)]));
    for (const [id, { text, run }] of this.#runs) {
      if (JSON.stringify(wanted.get(id)) === text) continue;
      await run.stop();
      this.#runs.delete(id);
      if (!wanted.has(id)) await this.#forget(id);
    }
    this.#unstarted.forEach((_, id) => wanted.has(id) || this.#unstarted.delete(id));
    for (const [id, described] of wanted) {
      if (described === undefined || this.#runs.has(id)) continue;
      await this.#begin(id, described);
    }
    // What could not be started is tried again.
    this.#seen = this.#unstarted.size === 0 ? version : undefined;
  }

  /** Starts a delivery; one that cannot be made holds no other up. */
  async #begin(id: string, described: Described): Promise<void> {
    try {
      const run = this.#runOf(id, described);
      await run.start();
      this.#runs.set(id, { text: JSON.stringify(described), run });
      this.#unstarted.delete(id);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (this.#unstarted.get(id) !== reason) {
        this.#options.log.error('a delivery cannot be started', { delivery: id, reason });
      }
      this.#unstarted.set(id, reason);
    }
  }

  #described(id: string): Described | undefined {
    const { state } = this.#options;
    const delivery = state.get('delivery', id);
    const source = delivery && state.get('delivery-source', delivery.sourceName);
    const destination = delivery && state.get('delivery-destination', delivery.destinationName);
    if (delivery === undefined || source === undefined || destination === undefined)
      return undefined;
    return { delivery, source, destination };
  }

  #runOf(id: string, described: Described): DeliveryRun {
    const { delivery, source } = described;
    const { journal, directory, clock, log } = this.#options;
    const { logType } = source;
    return new DeliveryRun({
      id,
      logType,
      select: createSelection({ ...delivery, logType, hashKey: this.#hashKey }),
      destination: this.#destinationOf(id, described),
      beginPosition: delivery.beginPosition,
      paused: delivery.paused === true,
      backlog: {
        bytesMax: delivery.backlogBytesMax ?? BACKLOG_BYTES_DEFAULT,
        whenFull: delivery.whenBacklogFull ?? 'stop-accepting',
      },
      dropped: (what) => this.#tellDropped(id, delivery.destinationName, what),
      journal,
      directory: join(directory, id),
      disk: systemDisk,
      clock,
      log: log.for('deliver'),
      random: Math.random,
    });
  }

  /** Nothing more is taken while a delivery has all that may be kept for it, and none of it is to be lost. */
  #watchBacklogs(): void {
    const full = [...this.#runs].find(([id, { run }]) => {
      const { bytes, bytesMax, whenFull } = run.backlog();
      const most = this.#full === id ? bytesMax * BACKLOG_KEPT_PART : bytesMax;
      return whenFull === 'stop-accepting' && bytes > most;
    });
    this.#full = full?.[0];
    if (full === undefined) {
      this.#options.gate.closedBecause = undefined;
      return;
    }
    const [id, { run }] = full;
    const { bytes, bytesMax } = run.backlog();
    const name = this.#options.state.get('delivery', id)?.destinationName ?? '';
    this.#options.gate.closedBecause =
      `the delivery ${id} (${name}) is ${bytes} bytes behind, and at most ${bytesMax} are kept for it: ` +
      'mend its destination ("mailtrail deliveries status"), give it more room (backlog), let it drop the oldest ' +
      '(whenBacklogFull: drop-oldest), or delete it';
  }

  /** On record before it is gone: who looks for the events later finds why they are not there. */
  async #tellDropped(deliveryId: string, destinationName: string, what: Dropped): Promise<void> {
    const { ownIntake, clock, log } = this.#options;
    const { from, to, ...counted } = what;
    const range = { fromPosition: from.position, toPosition: to.position };
    const after = { deliveryId, destinationName, ...range, ...counted };
    log.error('a delivery dropped the oldest of what it did not deliver', after);
    await ownIntake.accept([managementEvent('DropDeliveryBacklog', clock.now(), { after })]);
  }

  #destinationOf(deliveryId: string, { delivery, source, destination }: Described): Destination {
    const { journal, state, clock, config } = this.#options;
    const { account, region } = config().organization;
    const { logType } = source;
    return createDestination(
      { deliveryId, logType, delivery, destination },
      {
        account,
        region,
        env: process.env,
        clock,
        groupId: (name) => state.get('log-group', name)?.groupId,
        append: (batch) => journal.append(batch),
        checkpoint: (from) => journal.checkpoint(from),
      },
    );
  }

  /** Nothing of a delivery that is gone holds the journal back. */
  async #forget(id: string): Promise<void> {
    const { journal, directory } = this.#options;
    await journal.forget(consumerOf(id));
    const source = checkpointOf(id);
    if (journal.checkpoint(source) !== undefined) {
      await journal.append({
        lines: new Uint8Array(0),
        count: 0,
        checkpoint: { source, value: null },
      });
    }
    await rm(join(directory, id), { recursive: true, force: true });
    this.#options.log.info('a delivery was deleted, with its cursor and files', { delivery: id });
  }

  /** What a crash left of deliveries that were deleted. */
  async #sweep(): Promise<void> {
    const { journal, state, directory } = this.#options;
    const kept = new Set([...state.list('delivery')].map(([id]) => id));
    const consumers = new Set([...kept].map(consumerOf));
    for (const name of await systemDisk.list(directory)) {
      if (/^[0-9A-Za-z]{1,64}$/.test(name) && !kept.has(name)) await this.#forget(name);
    }
    for (const consumer of Object.keys(journal.status().consumers)) {
      if (consumer.startsWith('delivery-') && !consumers.has(consumer))
        await journal.forget(consumer);
    }
  }
}

/** The key of hashed fields: made once, and never told. */
async function hashKeyIn(directory: string): Promise<string> {
  const known = await readWhole(systemDisk, directory, HASH_KEY);
  if (known !== undefined) return known.trim();
  const made = randomBytes(HASH_KEY_BYTES).toString('hex');
  await replaceWhole(systemDisk, directory, HASH_KEY, `${made}\n`, 0o600);
  return made;
}

// The only place that knows all parts: builds them from the configuration, starts and stops them in
// order, and applies a changed configuration to the running ones.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RulesInForce } from './access-policy.ts';
import { accessServices } from './access-services.ts';
import type { TlsKeys } from './api/listener.ts';
import { createHttpServer, type HttpServer } from './api/server.ts';
import type { Collector } from './collect/collector.ts';
import { createPolicyHandler, type PolicyHandler } from './collect/dovecot/policy.ts';
import { createSignInJoin, type SignInJoin } from './collect/dovecot/sign-in-join.ts';
import { admitLines } from './collect/http/admit-batch.ts';
import { createMappedBodies } from './collect/mapping/mapped-bodies.ts';
import { createOtlpLogs } from './collect/otlp/otlp-logs.ts';
import {
  mappingDigests,
  obstacleToReplace,
  replaceMappings,
} from './collect/mapping/mapping-files.ts';
import { createSaslJoin, type SaslJoin } from './collect/sasl-join.ts';
import { createCloudWatchLogs, type CloudWatchLogs } from './cloudwatch-logs.ts';
import { Decisions } from './decisions.ts';
import { createCollectors } from './collectors.ts';
import { Deliveries } from './deliveries.ts';
import { formatAddress } from './config/address.ts';
import type { Config } from './config/schema.ts';
import { logGroupName, LOG_TYPES, type LogType } from './event/log-type.ts';
import { lookupTablesIn } from './api/lookup-tables.ts';
import { savedQueryIn } from './api/aws/logs/query-definitions.ts';
import type { QueryLanguage } from './api/query-language.ts';
import { compileQuery, formatRow, type LookupTables, type SavedQueries } from './insights/index.ts';
import { LogEventKeeping } from './log-event-keeping.ts';
import { managementEvent, settingsInForce } from './management.ts';
import { systemClock, type Clock } from './platform/clock.ts';
import type { Log } from './platform/log.ts';
import { openParts, type Parts, readMappings } from './parts.ts';
import { describeReadiness } from './readiness.ts';
import type { Actor } from './state/state.ts';
import { readVersion } from './version.ts';

/** How long requests in flight may take to end when the server stops, in ms. */
const DRAIN_MS = 10_000;

/** How long to wait before the store is started again, in ms; doubled each time up to the maximum. */
const RETRY_DELAY_MIN_MS = 1_000;
const RETRY_DELAY_MAX_MS = 30_000;

/** Who declares rules: the configuration file. */
const CONFIGURATION: Actor = { userId: 'configuration' };

/** The running server, as the command line sees it. */
export interface App {
  /** Where the API is served, e.g. `http://127.0.0.1:4650`. */
  readonly address: string;
  /** Takes nothing more, makes what was taken durable, and lets everything go. */
  stop(): Promise<void>;
  /** Applies what can change while running; says which settings cannot. */
  reload(
    config: Config,
  ): Promise<{ readonly ok: true } | { readonly ok: false; readonly reason: string }>;
}

function readTls(config: Config): TlsKeys | undefined {
  const { tls } = config.server;
  return tls && { cert: readFileSync(tls.cert), key: readFileSync(tls.key) };
}

/** The query language with the tables that it may look in and the saved queries that it may call. */
function languageWith(lookupTables: LookupTables, savedQueries: SavedQueries): QueryLanguage {
  return {
    compileQuery: (text, scope) => compileQuery(text, { lookupTables, savedQueries, ...scope }),
    formatRow,
  };
}

class RunningApp implements App {
  readonly #parts: Parts;
  readonly #http: HttpServer;
  readonly #collectors: readonly Collector[];
  readonly #policy: PolicyHandler;
  readonly #decisions: Decisions;
  readonly #signIns: SignInJoin;
  readonly #sasl: SaslJoin;
  readonly #keeping: LogEventKeeping;
  readonly #logs: CloudWatchLogs;
  readonly #deliveries: Deliveries;
  readonly #language = languageWith(
    lookupTablesIn(() => this.#config.queries.lookupTables),
    (name) => savedQueryIn(this.#parts.state, name),
  );
  #config: Config;
  readonly #rules: RulesInForce;
  #storeStarting: Promise<void> = Promise.resolve();
  #address = '';
  #stopping: Promise<void> | undefined;
  #requestStop: () => void = () => {};
  readonly #stopRequested = new Promise<void>((resolve) => {
    this.#requestStop = resolve;
  });

  private constructor(config: Config, parts: Parts) {
    this.#config = config;
    this.#parts = parts;
    const { intake, clock, log, state } = parts;
    this.#rules = new RulesInForce({
      state,
      clock,
      log: log.for('access'),
      settings: () => this.#config.access,
    });
    const access = (): ReturnType<RulesInForce['access']> => this.#rules.access();
    this.#signIns = createSignInJoin({ intake, clock, log });
    this.#sasl = createSaslJoin(clock);
    this.#decisions = new Decisions({ access, intake, clock });
    this.#policy = createPolicyHandler({ access, intake, clock, signIns: this.#signIns });
    const joins = { signIns: this.#signIns, sasl: this.#sasl };
    this.#collectors = createCollectors({ config, ...parts, ...joins, access });
    this.#keeping = this.#makeKeeping();
    this.#logs = createCloudWatchLogs({
      ...parts,
      config: () => this.#config,
      keeping: this.#keeping,
      loadedTo: () => parts.loader.status().loadedTo,
      language: this.#language,
      retain: () => this.#retain(this.#config),
    });
    this.#deliveries = new Deliveries({
      ...parts,
      directory: join(config.data, 'deliveries'),
      config: () => this.#config,
    });
    this.#http = this.#makeHttpServer();
  }

  #makeKeeping(): LogEventKeeping {
    const { journal, state, store, loader, clock, log } = this.#parts;
    return new LogEventKeeping({
      state,
      store,
      clock,
      log: log.for('logs'),
      end: () => journal.status().end,
      loadedTo: () => loader.status().loadedTo,
      ready: () => store.health().ready,
    });
  }

  get address(): string {
    return this.#address;
  }

  #makeHttpServer(): HttpServer {
    const { gate, intake, store, state, loader, credentials, mappings, clock, log } = this.#parts;
    const { organization, collectors } = this.#config;
    const tls = readTls(this.#config);
    const access = accessServices({
      organization: () => this.#config.organization,
      rules: this.#rules,
      state,
      clock,
    });
    return createHttpServer({
      keys: () => credentials,
      state,
      admit: admitLines,
      append: (batch) => gate.append(batch),
      mapped: createMappedBodies({
        sets: mappings,
        webhooks: collectors.webhooks,
        intake,
        clock,
        log: log.for('mapped'),
      }),
      otlp: createOtlpLogs({ sets: mappings, intake, clock, log: log.for('otlp') }),
      policy: this.#policy,
      decisions: this.#decisions,
      store,
      aws: [this.#logs.service, access.workMail],
      accessControl: access.accessControl,
      deliveries: this.#deliveries.endpoint,
      language: this.#language,
      loadedTo: () => loader.status().loadedTo,
      organization: organization.name,
      putGroups: () => this.#logs.putGroups(),
      account: organization.account,
      version: readVersion(),
      readiness: () => this.#readiness(),
      status: () => this.#status(),
      clock,
      log,
      ...(tls && { tls }),
    });
  }

  /** Starts the parts in the order in which data flows backwards: who takes is there before who gives. */
  static async start(config: Config, parts: Parts): Promise<RunningApp> {
    const app = new RunningApp(config, parts);
    try {
      // Before anybody can ask: a new organization has no rules yet, which would refuse everybody.
      await app.#rules.start(config.organization.name, CONFIGURATION);
      const listening = await app.#http.start(config.server.listen);
      const scheme = config.server.tls === undefined ? 'http' : 'https';
      app.#address = `${scheme}://${formatAddress(listening)}`;
      for (const collector of app.#collectors) await collector.start();
      app.#keeping.start();
      await app.#deliveries.start(CONFIGURATION);
      app.#storeStarting = app.#startStore();
      await app.#record('StartServer', { after: app.#settings(config) });
      return app;
    } catch (error) {
      await app.stop();
      throw error;
    }
  }

  /**
   * The engine takes a moment to start; events are taken meanwhile and loaded when it is there. What
   * keeps it from starting (a full disk, an earlier engine that still holds the directory) may pass.
   */
  async #startStore(): Promise<void> {
    const { store, loader } = this.#parts;
    await this.#untilDone('the store did not start', () => store.start());
    await this.#untilDone('the loader did not start', () => loader.start());
    await this.#untilDone('the retention was not set', () => this.#retain(this.#config));
  }

  async #untilDone(failure: string, work: () => Promise<void>): Promise<void> {
    const { clock, log } = this.#parts;
    for (let delayMs = RETRY_DELAY_MIN_MS; this.#stopping === undefined;) {
      try {
        await work();
        return;
      } catch (error) {
        if (this.#stopping !== undefined) return;
        log.error(`${failure}; trying again`, { reason: (error as Error).message, delayMs });
      }
      await Promise.race([
        new Promise<void>((resolve) => clock.after(delayMs, resolve)),
        this.#stopRequested,
      ]);
      delayMs = Math.min(delayMs * 2, RETRY_DELAY_MAX_MS);
    }
  }

  async #retain(config: Config): Promise<void> {
    if (!this.#parts.store.health().ready) return;
    for (const logType of LOG_TYPES) {
      await this.#parts.store.retain(logType, this.#retentionDays(config, logType));
    }
  }

  /** What was put with PutRetentionPolicy goes before the configuration. */
  #retentionDays({ organization, retention }: Config, logType: LogType): number | undefined {
    const group = this.#parts.state.get('log-group', logGroupName(organization.name, logType));
    return group?.retentionDays ?? retention.days[logType];
  }

  #readiness(): ReturnType<typeof describeReadiness> {
    const { gate, state, store, loader } = this.#parts;
    return describeReadiness({
      journal: gate.status(),
      state: state.status(),
      store: store.health(),
      loader: loader.status(),
      collectors: this.#collectors.map((collector) => collector.status()),
    });
  }

  async #status(): Promise<object> {
    const { gate, state, store, loader } = this.#parts;
    const health = store.health();
    return {
      ...readVersion(),
      node: process.version,
      uptimeSeconds: Math.round(process.uptime()),
      data: this.#config.data,
      organization: this.#config.organization.name,
      readiness: this.#readiness(),
      journal: gate.status(),
      state: state.status(),
      loader: loader.status(),
      store: health.ready ? { ...health, ...(await store.stats()) } : health,
      collectors: [
        ...this.#collectors.map((collector) => collector.status()),
        this.#policy.status(),
        this.#decisions.status(),
      ],
      deliveries: this.#deliveries.status(),
    };
  }

  async #record(eventName: string, change: { before?: object; after?: object }): Promise<void> {
    const { ownIntake, clock } = this.#parts;
    await ownIntake.accept([managementEvent(eventName, clock.now(), change)]);
  }

  #settings(config: Config): object {
    return settingsInForce(config, mappingDigests(this.#parts.mappings));
  }

  async reload(config: Config): ReturnType<App['reload']> {
    const before = this.#settings(this.#config);
    const fixed = unchangeable(this.#config, config);
    if (fixed.length > 0) {
      const what = fixed.join(', ');
      return { ok: false, reason: `${what} cannot change while the server runs; restart it` };
    }
    try {
      const { mappings } = this.#parts;
      this.#rules.check(config.access);
      const next = readMappings(config);
      const after = settingsInForce(config, mappingDigests(next));
      const obstacle = obstacleToReplace(mappings, next);
      if (obstacle !== undefined) return { ok: false, reason: obstacle };
      // First on record, then in force: a change without its record would be the worse half.
      await this.#record('ReloadConfiguration', { before, after });
      replaceMappings(mappings, next);
      this.#config = config;
      await this.#rules.declare(CONFIGURATION);
      await this.#deliveries.declare(CONFIGURATION);
      await this.#retain(config);
      return { ok: true };
    } catch (error) {
      return { ok: false, reason: (error as Error).message };
    }
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    this.#requestStop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    const { journal, state, store, loader, log } = this.#parts;
    const ended = async (what: string, work: () => Promise<unknown>): Promise<void> => {
      try {
        await work();
      } catch (error) {
        log.error(`${what} did not stop cleanly`, { reason: (error as Error).message });
      }
    };
    await ended('the API', () => this.#http.stop({ drainMs: DRAIN_MS }));
    for (const collector of this.#collectors) {
      await ended(collector.status().name, () => collector.stop());
    }
    this.#sasl.stop();
    await ended('the rules', () => this.#rules.stop());
    await ended('the join of sign-ins', () => this.#signIns.stop());
    await ended('the queries', () => this.#logs.close());
    await ended('the deletion of log events', () => this.#keeping.stop());
    await ended('the deliveries', () => this.#deliveries.stop());
    if (this.#address !== '') await ended('the record', () => this.#record('StopServer', {}));
    await ended('the state', () => state.close());
    await ended('the loader', () => loader.stop());
    await ended('the store', () => store.stop());
    await this.#storeStarting;
    await ended('the journal', () => journal.close());
  }
}

/** The settings that differ and need a restart. */
function unchangeable(now: Config, next: Config): string[] {
  const fixed = [
    'organization',
    'server',
    'data',
    'dovecot',
    'postfix',
    'collectors',
    'journal',
    'store',
    'log',
  ] as const;
  return fixed.filter((key) => JSON.stringify(now[key]) !== JSON.stringify(next[key]));
}

/**
 * Starts the whole server. Rejects with an error whose message is for people: the directory is in
 * use or cannot be written, the address is taken, the credentials are exposed.
 */
export async function startApp(options: {
  readonly config: Config;
  readonly log: Log;
  readonly clock?: Clock;
}): Promise<App> {
  const { config, log, clock = systemClock } = options;
  const parts = await openParts({ config, log, clock });
  try {
    return await RunningApp.start(config, parts);
  } catch (error) {
    await parts.state.close();
    await parts.journal.close();
    throw error;
  }
}

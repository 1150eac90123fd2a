// Replays a recording into the real collectors and handlers, put together as the server does it, on a
// clock that only moves when everything that was fed has been read: the events are the same each time.
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_RULE } from '../../src/access/decide.ts';
import type { Collector } from '../../src/collect/collector.ts';
import { createDovecotCollector } from '../../src/collect/dovecot/collector.ts';
import { createPolicyHandler } from '../../src/collect/dovecot/policy.ts';
import { createSignInJoin } from '../../src/collect/dovecot/sign-in-join.ts';
import { createPostfixCollector } from '../../src/collect/postfix/collector.ts';
import { createMessageContentsJoin } from '../../src/collect/message-contents.ts';
import { createMilter, type Milter } from '../../src/collect/milter/milter-server.ts';
import { createPolicyService } from '../../src/collect/postfix/policy-service.ts';
import { createSaslJoin } from '../../src/collect/sasl-join.ts';
import { createTraceJoin } from '../../src/collect/trace-join.ts';
import type { AuditEvent } from '../../src/event/audit-event.ts';
import { systemDisk } from '../../src/platform/disk.ts';
import { silentLog } from '../../src/platform/log.ts';
import { accessByRules } from '../access/in-force.ts';
import { MemoryIntake } from '../collect/memory-intake.ts';
import { StepClock } from './step-clock.ts';
import { MilterReplay } from './milter-replay.ts';
import type { MilterRecord, PolicyRecord } from './record/recorder.ts';
import { RULE } from './scenario.ts';

/** In which order the two sides that tell of a thing come: both happen. */
export type Order = 'as recorded' | 'logs first' | 'policy first';

/** How far the clock goes on after the last line, in ms: everything that waits has been told then. */
const AFTERWARDS_MS = 10_000;
const STEP_MS = 250;
/** Nothing of a recording takes longer to be read, in ms of real time. */
const READ_DEADLINE_MS = 10_000;
/** After so long without progress collectors that poll are made to look again, in ms of real time. */
const STALLED_MS = 3;

const NEWLINE = 0x0a;

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A log that grows as it did when it was recorded. */
class GrowingLog {
  readonly path: string;
  readonly #bytes: Buffer;
  #length = 0;
  #lines = 0;

  constructor(path: string, recording: string) {
    this.path = path;
    this.#bytes = readFileSync(recording);
    writeFileSync(path, '');
  }

  /** How many whole lines there are so far. */
  get lines(): number {
    return this.#lines;
  }

  growTo(length = this.#bytes.length): void {
    if (length <= this.#length) return;
    const more = this.#bytes.subarray(this.#length, length);
    for (const byte of more) if (byte === NEWLINE) this.#lines++;
    appendFileSync(this.path, more);
    this.#length = length;
  }
}

type Asked = PolicyRecord | MilterRecord;

function readRecords<T>(file: string): T[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);
}

/** The time of the first line of Dovecot's log, or of Postfix's, in ms. */
function beginning(folder: string, asked: readonly Asked[]): number {
  const dovecot = /^\S+T\S+/.exec(readFileSync(join(folder, 'dovecot.log'), 'utf8'))?.[0];
  const times = [asked[0]?.at, dovecot === undefined ? undefined : Date.parse(dovecot)];
  const known = times.filter((time) => time !== undefined);
  if (known.length === 0) throw new Error(`${folder} does not say when it was recorded`);
  return Math.min(...known);
}

/** Everything that makes events, as src/app.ts wires it. */
class Wiring {
  readonly intake = new MemoryIntake();
  readonly clock: StepClock;
  readonly #signIns;
  readonly #policy;
  readonly #service;
  readonly #collectors: readonly Collector[];
  readonly #logs: readonly [GrowingLog, GrowingLog];
  readonly #answers: Promise<unknown>[] = [];
  readonly #socketPath: string;
  readonly #milter: Milter;
  readonly #milterReplay: MilterReplay;
  #postfix: Socket | undefined;

  constructor(
    directory: string,
    logs: readonly [GrowingLog, GrowingLog],
    startMs: number,
    shown: readonly MilterRecord[],
  ) {
    const [dovecotLog, postfixLog] = logs;
    this.#logs = logs;
    this.clock = new StepClock(startMs);
    this.#socketPath = join(directory, 'policy');
    const inForce = accessByRules([RULE, DEFAULT_RULE]);
    const access = (): typeof inForce => inForce;
    const { intake, clock } = this;
    const log = silentLog;
    this.#signIns = createSignInJoin({ intake, clock, log });
    this.#policy = createPolicyHandler({ access, intake, clock, signIns: this.#signIns });
    const sasl = createSaslJoin(clock);
    const feed = { intake, clock, log, sasl, traces: createTraceJoin(clock) };
    const dovecot = createDovecotCollector({
      ...feed,
      paths: [dovecotLog.path],
      signIns: this.#signIns,
    });
    const lmtpTold = (): boolean => dovecot.status().state === 'running';
    this.#service = createPolicyService({
      access,
      intake,
      clock,
      log,
      listen: { path: this.#socketPath },
    });
    const contents = createMessageContentsJoin(clock);
    this.#milter = createMilter({
      listen: { path: join(directory, 'milter') },
      contents,
      directory: join(directory, 'milter-notes'),
      disk: systemDisk,
      intake,
      clock,
      log,
    });
    this.#milterReplay = new MilterReplay(join(directory, 'milter'), shown);
    const joins = shown.length === 0 ? {} : { contents };
    this.#collectors = [
      dovecot,
      createPostfixCollector({ ...feed, ...joins, paths: [postfixLog.path], lmtpTold }),
    ];
  }

  async start(): Promise<void> {
    for (const collector of this.#all()) await collector.start();
  }

  #all(): Collector[] {
    return [this.#milter, ...this.#collectors, this.#service];
  }

  /** Waits until every line that is there has been read. */
  async settle(): Promise<void> {
    const end = Date.now() + READ_DEADLINE_MS;
    let stalled = Date.now();
    let before = -1;
    for (;;) {
      const seen = this.#collectors.map((collector) => collector.status().seen);
      const behind = this.#logs.some((log, index) => (seen[index] ?? 0) < log.lines);
      if (!behind) break;
      const sum = seen.reduce((a, b) => a + b, 0);
      if (sum !== before) stalled = Date.now();
      before = sum;
      if (Date.now() - stalled > STALLED_MS) this.clock.nudge(STEP_MS);
      if (Date.now() > end)
        throw new Error(
          `of ${String(this.#logs.map((l) => l.lines))} lines only ${String(seen)} were read`,
        );
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    // What was read is handed in by promises only.
    for (let turns = 0; turns < 5; turns++) await turn();
  }

  /** Asks, tells and shows what the servers asked, told and showed. */
  async ask(record: Asked): Promise<void> {
    this.clock.moveTo(record.at);
    if (record.service === 'milter') {
      await this.#milterReplay.show(record);
    } else if (record.service === 'dovecot') {
      // Not awaited: an answer to a report may wait for its line.
      this.#answers.push(this.#policy.handle(record.command, record.body));
    } else {
      if (this.#postfix === undefined) {
        this.#postfix = connect(this.#socketPath);
        await once(this.#postfix, 'connect');
      }
      const answered = once(this.#postfix, 'data');
      this.#postfix.write(`${record.request}\n\n`);
      await answered;
    }
    for (let turns = 0; turns < 5; turns++) await turn();
  }

  async finish(): Promise<readonly AuditEvent[]> {
    for (let passed = 0; passed < AFTERWARDS_MS; passed += STEP_MS) {
      this.clock.advance(STEP_MS);
      await this.settle();
    }
    await Promise.all(this.#answers);
    this.#postfix?.destroy();
    this.#milterReplay.stop();
    for (const collector of this.#all()) await collector.stop();
    await this.#signIns.stop();
    return this.intake.journal.events;
  }
}

/** The events that the journal gets from a recording, in the order in which it gets them. */
export async function replay(folder: string, order: Order): Promise<readonly AuditEvent[]> {
  const directory = mkdtempSync(join(tmpdir(), 'mailtrail-replay-'));
  try {
    const logs = [
      new GrowingLog(join(directory, 'dovecot.log'), join(folder, 'dovecot.log')),
      new GrowingLog(join(directory, 'maillog'), join(folder, 'maillog')),
    ] as const;
    const shown = readRecords<MilterRecord>(join(folder, 'milter.ndjson'));
    const policy = readRecords<PolicyRecord>(join(folder, 'policy.ndjson'));
    const asked = [...policy, ...shown].toSorted((a, b) => a.at - b.at);
    const wiring = new Wiring(directory, logs, beginning(folder, asked), shown);
    await wiring.start();
    const grow = async (lengths?: readonly [number, number]): Promise<void> => {
      for (const [index, log] of logs.entries()) log.growTo(lengths?.[index]);
      await wiring.settle();
    };
    const feed = async (records: readonly Asked[], together: boolean): Promise<void> => {
      for (const record of records) {
        if (together) await grow(record.logs);
        await wiring.ask(record);
      }
    };
    // What the milter is shown goes with the log: Postfix waits for its answer before it logs.
    if (order === 'as recorded') await feed(asked, true);
    if (order === 'policy first') await feed(policy, false);
    if (order !== 'as recorded') await feed(shown, true);
    await grow();
    if (order === 'logs first') await feed(policy, false);
    return await wiring.finish();
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

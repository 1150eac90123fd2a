// Plays scenarios on servers of their own and keeps what the servers logged, what they asked, and what
// the clients did.
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { dovecotAuditLog, tailOf } from '../../servers/dovecot.ts';
import { mailServersDirectory } from '../../servers/mail-servers.ts';
import { postfixMailLog } from '../../servers/postfix.ts';
import { inParallel } from '../parallel.ts';
import type { Scenario } from '../scenario.ts';
import { startScenarioServers } from '../servers.ts';
import { Stage } from '../stage.ts';
import {
  startRecorder,
  type LogLengths,
  type MilterRecord,
  type PolicyRecord,
} from './recorder.ts';

/** The name that stands for the machine on which a recording was made. */
const RECORDED_HOST = 'mail';
/** The servers have said all there is when nothing was written for so long, in ms. */
const QUIET_MS = 700;
const POLL_MS = 50;

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

async function untilQuiet(files: readonly string[]): Promise<void> {
  let sizes = '';
  for (let quietSince = Date.now(); Date.now() - quietSince < QUIET_MS;) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    const now = files.map(sizeOf).join();
    if (now !== sizes) quietSince = Date.now();
    sizes = now;
  }
}

/** What a log says from the beginning of the scenario on, without the machine's name. */
class RecordedLog {
  readonly #bytes: Buffer;
  readonly #start: number;

  constructor(file: string, start: number) {
    this.#bytes = sizeOf(file) === 0 ? Buffer.alloc(0) : readFileSync(file);
    this.#start = start;
  }

  /** Up to the place in the file; the name is replaced where a line's frame or a Message-ID has it. */
  anonymous(end = this.#bytes.length): Buffer {
    const host = hostname();
    const frame = new RegExp(`^(\\w{3} [ \\d]\\d [\\d:]{8}) ${host} `, 'gm');
    const text = this.#bytes
      .subarray(this.#start, Math.max(this.#start, end))
      .toString('latin1')
      .replaceAll(`"hostname":"${host}"`, `"hostname":"${RECORDED_HOST}"`)
      .replaceAll(`@${host}>`, `@${RECORDED_HOST}>`)
      .replaceAll(frame, `$1 ${RECORDED_HOST} `);
    return Buffer.from(text, 'latin1');
  }
}

interface Recorded {
  readonly logs: readonly [RecordedLog, RecordedLog];
  readonly policy: readonly PolicyRecord[];
  readonly milter: readonly MilterRecord[];
  readonly stages: readonly Stage[];
}

function keep(folder: string, { logs, policy, milter, stages }: Recorded): void {
  mkdirSync(folder, { recursive: true });
  const write = (name: string, data: string | Buffer): void =>
    writeFileSync(join(folder, name), data);
  write('dovecot.log', logs[0].anonymous());
  write('maillog', logs[1].anonymous());
  const lines = (records: readonly { readonly logs: LogLengths }[]): string => {
    const texts = records.map((each) => {
      const lengths: LogLengths = [
        logs[0].anonymous(each.logs[0]).length,
        logs[1].anonymous(each.logs[1]).length,
      ];
      return `${JSON.stringify({ ...each, logs: lengths })}\n`;
    });
    return texts.join('');
  };
  write('policy.ndjson', lines(policy));
  if (milter.length > 0) write('milter.ndjson', lines(milter));
  const [only, ...others] = stages;
  if (only === undefined || others.length > 0) return;
  write('commands.json', `${JSON.stringify(only.transcript.steps, null, 1)}\n`);
}

/**
 * Plays the scenarios, so many at a time, on one pair of servers, and writes the recording into the
 * folder. The commands are kept where there is one scenario: each does the same whenever it is played.
 *
 * @param cast all scenarios, whose users the servers know
 */
export async function record(
  folder: string,
  scenarios: readonly Scenario[],
  cast: readonly Scenario[],
  atATime: number,
): Promise<void> {
  const directory = mailServersDirectory('mailtrail-record-');
  const files = [dovecotAuditLog(directory), postfixMailLog(directory)] as const;
  const recorder = await startRecorder(directory, () => [sizeOf(files[0]), sizeOf(files[1])]);
  try {
    const servers = await startScenarioServers(cast, {
      directory,
      endpoint: { policyUrl: recorder.policyUrl, bearerToken: 'recorder' },
      policyService: recorder.policyService,
      milterSocket: recorder.milterSocket,
    });
    const stages = scenarios.map((scenario) => new Stage(scenario, servers));
    try {
      await untilQuiet(files);
      const starts = files.map(sizeOf);
      const works = scenarios.map((scenario, index) => async () => {
        const stage = stages[index];
        if (stage !== undefined) await scenario.play(stage);
      });
      await inParallel(works, atATime);
      await untilQuiet(files);
      const logs = [
        new RecordedLog(files[0], starts[0] ?? 0),
        new RecordedLog(files[1], starts[1] ?? 0),
      ] as const;
      keep(folder, { logs, policy: recorder.records, milter: recorder.milterRecords, stages });
    } catch (error) {
      console.error([servers.dovecot.errorLog, ...files].map(tailOf).join('\n'));
      throw error;
    } finally {
      await servers.stop();
    }
  } finally {
    await recorder.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

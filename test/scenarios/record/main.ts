// `npm run record-corpus [NAME…]`: plays each scenario on servers of its own and keeps what they logged,
// what they asked, and what the clients did. The expected events are made from that by
// `vitest --project unit -u`, and then read by a person.
import { mkdirSync, rmSync, statSync, writeFileSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { dovecotAuditLog, tailOf } from '../../servers/dovecot.ts';
import { mailServersDirectory } from '../../servers/mail-servers.ts';
import { projectRoot } from '../../servers/snippet.ts';
import { postfixMailLog } from '../../servers/postfix.ts';
import type { Scenario } from '../scenario.ts';
import { startScenarioServers } from '../servers.ts';
import { Stage } from '../stage.ts';
import { SCENARIOS } from '../stories/all.ts';
import { startPolicyRecorder, type LogLengths } from './policy-recorder.ts';

const CORPUS = join(projectRoot(), 'test', 'corpus', 'scenarios');
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

  /** Up to the place in the file; the name is replaced where a line's frame has it. */
  anonymous(end = this.#bytes.length): Buffer {
    const host = hostname();
    const text = this.#bytes
      .subarray(this.#start, Math.max(this.#start, end))
      .toString('latin1')
      .replaceAll(`"hostname":"${host}"`, `"hostname":"${RECORDED_HOST}"`)
      .replaceAll(
        new RegExp(`^(\\w{3} [ \\d]\\d [\\d:]{8}) ${host} `, 'gm'),
        `$1 ${RECORDED_HOST} `,
      );
    return Buffer.from(text, 'latin1');
  }
}

async function record(scenario: Scenario): Promise<void> {
  const directory = mailServersDirectory('mailtrail-record-');
  const logs = [dovecotAuditLog(directory), postfixMailLog(directory)] as const;
  const recorder = await startPolicyRecorder(() => [sizeOf(logs[0]), sizeOf(logs[1])]);
  try {
    const servers = await startScenarioServers(SCENARIOS, {
      directory,
      endpoint: { policyUrl: recorder.policyUrl, bearerToken: 'recorder' },
      policyService: recorder.policyService,
    });
    const stage = new Stage(scenario, servers);
    try {
      await untilQuiet(logs);
      const starts = logs.map(sizeOf);
      await scenario.play(stage);
      await untilQuiet(logs);
      const folder = join(CORPUS, scenario.name);
      mkdirSync(folder, { recursive: true });
      const keep = (name: string, data: string | Buffer): void =>
        writeFileSync(join(folder, name), data);
      const recorded = logs.map((file, index) => new RecordedLog(file, starts[index] ?? 0)) as [
        RecordedLog,
        RecordedLog,
      ];
      keep('dovecot.log', recorded[0].anonymous());
      keep('maillog', recorded[1].anonymous());
      const policy = recorder.records.map((each) => {
        const lengths: LogLengths = [
          recorded[0].anonymous(each.logs[0]).length,
          recorded[1].anonymous(each.logs[1]).length,
        ];
        return `${JSON.stringify({ ...each, logs: lengths })}\n`;
      });
      keep('policy.ndjson', policy.join(''));
      keep('commands.json', `${JSON.stringify(stage.transcript.steps, null, 1)}\n`);
      console.log(`${scenario.name}: ${stage.transcript.steps.length} steps`);
    } catch (error) {
      console.error([servers.dovecot.errorLog, ...logs].map(tailOf).join('\n'));
      throw error;
    } finally {
      await servers.stop();
    }
  } finally {
    await recorder.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !SCENARIOS.some((scenario) => scenario.name === name));
if (unknown.length > 0) {
  console.error(`no scenario is named ${unknown.join(', ')}`);
  process.exit(2);
}
for (const scenario of SCENARIOS) {
  if (wanted.length > 0 && !wanted.includes(scenario.name)) continue;
  try {
    await record(scenario);
  } catch (error) {
    console.error(`${scenario.name}:`, error);
    process.exitCode = 1;
  }
}

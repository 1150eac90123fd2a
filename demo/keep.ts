// A stage that was left standing (`--keep`): how it is found again and ended.
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { membersOf, stopGroup } from '../test/servers/process-group.ts';
import { STAGE_PREFIX, type Stage } from './stage.ts';

const RECORD = 'kept.json';

interface KeptGroup {
  readonly id: number;
  /** When its first process was started, in clock ticks since boot: ids are used again. */
  readonly startTicks: string;
}

/** Field 22 of /proc/PID/stat; empty when there is no such process. */
function startTicks(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

/** Writes down what runs, so that another process can end it. */
export function recordKept(stage: Stage): void {
  const groups = [...stage.servers.groups, stage.mailtrail.group].map(({ id }): KeptGroup => {
    return { id, startTicks: startTicks(id) };
  });
  writeFileSync(join(stage.directory, RECORD), JSON.stringify(groups), { mode: 0o600 });
}

/** Stages that were kept by this user; a directory of somebody else is not trusted. */
function keptStages(): string[] {
  return readdirSync(tmpdir())
    .filter((name) => name.startsWith(STAGE_PREFIX))
    .map((name) => join(tmpdir(), name))
    .filter((directory) => {
      try {
        return statSync(join(directory, RECORD)).uid === process.getuid?.();
      } catch {
        return false;
      }
    });
}

/** Ends all kept stages and removes their directories; which ones they were. */
export async function stopKept(): Promise<string[]> {
  const stopped = keptStages();
  for (const directory of stopped) {
    const groups = JSON.parse(readFileSync(join(directory, RECORD), 'utf8')) as KeptGroup[];
    for (const { id, startTicks: then } of groups) {
      if (startTicks(id) === then && membersOf(id).length > 0) await stopGroup(id);
    }
    rmSync(directory, { recursive: true, force: true });
  }
  return stopped;
}

// What the benchmarks have in common: percentiles, processor time and memory of other processes.
import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';

/** The value below which the given share (0 to 1) of the values lie. Sorts a copy. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** Linux accounts processor time in hundredths of a second. */
const TICKS_PER_SECOND = 100;

/** User and system seconds that the process has used; from proc_pid_stat(5). */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Resident memory of the process now and at its peak, in MiB; from proc_pid_status(5). */
export function residentMiB(pid: number): { now: number; peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const read = (name: string): number =>
    Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1024;
  return { now: Math.round(read('VmRSS')), peak: Math.round(read('VmHWM')) };
}

/** The machine in one line, for the head of a result. */
export function machine(): string {
  const [cpu] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${cpus().length} × ${cpu?.model.trim() ?? 'unknown processor'}, ${memory} GiB, Node ${process.version}`;
}

/** Prints a figure with its name, aligned. */
export function figure(name: string, value: string | number): void {
  console.log(`  ${name.padEnd(44)} ${value}`);
}

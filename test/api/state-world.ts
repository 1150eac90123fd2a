// A state on a disk in memory, with the management events that it told.
import type { AuditEvent } from '../../src/event/audit-event.ts';
import type { Clock } from '../../src/platform/clock.ts';
import { silentLog } from '../../src/platform/log.ts';
import { SimulatedDisk } from '../../src/platform/simulated-disk.ts';
import { openState } from '../../src/state/open.ts';
import type { State } from '../../src/state/state.ts';

export interface StateWorld {
  readonly state: State;
  readonly clock: Clock;
  readonly recorded: (AuditEvent & Record<string, unknown>)[];
  nowMs: number;
}

export async function startStateWorld(): Promise<StateWorld> {
  const recorded: StateWorld['recorded'] = [];
  const clock: Clock = {
    now: () => world.nowMs,
    after: (_delayMs, callback) => {
      setImmediate(callback);
      return { cancel() {} };
    },
  };
  const state = await openState({
    disk: new SimulatedDisk(),
    directory: '/state',
    clock,
    log: silentLog,
    accept: async (events) => {
      recorded.push(...(events as StateWorld['recorded']));
      await Promise.resolve();
    },
    checkpoint: () => undefined,
  });
  const world: StateWorld = { state, clock, recorded, nowMs: Date.UTC(2026, 10, 23, 12, 30) };
  return world;
}

// Whether the server does its work, part by part, in words an administrator can act on.
import type { Readiness } from './api/rest.ts';
import type { CollectorStatus } from './collect/collector.ts';
import type { JournalStatus } from './journal/journal.ts';
import type { StateStatus } from './state/state.ts';
import type { LoaderStatus } from './store/loader.ts';

/** More unloaded events than this and queries are visibly behind: some seconds of full load. */
export const BEHIND_EVENTS_MAX = 1_000_000;

/**
 * Puts the parts' states together. A collector that waits for its file does not make the server
 * unready: a host without Dovecot's log is a host without Dovecot.
 */
export function describeReadiness(parts: {
  readonly journal: JournalStatus;
  readonly state: StateStatus;
  readonly store: { readonly ready: boolean; readonly reason?: string };
  readonly loader: LoaderStatus;
  readonly collectors: readonly CollectorStatus[];
}): Readiness {
  const { journal, state, store, loader, collectors } = parts;
  const { refusing } = journal;
  const { owed } = state;
  const behind = loader.behindEvents > BEHIND_EVENTS_MAX;
  const reasons = [
    {
      component: 'journal',
      ok: refusing === undefined,
      ...(refusing && { reason: refusing.reason }),
    },
    {
      component: 'state',
      ok: owed === undefined,
      ...(owed && {
        reason: `${owed.events} management events wait for the journal: ${owed.reason}`,
      }),
    },
    { component: 'store', ok: store.ready, ...(store.reason && { reason: store.reason }) },
    {
      component: 'loader',
      ok: !behind,
      ...(loader.lastError !== undefined && { reason: loader.lastError }),
      ...(behind && { reason: `${loader.behindEvents} events are not loaded yet` }),
    },
    ...collectors.map(({ name, state, reason }) => ({
      component: name,
      ok: state === 'running' || state === 'waiting',
      ...(reason !== undefined && { reason }),
    })),
  ];
  return { ready: reasons.every(({ ok }) => ok), reasons };
}

// What the operations of CloudWatch Logs work with.
import type { LogEvent } from '../../../event/log-event.ts';
import type { Clock } from '../../../platform/clock.ts';
import type { State } from '../../../state/state.ts';
import type { EventStore } from '../../../store/event-store.ts';
import type { QueryLanguage } from '../../query-language.ts';
import type { LogGroupCatalog } from './log-group-catalog.ts';
import type { QueryRuns } from './queries/query-runs.ts';

/** What CloudTrail calls the service. */
export const EVENT_SOURCE = 'logs.amazonaws.com';

/** When events of a stream are dated and when they came, ms since the Unix epoch. */
export interface StreamTimes {
  readonly firstEventAtMs: number;
  readonly lastEventAtMs: number;
  readonly lastIngestionAtMs: number;
}

export interface LogsOptions {
  readonly state: State;
  readonly catalog: LogGroupCatalog;
  readonly language: QueryLanguage;
  /** Whose deliveries they are. */
  readonly organization: () => {
    readonly arn: string;
    readonly account: string;
    readonly region: string;
  };
  /** Whether log groups of the organization's own account are in another CloudWatch Logs. */
  readonly logsAreElsewhere: boolean;
  /** The journal's end: where a delivery begins that is made now. */
  readonly end: () => number;
  /** The account id in `@log`. */
  readonly account: string;
  readonly runs: QueryRuns;
  readonly store: Pick<EventStore, 'query'>;
  /** How far the store has loaded the journal. */
  readonly loadedTo: () => number;
  readonly clock: Clock;
  /** An id that was never used. */
  readonly randomId: () => string;
  /** Takes log events; resolves when they are durable. */
  readonly put: (events: readonly LogEvent[]) => Promise<void>;
  /** Bytes of each group in the store, by the group's id. */
  readonly storedBytes: () => Promise<ReadonlyMap<string, number>>;
  /** The streams of a group that have events, by name. */
  readonly streamTimes: (groupId: string) => Promise<ReadonlyMap<string, StreamTimes>>;
  /** Deletes what a group, or one stream of it, holds in the store; soon, and in the background. */
  readonly forget: (what: { readonly groupId: string; readonly stream?: string }) => void;
  /** Brings the store's retention in line with the state. */
  readonly retain: () => Promise<void>;
}

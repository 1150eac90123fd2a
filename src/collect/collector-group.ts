// Several collectors of one kind as one.
import type { Collector, CollectorStatus } from './collector.ts';

/** Starts and stops its members together and adds up what they did. */
export class CollectorGroup implements Collector {
  readonly #name: string;
  readonly #members: readonly Collector[];

  constructor(name: string, members: readonly Collector[]) {
    this.#name = name;
    this.#members = members;
  }

  async start(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.start()));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.stop()));
  }

  /** The state of the worst member and the reasons of all. */
  status(): CollectorStatus {
    const members = this.#members.map((member) => member.status());
    const reasons = members.flatMap(({ reason }) => (reason === undefined ? [] : [reason]));
    const losses = members.flatMap(({ lost }) => (lost === undefined ? [] : [lost]));
    const states = members.map(({ state }) => state);
    const worst = (['failed', 'waiting', 'running'] as const).find((state) =>
      states.includes(state),
    );
    return {
      name: this.#name,
      state: worst ?? 'stopped',
      ...(reasons.length > 0 && { reason: reasons.join('; ') }),
      ...(losses.length > 0 && { lost: losses.join('; ') }),
      seen: members.reduce((sum, { seen }) => sum + seen, 0),
      events: members.reduce((sum, { events }) => sum + events, 0),
      rejected: members.reduce((sum, { rejected }) => sum + rejected, 0),
      behindBytes: members.reduce((sum, { behindBytes }) => sum + (behindBytes ?? 0), 0),
    };
  }
}

// The deliveries that a server tells of, as descriptions that can be given back: one for all logs that go to the
// same place in the same way.
import { LOG_TYPE_SPECS } from '../event/log-type.ts';
import { DESCRIPTION_KEYS } from '../deliver/description.ts';
import type { WrittenDescription } from './delivery-file.ts';
import type { ToldDelivery } from './told-delivery.ts';

export interface ShownDescription {
  readonly description: WrittenDescription;
  /** The deliveries that it is of. */
  readonly of: readonly ToldDelivery[];
}

function saidBy(delivery: ToldDelivery): WrittenDescription {
  const told = delivery as unknown as WrittenDescription;
  const entries = DESCRIPTION_KEYS.map((key) => [key, told[key]] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** The log by its name in log groups. */
function logOf({ logType }: ToldDelivery): string {
  return LOG_TYPE_SPECS.find((spec) => spec.logType === logType)?.groupSuffix ?? String(logType);
}

/** The descriptions in the order in which the deliveries are told. */
export function descriptionsOf(deliveries: readonly ToldDelivery[]): readonly ShownDescription[] {
  const groups = new Map<string, ToldDelivery[]>();
  for (const delivery of deliveries) {
    const key = JSON.stringify(saidBy(delivery));
    const group = groups.get(key) ?? [];
    groups.set(key, [...group, delivery]);
  }
  return [...groups.values()].flatMap((of) => {
    const [first] = of;
    if (first === undefined) return [];
    const { name, ...others } = saidBy(first);
    return [{ description: { name, logs: of.map(logOf).toSorted(), ...others }, of }];
  });
}

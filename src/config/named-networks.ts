// `access.networks`: address ranges that rules call by name, e.g. `networks: [office]`.
import { z } from 'zod';
import { parseRange } from '../access/address.ts';
import { describeFound, SETTING_META, wrongValue, type SettingMeta } from './setting.ts';

/** Networks that people keep names for; a rule may name each of them. */
export const NETWORKS_MAX = 1000;
/** Ranges of one network, as many as WorkMail takes in a rule. */
export const NETWORK_RANGES_MAX = 1024;
const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;

/** Ranges by the name of their network. */
export type NamedNetworks = Readonly<Record<string, readonly string[]>>;

const META: SettingMeta = {
  about:
    'Address ranges under names that rules use (`networks`, `notNetworks`), so that an office that moves is changed in one place.',
  expects: `a section of at most ${NETWORKS_MAX} lines NAME: [RANGE, …]`,
  advice: 'write each as "office: [192.0.2.0/24]"',
  defaultNote: 'none',
  example: '{ office: [192.0.2.0/24, "2001:db8::/32"] }',
};

type NetworksSetting = z.ZodPrefault<z.ZodPipe<z.ZodUnknown, z.ZodTransform<NamedNetworks>>>;

function isSection(input: unknown): input is Readonly<Record<string, unknown>> {
  return (
    typeof input === 'object' &&
    input !== null &&
    !Array.isArray(input) &&
    Object.keys(input).length <= NETWORKS_MAX
  );
}

/** The ranges of one network; every one that is none is an issue at its place. */
function rangesOf(name: string, value: unknown, context: z.core.$RefinementCtx): string[] {
  const issue = (path: (string | number)[], message: string): void =>
    context.addIssue({ code: 'custom', path, message });
  if (!NAME.test(name)) {
    issue(
      [name],
      `expected a name of 1 to 64 letters, digits and . _ -, found ${describeFound(name)}; rename the network`,
    );
    return [];
  }
  if (!Array.isArray(value) || value.length > NETWORK_RANGES_MAX) {
    issue(
      [name],
      `expected a list of at most ${NETWORK_RANGES_MAX} ranges, found ${describeFound(value)}; write it as "${name}: [192.0.2.0/24]"`,
    );
    return [];
  }
  return value.flatMap((range: unknown, index) => {
    if (typeof range === 'string' && parseRange(range) !== undefined) return [range];
    issue(
      [name, index],
      `expected an IPv4 or IPv6 range such as 192.0.2.0/24 or 2001:db8::/32, found ${describeFound(range)}; correct it or leave it out`,
    );
    return [];
  });
}

/** The setting. */
export function networksSetting(): NetworksSetting {
  const schema = z
    .unknown()
    .transform((input, context): NamedNetworks => {
      if (!isSection(input)) {
        context.addIssue({ code: 'custom', message: wrongValue(META, input) });
        return z.NEVER;
      }
      return Object.fromEntries(
        Object.entries(input).map(([name, value]) => [name, rangesOf(name, value, context)]),
      );
    })
    .prefault({});
  SETTING_META.add(schema, META);
  return schema;
}

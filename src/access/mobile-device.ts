// Mobile device access: rules about what a device says of itself, and overrides of one user's one
// device, which beat the rules. Pure.
import type { Effect } from './decision.ts';

/** In an include list, a device that says nothing. @see AWS WorkMail API, CreateMobileDeviceAccessRule */
export const NO_VALUE = '$NONE';

/** @see AWS WorkMail API, MobileDeviceAccessRule */
export interface MobileDeviceRule {
  readonly id: string;
  readonly name: string;
  readonly description?: string;
  readonly effect: Effect;
  readonly deviceTypes?: readonly string[];
  readonly notDeviceTypes?: readonly string[];
  readonly deviceModels?: readonly string[];
  readonly notDeviceModels?: readonly string[];
  readonly deviceOperatingSystems?: readonly string[];
  readonly notDeviceOperatingSystems?: readonly string[];
  readonly deviceUserAgents?: readonly string[];
  readonly notDeviceUserAgents?: readonly string[];
}

/** @see AWS WorkMail API, PutMobileDeviceAccessOverride */
export interface MobileDeviceOverride {
  readonly userId: string;
  /** Compared without regard to case. */
  readonly deviceId: string;
  readonly effect: Effect;
  readonly description?: string;
}

/** A device as it describes itself. */
export interface DeviceRequest {
  readonly userId?: string;
  readonly deviceId?: string;
  readonly deviceType?: string;
  readonly deviceModel?: string;
  readonly deviceOperatingSystem?: string;
  readonly deviceUserAgent?: string;
}

export interface DeviceDecision {
  readonly effect: Effect;
  /** The rule that decided; absent when none matched and when an override decided. */
  readonly rule?: MobileDeviceRule;
  readonly override?: MobileDeviceOverride;
  /** All rules that match, also where an override decided. */
  readonly matched: readonly MobileDeviceRule[];
}

/** The rule every organization starts with: every device may be used. */
export const DEFAULT_DEVICE_RULE: MobileDeviceRule = {
  id: 'default',
  name: 'Default',
  effect: 'ALLOW',
  description: 'Allows every device',
};

type Attribute = 'deviceType' | 'deviceModel' | 'deviceOperatingSystem' | 'deviceUserAgent';

const CONDITIONS = [
  { of: 'deviceType', any: 'deviceTypes', none: 'notDeviceTypes' },
  { of: 'deviceModel', any: 'deviceModels', none: 'notDeviceModels' },
  {
    of: 'deviceOperatingSystem',
    any: 'deviceOperatingSystems',
    none: 'notDeviceOperatingSystems',
  },
  { of: 'deviceUserAgent', any: 'deviceUserAgents', none: 'notDeviceUserAgents' },
] as const satisfies readonly {
  of: Attribute;
  any: keyof MobileDeviceRule;
  none: keyof MobileDeviceRule;
}[];

interface CompiledCondition {
  readonly of: Attribute;
  readonly prefixes: readonly string[];
  /** Whether a device that says nothing fits. */
  readonly empty: boolean;
  readonly not: boolean;
}

interface CompiledDeviceRule {
  readonly rule: MobileDeviceRule;
  readonly conditions: readonly CompiledCondition[];
}

/** Rules and overrides made ready for deciding; never changed. */
export interface CompiledDevices {
  readonly rules: readonly CompiledDeviceRule[];
  readonly overrides: ReadonlyMap<string, MobileDeviceOverride>;
  readonly userIdOf: (name: string) => string;
}

function overrideKey(userId: string, deviceId: string): string {
  return `${userId}\n${deviceId.toLowerCase()}`;
}

function compiled(
  entries: readonly string[] | undefined,
  of: Attribute,
  not: boolean,
): CompiledCondition[] {
  if (entries === undefined || entries.length === 0) return [];
  const prefixes = entries.filter((entry) => entry !== NO_VALUE);
  return [
    {
      of,
      prefixes: prefixes.map((entry) => entry.toLowerCase()),
      empty: !not && prefixes.length < entries.length,
      not,
    },
  ];
}

/** Makes rules and overrides ready for deciding; `userIdOf` gives the one name of a user. */
export function compileDevices(
  rules: readonly MobileDeviceRule[],
  overrides: readonly MobileDeviceOverride[],
  userIdOf: (name: string) => string,
): CompiledDevices {
  return {
    rules: rules.map((rule) => ({
      rule,
      conditions: CONDITIONS.flatMap(({ of, any, none }) => [
        ...compiled(rule[any], of, false),
        ...compiled(rule[none], of, true),
      ]),
    })),
    overrides: new Map(
      overrides.map((each) => [overrideKey(userIdOf(each.userId), each.deviceId), each]),
    ),
    userIdOf,
  };
}

/** A not-list never holds for a device that says nothing. */
function holds({ of, prefixes, empty, not }: CompiledCondition, device: DeviceRequest): boolean {
  const value = (device[of] ?? '').toLowerCase();
  if (value === '') return empty;
  return prefixes.some((prefix) => value.startsWith(prefix)) !== not;
}

/**
 * Decides about a device. An override of this user's device decides alone. Else a matching DENY wins, a
 * matching ALLOW allows, and where no rule matches the device is refused. Entries are beginnings of what
 * the device says, compared without regard to case; all conditions of a rule must hold.
 *
 * @see AWS WorkMail administrator guide, "Managing mobile device access rules"
 */
export function decideDevice(devices: CompiledDevices, device: DeviceRequest): DeviceDecision {
  const matched = devices.rules
    .filter(({ conditions }) => conditions.every((condition) => holds(condition, device)))
    .map(({ rule }) => rule);
  const { userId, deviceId } = device;
  const override =
    userId === undefined || deviceId === undefined
      ? undefined
      : devices.overrides.get(overrideKey(devices.userIdOf(userId), deviceId));
  if (override !== undefined) return { effect: override.effect, override, matched };
  const rule = matched.find(({ effect }) => effect === 'DENY') ?? matched[0];
  if (rule === undefined) return { effect: 'DENY', matched };
  return { effect: rule.effect, rule, matched };
}

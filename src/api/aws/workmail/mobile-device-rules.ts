// Mobile device access rules.
// @see AWS WorkMail API, CreateMobileDeviceAccessRule, UpdateMobileDeviceAccessRule, DeleteMobileDeviceAccessRule,
// ListMobileDeviceAccessRules, GetMobileDeviceAccessEffect
import type { z } from 'zod';
import type { MobileDeviceRuleDocument } from '../../../state/documents.ts';
import { text } from '../constraint.ts';
import type { Operation } from '../operation.ts';
import { idBy } from './client-token.ts';
import { organizationCall, present, seconds } from './organization-call.ts';
import { asAws } from './refusal.ts';
import { ClientToken, Description, DEVICE_CONDITIONS, Effect } from './shapes.ts';
import type { WorkMailOptions } from './workmail-options.ts';

const RuleId = text(1, 64, '[a-zA-Z0-9_-]+');
const RULE = {
  Name: text(1, 64),
  Description: Description.optional(),
  Effect,
  ...DEVICE_CONDITIONS,
};

type RuleInput = z.infer<z.ZodObject<typeof RULE>>;

function ruleOf(id: string, input: RuleInput): object {
  return present({
    id,
    name: input.Name,
    description: input.Description,
    effect: input.Effect,
    deviceTypes: input.DeviceTypes,
    notDeviceTypes: input.NotDeviceTypes,
    deviceModels: input.DeviceModels,
    notDeviceModels: input.NotDeviceModels,
    deviceOperatingSystems: input.DeviceOperatingSystems,
    notDeviceOperatingSystems: input.NotDeviceOperatingSystems,
    deviceUserAgents: input.DeviceUserAgents,
    notDeviceUserAgents: input.NotDeviceUserAgents,
  });
}

function create(options: WorkMailOptions): Operation {
  const eventName = 'CreateMobileDeviceAccessRule';
  const shape = { ...RULE, ClientToken: ClientToken.optional() };
  return organizationCall(options, 'admin', shape, async (input, { actor }) => {
    const { acts, state, randomId } = options;
    const id = idBy(eventName, input.ClientToken, randomId);
    if (state.get('mobile-device-rule', id) === undefined) {
      await asAws(acts.put('mobile-device-rule', ruleOf(id, input), { actor, eventName }));
    }
    return { MobileDeviceAccessRuleId: id };
  });
}

function update(options: WorkMailOptions): Operation {
  const shape = { MobileDeviceAccessRuleId: RuleId, ...RULE };
  return organizationCall(options, 'admin', shape, async (input, { actor }) => {
    const act = { actor, eventName: 'UpdateMobileDeviceAccessRule', how: 'update' } as const;
    const rule = ruleOf(input.MobileDeviceAccessRuleId, input);
    await asAws(options.acts.put('mobile-device-rule', rule, act));
    return {};
  });
}

function remove(options: WorkMailOptions): Operation {
  const shape = { MobileDeviceAccessRuleId: RuleId };
  return organizationCall(options, 'admin', shape, async (input, { actor }) => {
    const act = { actor, eventName: 'DeleteMobileDeviceAccessRule' };
    await asAws(options.acts.remove('mobile-device-rule', input.MobileDeviceAccessRuleId, act));
    return {};
  });
}

function described(document: MobileDeviceRuleDocument): object {
  return present({
    MobileDeviceAccessRuleId: document.id,
    Name: document.name,
    Description: document.description,
    Effect: document.effect,
    DeviceTypes: document.deviceTypes,
    NotDeviceTypes: document.notDeviceTypes,
    DeviceModels: document.deviceModels,
    NotDeviceModels: document.notDeviceModels,
    DeviceOperatingSystems: document.deviceOperatingSystems,
    NotDeviceOperatingSystems: document.notDeviceOperatingSystems,
    DeviceUserAgents: document.deviceUserAgents,
    NotDeviceUserAgents: document.notDeviceUserAgents,
    DateCreated: seconds(document.createdAtMs),
    DateModified: seconds(document.modifiedAtMs),
  });
}

const said = text(1, 256, '[\\u0020-\\u00FF]+').optional();
const DEVICE = {
  DeviceType: said,
  DeviceModel: said,
  DeviceOperatingSystem: said,
  DeviceUserAgent: said,
};

function effect(options: WorkMailOptions): Operation {
  return organizationCall(options, 'read', DEVICE, (input) => {
    const decision = options.policy().decideDevice(
      present({
        deviceType: input.DeviceType,
        deviceModel: input.DeviceModel,
        deviceOperatingSystem: input.DeviceOperatingSystem,
        deviceUserAgent: input.DeviceUserAgent,
      }),
    );
    return {
      Effect: decision.effect,
      MatchedRules: decision.matched.map(({ id, name }) => ({
        MobileDeviceAccessRuleId: id,
        Name: name,
      })),
    };
  });
}

/** The operations by name. */
export function mobileDeviceRuleOperations(options: WorkMailOptions): Record<string, Operation> {
  return {
    CreateMobileDeviceAccessRule: create(options),
    UpdateMobileDeviceAccessRule: update(options),
    DeleteMobileDeviceAccessRule: remove(options),
    ListMobileDeviceAccessRules: organizationCall(options, 'read', {}, () => ({
      Rules: [...options.state.list('mobile-device-rule')].map(([, rule]) => described(rule)),
    })),
    GetMobileDeviceAccessEffect: effect(options),
  };
}

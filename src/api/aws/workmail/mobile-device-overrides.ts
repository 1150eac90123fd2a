// Mobile device access overrides: of one user's one device, before the rules.
// @see AWS WorkMail API, PutMobileDeviceAccessOverride, GetMobileDeviceAccessOverride,
// DeleteMobileDeviceAccessOverride, ListMobileDeviceAccessOverrides
import type { MobileDeviceOverrideDocument } from '../../../state/documents.ts';
import { overrideId } from '../../access-control/acts.ts';
import type { Operation } from '../operation.ts';
import { pageAfter, PageTokens } from '../page-token.ts';
import { organizationCall, present, seconds } from './organization-call.ts';
import { asAws, refuseUnknownUser, resourceNotFound } from './refusal.ts';
import {
  Description,
  DeviceId,
  Effect,
  EntityIdentifier,
  MAX_RESULTS_DEFAULT,
  MaxResults,
  NextToken,
} from './shapes.ts';
import type { WorkMailOptions } from './workmail-options.ts';

const OF_DEVICE = { UserId: EntityIdentifier, DeviceId };

function described(document: MobileDeviceOverrideDocument): Record<string, unknown> {
  return present({
    UserId: document.userId,
    DeviceId: document.deviceId,
    Effect: document.effect,
    Description: document.description,
    DateCreated: seconds(document.createdAtMs),
    DateModified: seconds(document.modifiedAtMs),
  });
}

function put(options: WorkMailOptions): Operation {
  const shape = { ...OF_DEVICE, Effect, Description: Description.optional() };
  return organizationCall(options, 'admin', shape, async (input, { actor }) => {
    const override = present({
      userId: options.acts.userIdOf(input.UserId),
      deviceId: input.DeviceId,
      effect: input.Effect,
      description: input.Description,
    });
    const act = { actor, eventName: 'PutMobileDeviceAccessOverride' };
    await asAws(options.acts.put('mobile-device-override', override, act));
    return {};
  });
}

function get(options: WorkMailOptions): Operation {
  return organizationCall(options, 'read', OF_DEVICE, (input) => {
    refuseUnknownUser(options.acts, input.UserId);
    const id = overrideId(options.acts.userIdOf(input.UserId), input.DeviceId);
    const found = options.state.get('mobile-device-override', id);
    if (found !== undefined) return described(found);
    throw resourceNotFound('There is no mobile device access override for the user and device.');
  });
}

function remove(options: WorkMailOptions): Operation {
  return organizationCall(options, 'admin', OF_DEVICE, async (input, { actor }) => {
    const id = overrideId(options.acts.userIdOf(input.UserId), input.DeviceId);
    const act = { actor, eventName: 'DeleteMobileDeviceAccessOverride' };
    await asAws(options.acts.remove('mobile-device-override', id, act));
    return {};
  });
}

function list(options: WorkMailOptions): Operation {
  const { state, acts, clock } = options;
  const tokens = new PageTokens<string>('ListMobileDeviceAccessOverrides', () => clock.now());
  const shape = {
    UserId: EntityIdentifier.optional(),
    DeviceId: DeviceId.optional(),
    NextToken: NextToken.optional(),
    MaxResults: MaxResults.optional(),
  };
  return organizationCall(options, 'read', shape, (input) => {
    const user = input.UserId === undefined ? undefined : acts.userIdOf(input.UserId);
    const device = input.DeviceId?.toLowerCase();
    const chosen = [...state.list('mobile-device-override')].filter(
      ([, { userId, deviceId }]) =>
        (user === undefined || acts.userIdOf(userId) === user) &&
        (device === undefined || deviceId.toLowerCase() === device),
    );
    const after = tokens.read(input.NextToken);
    const limit = input.MaxResults ?? MAX_RESULTS_DEFAULT;
    const { page, next } = pageAfter(chosen, ([id]) => id, after, limit);
    return {
      Overrides: page.map(([, override]) => described(override)),
      ...(next !== undefined && { NextToken: tokens.make(next) }),
    };
  });
}

/** The operations by name. */
export function mobileDeviceOverrideOperations(
  options: WorkMailOptions,
): Record<string, Operation> {
  return {
    PutMobileDeviceAccessOverride: put(options),
    GetMobileDeviceAccessOverride: get(options),
    DeleteMobileDeviceAccessOverride: remove(options),
    ListMobileDeviceAccessOverrides: list(options),
  };
}

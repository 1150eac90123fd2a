// What the operations on deliveries refuse, and what they have in common.
import type { DeliveryDestinationDocument } from '../../../../deliver/delivery.ts';
import type { StateView } from '../../../../state/state.ts';
import { ApiError } from '../../../api-error.ts';

export type Kind = 'delivery-source' | 'delivery-destination' | 'delivery';
export const NOUNS: Readonly<Record<Kind, string>> = {
  'delivery-source': 'Delivery Source',
  'delivery-destination': 'Delivery Destination',
  delivery: 'Delivery',
};

export function refusal(code: string, message: string): ApiError {
  return new ApiError(400, code, message);
}

export function missing(kind: Kind): ApiError {
  const message = `Requested ${NOUNS[kind]} does not exist in this account.`;
  return refusal('ResourceNotFoundException', message);
}

export function present(members: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

export function tagsOf(tags: Readonly<Record<string, string>>): object | undefined {
  return Object.keys(tags).length === 0 ? undefined : tags;
}

export function documentOf<K extends Kind>(
  view: Pick<StateView, 'get'>,
  kind: K,
  name: string,
): ReturnType<typeof view.get<K>> {
  return view.get(kind, name);
}

/** A log group is one to AWS's clients, wherever it is. */
export function typeOf(type: DeliveryDestinationDocument['settings']['type']): string {
  return type === 'LOCAL' ? 'CWL' : type;
}

export function refuseTagsOf(known: object | undefined, tags: object | undefined): void {
  if (known === undefined || tags === undefined) return;
  throw refusal(
    'ConflictException',
    'Tags can only be provided when a resource is being created, not updated.',
  );
}

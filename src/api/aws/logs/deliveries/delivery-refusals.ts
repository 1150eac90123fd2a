// What the operations on deliveries refuse, and what they have in common.
import type {
  DeliveryDestinationDocument,
  DeliverySourceDocument,
} from '../../../../deliver/delivery.ts';
import { logTypeSpec } from '../../../../event/log-type.ts';
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

/** The fields must be ones that the log has. */
export function refuseFields(
  { logType }: DeliverySourceDocument,
  fields: readonly string[] | undefined,
): void {
  const known = new Set(logTypeSpec(logType).fields.map(({ path }) => path));
  const unknown = (fields ?? []).filter((field) => !known.has(field));
  if (unknown.length === 0) return;
  throw refusal(
    'ValidationException',
    `recordFields: ${logType} has no field ${unknown.join(', ')}.`,
  );
}

export function refuseS3({
  s3DeliveryConfiguration,
  fieldDelimiter,
}: {
  readonly s3DeliveryConfiguration?: object | undefined;
  readonly fieldDelimiter?: string | undefined;
}): void {
  if (s3DeliveryConfiguration === undefined && (fieldDelimiter ?? '') === '') return;
  throw refusal(
    'ValidationException',
    'Provided delivery configuration is invalid for the destination type.',
  );
}

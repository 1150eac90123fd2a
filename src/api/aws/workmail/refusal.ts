// The refusals of the WorkMail API, in AWS's names. @see AWS WorkMail API reference, "Errors" of each operation
import { type AccessActs, AccessRefusal } from '../../access-control/acts.ts';
import { ApiError } from '../../api-error.ts';

export function invalidParameter(message: string): ApiError {
  return new ApiError(400, 'InvalidParameterException', message);
}

export function resourceNotFound(message: string): ApiError {
  return new ApiError(400, 'ResourceNotFoundException', message);
}

export function entityNotFound(message: string): ApiError {
  return new ApiError(400, 'EntityNotFoundException', message);
}

export function organizationNotFound(id: string): ApiError {
  const message = `The organization ${JSON.stringify(id)} is not the one of this server; ListOrganizations tells which that is.`;
  return new ApiError(400, 'OrganizationNotFoundException', message);
}

const CODES = {
  invalid: 'InvalidParameterException',
  'not-found': 'EntityNotFoundException',
  exists: 'InvalidParameterException',
  conflict: 'ConflictException',
  declared: 'UnsupportedOperationException',
  limit: 'LimitExceededException',
  'unknown-user': 'EntityNotFoundException',
} as const;

/** Throws EntityNotFoundException for a user who is not in the directory, if there is one. */
export function refuseUnknownUser(acts: AccessActs, name: string): void {
  try {
    acts.refuseUnknownUser(name);
  } catch (error) {
    throw entityNotFound((error as Error).message);
  }
}

/** Waits for a change, and tells its refusal as AWS does. */
export async function asAws<T>(
  change: Promise<T>,
  codes: Partial<Record<AccessRefusal['code'], string>> = {},
): Promise<T> {
  try {
    return await change;
  } catch (error) {
    if (!(error instanceof AccessRefusal)) throw error;
    const code = codes[error.code] ?? CODES[error.code];
    throw new ApiError(400, code, error.message, { cause: error });
  }
}

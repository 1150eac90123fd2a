// The refusals that several operations of CloudWatch Logs share, in AWS's names and words.
import { ApiError } from '../../api-error.ts';

/** A parameter that is wrong for another reason than its constraints. */
export function invalidParameter(message: string): ApiError {
  return new ApiError(400, 'InvalidParameterException', message);
}

export function groupNotFound(): ApiError {
  return new ApiError(400, 'ResourceNotFoundException', 'The specified log group does not exist.');
}

export function streamNotFound(): ApiError {
  return new ApiError(400, 'ResourceNotFoundException', 'The specified log stream does not exist.');
}

export function alreadyExists(what: 'log group' | 'log stream'): ApiError {
  return new ApiError(
    400,
    'ResourceAlreadyExistsException',
    `The specified ${what} already exists`,
  );
}

/** What may not be done to an audit log, whoever asks. */
export function auditLogRefusal(name: string, what: string): ApiError {
  return new ApiError(
    400,
    'AccessDeniedException',
    `${name} is an audit log of this organization: ${what}`,
  );
}

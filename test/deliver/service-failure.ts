// What the doubles of AWS's services refuse: errors with AWS's codes, and the checks of members that the services'
// models describe.

/** An error as the service answers it; the HTTP status is 400 for what the client did. */
export class ServiceFailure extends Error {
  readonly code: string;
  readonly status: number;
  constructor(code: string, message: string, status = 400) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

export type Input = Readonly<Record<string, unknown>>;

/** The text of a member that is required; `pattern` is the model's, anchored. */
export function textOf(input: Input, name: string, { max, pattern }: TextShape): string {
  const value = input[name];
  if (typeof value !== 'string') {
    throw new ServiceFailure('ValidationException', nullAt(lowerFirst(name)));
  }
  if (value.length < 1 || value.length > max || !pattern.test(value)) {
    throw new ServiceFailure(
      'ValidationException',
      `1 validation error detected: Value '${value}' at '${lowerFirst(name)}' failed to satisfy constraint: Member must satisfy ${pattern.source} and have 1 to ${max} characters`,
    );
  }
  return value;
}

interface TextShape {
  readonly max: number;
  readonly pattern: RegExp;
}

export function nullAt(path: string): string {
  return `1 validation error detected: Value null at '${path}' failed to satisfy constraint: Member must not be null`;
}

function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

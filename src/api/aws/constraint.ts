// What AWS publishes about each member of a request (length, range, pattern, enumeration), checked by
// one table for each operation, and refused in AWS's words.
import { z } from 'zod';
import { ApiError } from '../api-error.ts';

/** Refusals told of one request; further ones are counted. */
const VIOLATIONS_TOLD_MAX = 10;
/** Characters of a refused value that are shown. */
const SHOWN_CHARACTERS_MAX = 200;

/** Why a value is refused, in AWS's words; undefined when it has another JSON type than it must. */
function constraintOf(issue: z.core.$ZodIssue, missing: boolean): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return missing ? 'Member must not be null' : undefined;
    case 'too_small':
      return issue.origin === 'number' || issue.origin === 'int'
        ? `Member must have value greater than or equal to ${issue.minimum}`
        : `Member must have length greater than or equal to ${issue.minimum}`;
    case 'too_big':
      return issue.origin === 'number' || issue.origin === 'int'
        ? `Member must have value less than or equal to ${issue.maximum}`
        : `Member must have length less than or equal to ${issue.maximum}`;
    case 'invalid_format': {
      const source = (issue as { pattern?: string }).pattern ?? '';
      const pattern = /^\/\^\(\?:(.*)\)\$\/[a-z]*$/s.exec(source)?.[1] ?? source;
      return `Member must satisfy regular expression pattern: ${pattern}`;
    }
    case 'invalid_value':
      return missing
        ? 'Member must not be null'
        : `Member must satisfy enum value set: [${issue.values.join(', ')}]`;
    case 'invalid_key':
      return issue.issues[0] && constraintOf(issue.issues[0], false);
    default:
      return undefined;
  }
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const key of path) value = (value as Record<PropertyKey, unknown> | undefined)?.[key];
  return value;
}

/** `logEvents.2.member.message`, as AWS counts list members from one. */
function memberName(path: readonly PropertyKey[]): string {
  return path.map((key) => (typeof key === 'number' ? `${key + 1}.member` : String(key))).join('.');
}

function shown(value: unknown): string {
  if (value === undefined || value === null) return 'null';
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  const cut = text.length > SHOWN_CHARACTERS_MAX ? `${text.slice(0, SHOWN_CHARACTERS_MAX)}…` : text;
  return `'${cut}'`;
}

function serializationError(message: string): ApiError {
  return new ApiError(400, 'SerializationException', message);
}

/** Members that are null are absent, as AWS's JSON protocols have it. */
function withoutNulls(input: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== null));
}

function refusal(input: unknown, issues: readonly z.core.$ZodIssue[], code: string): ApiError {
  const violations: string[] = [];
  for (const issue of issues) {
    const value = issue.code === 'invalid_key' ? issue.path.at(-1) : valueAt(input, issue.path);
    const constraint = constraintOf(issue, value === undefined || value === null);
    const member = memberName(issue.path);
    if (constraint === undefined) {
      const found = Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`;
      const expected = issue.code === 'invalid_type' ? `: expected ${issue.expected}` : '';
      return serializationError(`${member}${expected}, found ${found}`);
    }
    violations.push(
      `Value ${shown(value)} at '${member}' failed to satisfy constraint: ${constraint}`,
    );
  }
  const count = `${violations.length} validation error${violations.length === 1 ? '' : 's'} detected`;
  return new ApiError(
    400,
    code,
    `${count}: ${violations.slice(0, VIOLATIONS_TOLD_MAX).join('; ')}`,
  );
}

/**
 * The request's members if they keep to the constraints; members that no table knows are left out,
 * as AWS ignores what newer clients send.
 *
 * @param code of the refusal: the service's own, e.g. `InvalidParameterException`
 * @see Smithy 2.0, "Constraint traits"
 */
export function checkInput<S extends z.ZodType>(
  schema: S,
  input: unknown,
  code: string,
): z.infer<S> {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw serializationError('the body must be a JSON object with the members of the request');
  }
  const members = withoutNulls(input as Readonly<Record<string, unknown>>);
  const checked = schema.safeParse(members);
  if (checked.success) return checked.data;
  throw refusal(members, checked.error.issues, code);
}

/**
 * A pattern of AWS's as a constraint of the whole text. Where the text is too long or empty only
 * that is told, as it is checked first.
 */
export function text(min: number, max: number, pattern?: string): z.ZodString {
  const bounded = z.string().min(min).max(max);
  return pattern === undefined ? bounded : bounded.regex(new RegExp(`^(?:${pattern})$`, 'su'));
}

/** A whole number; times are such numbers from 0. */
export function whole(min: number, max: number = Number.MAX_SAFE_INTEGER): z.ZodInt {
  return z.int().min(min).max(max);
}

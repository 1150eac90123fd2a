// The body of POST /v1/decide, checked field by field.
import { z } from 'zod';
import { ApiError } from './api-error.ts';

/** Longest value, in characters: an address is shorter, a user agent rarely longer. */
const VALUE_LENGTH_MAX = 1000;
/** Longest token. @see AWS WorkMail API, AssumeImpersonationRole: ImpersonationToken */
const TOKEN_LENGTH_MAX = 256;
/** Parameters of an IMAP ID. @see RFC 2971 section 3.3: at most 30 */
const ID_PARAMETERS_MAX = 30;

const text = z
  .string({ error: 'expected text' })
  .min(1, { error: 'expected text that is not empty' })
  .max(VALUE_LENGTH_MAX, { error: `expected at most ${VALUE_LENGTH_MAX} characters` });

const Device = z.strictObject({
  id: text.exactOptional(),
  type: text.exactOptional(),
  model: text.exactOptional(),
  operatingSystem: text.exactOptional(),
  userAgent: text.exactOptional(),
});

const ImapId = z
  .record(text, z.string().max(VALUE_LENGTH_MAX))
  .refine((parameters) => Object.keys(parameters).length <= ID_PARAMETERS_MAX, {
    error: `expected at most ${ID_PARAMETERS_MAX} parameters`,
  });

const Question = z.strictObject({
  protocol: text,
  sourceIp: text,
  userId: text,
  impersonatorId: text.exactOptional(),
  impersonationRoleId: text.exactOptional(),
  impersonationToken: z
    .string()
    .regex(/^[\x21-\x7e]{1,256}$/, {
      error: `expected 1 to ${TOKEN_LENGTH_MAX} printable ASCII characters`,
    })
    .exactOptional(),
  device: Device.exactOptional(),
  imapId: ImapId.exactOptional(),
  userAgent: text.exactOptional(),
  sourcePort: z.int().min(1).max(65_535).exactOptional(),
  requestId: text.exactOptional(),
});

/** Somebody whom a front end asks about. */
export type DecideQuestion = Readonly<z.infer<typeof Question>>;

/** Pairs of which only one can be said. */
const EITHER: readonly (readonly [keyof DecideQuestion, keyof DecideQuestion])[] = [
  ['impersonationToken', 'impersonatorId'],
  ['impersonationToken', 'impersonationRoleId'],
  ['device', 'imapId'],
];

function invalid(message: string): ApiError {
  return new ApiError(400, 'InvalidParameterException', message);
}

/** Reads the question. Throws an ApiError of status 400 that names the field. */
export function readDecideQuestion(body: Buffer): DecideQuestion {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch (error) {
    throw invalid(`the body is not JSON: ${(error as Error).message}`);
  }
  const read = Question.safeParse(value);
  if (!read.success) {
    const { path, message } = read.error.issues[0] ?? { path: [], message: 'not an object' };
    throw invalid(path.length === 0 ? message : `${path.join('.')}: ${message}`);
  }
  for (const [one, other] of EITHER) {
    if (read.data[one] === undefined || read.data[other] === undefined) continue;
    throw invalid(`${one} and ${other} cannot both be given; say one of them`);
  }
  return read.data;
}

// Idempotence: what is made with a token has an id that the token gives, so that the same request again
// makes nothing more. @see AWS WorkMail API, ClientToken
import { createHash } from 'node:crypto';

/** The id of what an operation makes. */
export function idBy(
  operation: string,
  clientToken: string | undefined,
  randomId: () => string,
): string {
  if (clientToken === undefined) return randomId();
  const digest = createHash('sha256').update(`${operation}\n${clientToken}`).digest('hex');
  return [8, 12, 16, 20, 32]
    .map((end, at, ends) => digest.slice(at === 0 ? 0 : ends[at - 1], end))
    .join('-');
}

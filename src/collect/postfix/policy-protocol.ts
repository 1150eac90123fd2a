// Postfix's policy delegation protocol: requests of `name=value` lines ended by an empty line, read
// from a stream of bytes with limits, and the one-line answer.

/** Largest request, in bytes: some forty attributes, each at most a line of Postfix (2,048 bytes). */
export const POLICY_REQUEST_BYTES_MAX = 64 * 1024;
/** Most attributes of one request: Postfix 3.9 sends 35. */
export const POLICY_ATTRIBUTES_MAX = 100;

/** The attributes of one request. */
export type PolicyAttributes = ReadonlyMap<string, string>;

/** A peer that does not speak the protocol; its connection is closed. */
export class PolicyProtocolError extends Error {
  override readonly name = 'PolicyProtocolError';
}

const NEWLINE = 0x0a;

function parseRequest(text: string): PolicyAttributes {
  const attributes = new Map<string, string>();
  for (const line of text.split('\n')) {
    const equals = line.indexOf('=');
    if (equals < 1) {
      throw new PolicyProtocolError(
        `expected name=value, got ${JSON.stringify(line.slice(0, 80))}; is this Postfix?`,
      );
    }
    if (attributes.size >= POLICY_ATTRIBUTES_MAX) {
      throw new PolicyProtocolError(`a request has more than ${POLICY_ATTRIBUTES_MAX} attributes`);
    }
    attributes.set(line.slice(0, equals), line.slice(equals + 1));
  }
  return attributes;
}

/**
 * Cuts a byte stream into requests. A repeated attribute counts as last given, as in Postfix's own
 * servers.
 *
 * @see Postfix SMTPD_POLICY_README, "Protocol description"
 */
export class PolicyRequestReader {
  #rest: Buffer = Buffer.alloc(0);

  /** The requests that are complete with these bytes. Throws a PolicyProtocolError. */
  take(chunk: Buffer): PolicyAttributes[] {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const requests: PolicyAttributes[] = [];
    for (;;) {
      const end = this.#rest.indexOf('\n\n');
      if (end < 0 || end > POLICY_REQUEST_BYTES_MAX) break;
      if (this.#rest[0] === NEWLINE) throw new PolicyProtocolError('a request is empty');
      requests.push(parseRequest(this.#rest.toString('utf8', 0, end)));
      this.#rest = this.#rest.subarray(end + 2);
    }
    if (this.#rest.length > POLICY_REQUEST_BYTES_MAX) {
      throw new PolicyProtocolError(`a request is longer than ${POLICY_REQUEST_BYTES_MAX} bytes`);
    }
    return requests;
  }
}

/** The answer on the wire. */
export function policyAnswer(action: string): string {
  return `action=${action}\n\n`;
}

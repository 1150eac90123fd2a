// A request in the one form that both sides of Signature Version 4 hash. It works on the request as
// it stands on the wire: what a framework normalized is not what was signed.
// @see AWS IAM User Guide, "Create a signed AWS API request", step 1: create a canonical request

/** A request as it is sent; texts hold one byte of the wire in each character (Latin-1). */
export interface WireRequest {
  readonly method: string;
  /** The request target: path and query as they are sent, e.g. `/v1/query?a=b%20c`. */
  readonly target: string;
  /** Names and values one after the other in the order of the wire, as Node's `rawHeaders`. */
  readonly rawHeaders: readonly string[];
}

const UNRESERVED = /[A-Za-z0-9\-._~]/;

function percent(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
}

/** URI encoding as AWS defines it: every byte but `A-Z a-z 0-9 - . _ ~` is `%XY`. */
function encodeBytes(text: string): string {
  return text.replace(/[^A-Za-z0-9\-._~]/g, (c) => percent(c.charCodeAt(0) & 0xff));
}

/**
 * Encodes what may be encoded already: `%XY` stands for its byte, and whatever else stands for
 * itself, a plus sign too.
 */
function reencode(text: string): string {
  return text.replace(/%([0-9A-Fa-f]{2})|[^A-Za-z0-9\-._~]/g, (c, hex: string | undefined) => {
    if (hex === undefined) return percent(c.charCodeAt(0) & 0xff);
    const decoded = String.fromCharCode(Number.parseInt(hex, 16));
    return UNRESERVED.test(decoded) ? decoded : percent(decoded.charCodeAt(0));
  });
}

/** The path without `.`, `..` and doubled slashes (RFC 3986, section 6.2.2.3). */
function normalizePath(path: string): string {
  const kept: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '' || segment === '.') continue;
    if (segment === '..') kept.pop();
    else kept.push(segment);
  }
  const inner = kept.join('/');
  return inner !== '' && path.endsWith('/') ? `/${inner}/` : `/${inner}`;
}

/** The path encoded once more, as every service but S3 has it. */
function canonicalPath(path: string): string {
  return encodeBytes(normalizePath(path)).replaceAll('%2F', '/');
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function canonicalQuery(query: string): string {
  const pairs = query
    .split('&')
    .filter((part) => part !== '')
    .map((part) => {
      const equals = part.indexOf('=');
      return equals < 0
        ? { name: reencode(part), value: '' }
        : { name: reencode(part.slice(0, equals)), value: reencode(part.slice(equals + 1)) };
    });
  pairs.sort((a, b) => compare(a.name, b.name) || compare(a.value, b.value));
  return pairs.map(({ name, value }) => `${name}=${value}`).join('&');
}

/**
 * The headers by their lower-case names; values trimmed, runs of white space made one space, and
 * several of one name joined by commas in the order of the wire.
 */
export function headerValues(rawHeaders: readonly string[]): Map<string, string> {
  const values = new Map<string, string>();
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] ?? '').toLowerCase();
    const value = (rawHeaders[i + 1] ?? '').replace(/[ \t]+/g, ' ').replace(/^ | $/g, '');
    const before = values.get(name);
    values.set(name, before === undefined ? value : `${before},${value}`);
  }
  return values;
}

/**
 * The canonical request, of one byte in each character.
 *
 * @param signedHeaders lower-case names in the order in which they are signed
 * @param payloadSha256 hash of the body in hex
 */
export function canonicalRequest(
  request: WireRequest,
  headers: ReadonlyMap<string, string>,
  signedHeaders: readonly string[],
  payloadSha256: string,
): string {
  const mark = request.target.indexOf('?');
  const path = mark < 0 ? request.target : request.target.slice(0, mark);
  const query = mark < 0 ? '' : request.target.slice(mark + 1);
  const headerLines = signedHeaders.map((name) => `${name}:${headers.get(name) ?? ''}\n`).join('');
  return [
    request.method,
    canonicalPath(path),
    canonicalQuery(query),
    headerLines,
    signedHeaders.join(';'),
    payloadSha256,
  ].join('\n');
}

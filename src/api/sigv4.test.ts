import { createHash } from 'node:crypto';
import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalRequest, headerValues } from './sigv4-canonical.ts';
import { CLOCK_SKEW_MAX_MS, SignatureError, signRequest, verifyRequest } from './sigv4.ts';

const KEY = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
};
const NOW = Date.UTC(2015, 7, 30, 12, 36, 0);
const signer = new SignatureV4({
  credentials: KEY,
  region: 'us-east-1',
  service: 'logs',
  sha256: Sha256,
});

/** A request as the wire has it, from what a signer made of it. */
function wire(method: string, target: string, headers: Record<string, string>) {
  return { method, target, rawHeaders: Object.entries(headers).flat() };
}

const HOST = 'mailtrail.example:4650';
const token = fc.stringMatching(/^[a-z][a-z0-9-]{0,12}$/).map((name) => `x-test-${name}`);
const headerText = fc.stringMatching(/^[\x21-\x7e]([\x20-\x7e]{0,20}[\x21-\x7e])?$/);
const requests = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE'),
  segments: fc.array(fc.string({ unit: 'binary', maxLength: 8 }), { maxLength: 4 }),
  slash: fc.boolean(),
  query: fc.dictionary(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 6 }),
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 6 }),
      fc.array(fc.string({ maxLength: 4 }), { minLength: 1, maxLength: 3 }),
    ),
    { maxKeys: 4, noNullPrototype: true },
  ),
  headers: fc.dictionary(token, headerText, { maxKeys: 4, noNullPrototype: true }),
  body: fc.uint8Array({ maxLength: 40 }),
});

const wellFormed = (text: string): boolean => {
  try {
    encodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
};

test("what AWS's signer signs is verified, and any change is refused", async () => {
  await fc.assert(
    fc.asyncProperty(requests, fc.nat(), async (request, where) => {
      const texts = [...request.segments, ...Object.entries(request.query).flat(2)];
      fc.pre(texts.every(wellFormed));
      const path = `/${request.segments.map(encodeURIComponent).join('/')}${request.slash ? '/' : ''}`;
      const signed = await signer.sign(
        {
          method: request.method,
          protocol: 'http:',
          hostname: 'mailtrail.example',
          path,
          query: request.query,
          headers: { ...request.headers, host: HOST },
          body: request.body,
        },
        { signingDate: new Date(NOW) },
      );
      const query = Object.entries(request.query)
        .flatMap(([name, value]) => [value].flat().map((one) => [name, one] as const))
        .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`);
      const target = query.length > 0 ? `${path}?${query.join('&')}` : path;
      const good = wire(request.method, target, signed.headers);
      const claim = verifyRequest(good, request.body, KEY, NOW);
      expect(claim).toMatchObject({ region: 'us-east-1', service: 'logs' });

      const other = Uint8Array.from([...request.body, 0]);
      expect(() => verifyRequest(good, other, KEY, NOW)).toThrow(SignatureError);
      const key = { ...KEY, secretAccessKey: `${KEY.secretAccessKey}x` };
      expect(() => verifyRequest(good, request.body, key, NOW)).toThrow(SignatureError);
      const moved = { ...good, target: `${target}${target.includes('?') ? '&' : '?'}x=${where}` };
      expect(() => verifyRequest(moved, request.body, KEY, NOW)).toThrow(SignatureError);
    }),
    { numRuns: 300 },
  );
});

test("our signature is the one of AWS's signer", async () => {
  await fc.assert(
    fc.asyncProperty(requests, async (request) => {
      fc.pre(request.segments.every(wellFormed));
      fc.pre(Object.entries(request.query).flat(2).every(wellFormed));
      const url = new URL(`http://${HOST}/${request.segments.map(encodeURIComponent).join('/')}`);
      for (const [name, value] of Object.entries(request.query)) {
        for (const one of [value].flat()) url.searchParams.append(name, one);
      }
      url.search = url.search.replaceAll('+', '%20');
      const { method, headers, body } = request;
      const scope = { region: 'us-east-1', service: 'logs', nowMs: NOW };
      const ours = signRequest({ method, url, headers, body }, KEY, scope);
      const theirs = await signer.sign(
        {
          method,
          protocol: 'http:',
          hostname: 'mailtrail.example',
          path: url.pathname,
          query: request.query,
          headers: { ...headers, host: HOST },
          body,
        },
        { signingDate: new Date(NOW) },
      );
      expect(ours['authorization']).toBe(theirs.headers['authorization']);
      const sent = wire(method, url.pathname + url.search, { ...ours, host: HOST });
      verifyRequest(sent, body, KEY, NOW);
    }),
    { numRuns: 300 },
  );
});

function signed(headers: Record<string, string> = {}, nowMs = NOW) {
  const url = new URL(`http://${HOST}/v1/query?a=1`);
  const scope = { region: 'us-east-1', service: 'logs', nowMs };
  const all = signRequest({ method: 'POST', url, headers, body: 'x' }, KEY, scope);
  return wire('POST', '/v1/query?a=1', { ...all, host: HOST });
}

function refusal(request: ReturnType<typeof signed>, nowMs = NOW): SignatureError {
  try {
    verifyRequest(request, Buffer.from('x'), KEY, nowMs);
  } catch (error) {
    if (error instanceof SignatureError) return error;
    throw error;
  }
  throw new Error('it was verified');
}

/** The request with one header's value changed; undefined takes the header away. */
function changed(name: string, change: (value: string) => string | undefined) {
  const request = signed();
  const rawHeaders: string[] = [];
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    const [key = '', value = ''] = request.rawHeaders.slice(i, i + 2);
    const now = key === name ? change(value) : value;
    if (now !== undefined) rawHeaders.push(key, now);
  }
  return { ...request, rawHeaders };
}

test('clocks may be five minutes apart, and no more', () => {
  for (const apart of [-CLOCK_SKEW_MAX_MS, CLOCK_SKEW_MAX_MS]) {
    verifyRequest(signed({}, NOW + apart), Buffer.from('x'), KEY, NOW);
    const late = refusal(signed({}, NOW + apart * 1.01));
    expect(late.code).toBe('RequestTimeTooSkewed');
    expect(late.message).toContain('20150830T123600Z');
  }
});

test('a request says when it was signed', () => {
  expect(refusal(changed('x-amz-date', () => 'yesterday')).message).toContain('20260131T235959Z');
  const request = changed('x-amz-date', () => undefined);
  const authorization = request.rawHeaders.indexOf('authorization') + 1;
  request.rawHeaders[authorization] =
    request.rawHeaders[authorization]?.replace(';x-amz-date', '') ?? '';
  expect(refusal(request).message).toContain('no x-amz-date');
});

test('what changes the meaning of a request must be signed', () => {
  const request = signed();
  request.rawHeaders.push('X-Amz-Target', 'Logs_20140328.DeleteLogGroup');
  expect(refusal(request)).toMatchObject({
    code: 'IncompleteSignature',
    message: expect.stringContaining('x-amz-target'),
  });
  const token = signed();
  token.rawHeaders.push('X-Amz-Security-Token', 'means nothing');
  verifyRequest(token, Buffer.from('x'), KEY, NOW);
  const doubled = signed({ 'x-amz-test': 'a' });
  doubled.rawHeaders.push('x-amz-test', 'b');
  expect(refusal(doubled).code).toBe('InvalidSignatureException');
});

test('a signature that is not complete says what is missing', () => {
  const cases: [RegExp, (value: string) => string][] = [
    [/Credential=/, (v) => v.replace('Credential', 'Credentials')],
    [/Credential=/, (v) => v.replace('/aws4_request', '')],
    [/Credential=/, (v) => v.replace('/aws4_request', '/aws4_request/more')],
    [/64 hex digits/, (v) => v.replace(/Signature=../, 'Signature=zz')],
    [/64 hex digits/, (v) => v.replace(/.$/, '')],
    [/header host must be/, (v) => v.replace('host;', '')],
    [/which the request has not/, (v) => v.replace('host;', 'host;other;')],
    [/credential's date/, (v) => v.replace('/20150830/', '/20150829/')],
    [/not known/, (v) => v.replace('AKID', 'AKIX')],
    [/does not match/, (v) => v.replace('us-east-1', 'eu-west-1')],
  ];
  for (const [message, change] of cases) {
    expect(refusal(changed('authorization', change)).message).toMatch(message);
  }
});

test('payloads that are not hashed are refused', () => {
  const request = changed('x-amz-content-sha256', () => 'UNSIGNED-PAYLOAD');
  expect(refusal(request).message).toContain('UNSIGNED-PAYLOAD is not supported');
});

// The example of the AWS documentation's test suite, `get-vanilla-query-order-key-case`.
test('the canonical request of the documented example', () => {
  const rawHeaders = ['Host', 'example.amazonaws.com', 'X-Amz-Date', '20150830T123600Z'];
  const empty = createHash('sha256').update('').digest('hex');
  const request = { method: 'GET', target: '/?Param2=value2&Param1=value1', rawHeaders };
  const headers = headerValues(rawHeaders);
  expect(canonicalRequest(request, headers, ['host', 'x-amz-date'], empty)).toBe(
    'GET\n/\nParam1=value1&Param2=value2\nhost:example.amazonaws.com\nx-amz-date:20150830T123600Z\n\n' +
      `host;x-amz-date\n${empty}`,
  );
});

function canonical(target: string, rawHeaders: string[] = []): string[] {
  const headers = headerValues(rawHeaders);
  const request = { method: 'GET', target, rawHeaders };
  return canonicalRequest(request, headers, [...headers.keys()], 'h').split('\n');
}

test('the canonical form of paths, queries and headers', () => {
  const path = (target: string): string | undefined => canonical(target)[1];
  expect(path('/a/./b/../c//d/')).toBe('/a/c/d/');
  expect(path('/../..')).toBe('/');
  expect(path('/a%20b/%E1%88%B4')).toBe('/a%2520b/%25E1%2588%25B4');
  const query = (text: string): string | undefined => canonical(`/?${text}`)[2];
  expect(query('b&a=2&a=1&&a-=3')).toBe('a=1&a=2&a-=3&b=');
  expect(query('a=%41%2f%7e+%&b=x=y')).toBe('a=A%2F~%2B%25&b=x%3Dy');
  expect(canonical('/', ['My', '  a   b ', 'my', 'c'])[3]).toBe('my:a b,c');
});

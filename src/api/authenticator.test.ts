import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import { expect, test } from 'vitest';
import { KEYS } from '../../test/e2e/api-world.ts';
import { createLog } from '../platform/log.ts';
import { ApiError } from './api-error.ts';
import { createAuthenticator } from './authenticator.ts';
import { KeyRing } from './key-ring.ts';
import { REFUSAL_LOG_INTERVAL_MS, UNVERIFIED_BODY_BYTES_MAX } from './limits.ts';
import { signRequest } from './sigv4.ts';

function setUp() {
  const time = { nowMs: Date.UTC(2026, 0, 31) };
  const lines: string[] = [];
  const clock = { now: () => time.nowMs, after: () => ({ cancel: () => {} }) };
  const log = createLog((line) => lines.push(line), { level: 'debug', now: () => time.nowMs });
  const ring = new KeyRing({ keys: () => KEYS, clock, log });
  const authenticator = createAuthenticator({ ring, clock, log });
  const check = (headers: Record<string, string>, apiKeyHeader = false) =>
    authenticator.authenticate({
      method: 'POST',
      target: '/v1/query?secret=in-the-query',
      rawHeaders: Object.entries(headers).flat(),
      client: '192.0.2.1',
      apiKeyHeader,
    });
  const refusal = (headers: Record<string, string>, apiKeyHeader = false): ApiError => {
    try {
      check(headers, apiKeyHeader);
    } catch (error) {
      if (error instanceof ApiError) return error;
      throw error;
    }
    throw new Error('it was admitted');
  };
  return { time, lines, authenticator, check, refusal };
}

function signedHeaders(nowMs: number, body = 'x', key = KEYS): Record<string, string> {
  const url = new URL('http://host/v1/query?secret=in-the-query');
  const scope = { region: 'us-east-1', service: 'logs', nowMs };
  return { ...signRequest({ method: 'POST', url, headers: {}, body }, key, scope), host: 'host' };
}

test('the bearer token opens, in any case of its scheme', () => {
  const { check } = setUp();
  for (const scheme of ['Bearer', 'bearer', 'BEARER ']) {
    const admitted = check({ Authorization: `${scheme} ${KEYS.bearerToken}` });
    expect(admitted.accessKeyId).toBe(KEYS.accessKeyId);
    admitted.checkBody(Buffer.from('any'));
  }
});

test('X-API-Key opens only where it may', () => {
  const { check, refusal } = setUp();
  expect(check({ 'X-API-Key': KEYS.bearerToken }, true).accessKeyId).toBe(KEYS.accessKeyId);
  expect(refusal({ 'X-API-Key': KEYS.bearerToken }).code).toBe('MissingAuthenticationToken');
  expect(refusal({ 'X-API-Key': 'other' }, true).code).toBe('UnrecognizedClientException');
});

test('whoever has no key is told how to have one', () => {
  const { refusal, authenticator } = setUp();
  const cases: [Record<string, string>, string][] = [
    [{}, 'MissingAuthenticationToken'],
    [{ authorization: '' }, 'MissingAuthenticationToken'],
    [{ authorization: 'Basic dXNlcjpwYXNz' }, 'MissingAuthenticationToken'],
    [{ authorization: 'Bearer ' }, 'MissingAuthenticationToken'],
    [{ authorization: 'Bearer x' }, 'UnrecognizedClientException'],
    [{ authorization: `Bearer ${KEYS.bearerToken}x` }, 'UnrecognizedClientException'],
    [{ authorization: `Bearer ${KEYS.secretAccessKey}` }, 'UnrecognizedClientException'],
  ];
  for (const [headers, code] of cases) {
    const error = refusal(headers);
    expect(error).toMatchObject({ status: 401, code });
    expect(error.headers['www-authenticate']).toContain('Bearer');
  }
  expect(authenticator.refusals).toBe(cases.length);
});

test('a signature opens; its body is checked when it is there', () => {
  const { check, refusal, time, authenticator } = setUp();
  const admitted = check(signedHeaders(time.nowMs));
  admitted.checkBody(Buffer.from('x'));
  expect(() => admitted.checkBody(Buffer.from('y'))).toThrow(ApiError);
  expect(authenticator.refusals).toBe(1);
  expect(refusal(signedHeaders(time.nowMs - 301_000))).toMatchObject({
    status: 403,
    code: 'RequestTimeTooSkewed',
  });
  const stranger = { ...KEYS, accessKeyId: 'MTAKSTRANGERSTRANGER' };
  expect(refusal(signedHeaders(time.nowMs, 'x', stranger))).toMatchObject({ status: 401 });
  const thief = { ...KEYS, secretAccessKey: 'guessed' };
  expect(refusal(signedHeaders(time.nowMs, 'x', thief))).toMatchObject({
    status: 403,
    code: 'InvalidSignatureException',
  });
});

test('a signature without the hash of its body waits for a small body', async () => {
  const { check, time, authenticator } = setUp();
  const signer = new SignatureV4({
    credentials: KEYS,
    region: 'us-east-1',
    service: 'logs',
    sha256: Sha256,
    applyChecksum: false,
  });
  const { headers } = await signer.sign(
    {
      method: 'POST',
      protocol: 'http:',
      hostname: 'host',
      path: '/v1/query',
      query: { secret: 'in-the-query' },
      headers: { host: 'host' },
      body: 'x',
    },
    { signingDate: new Date(time.nowMs) },
  );
  expect(headers['x-amz-content-sha256']).toBeUndefined();
  const admitted = check(headers);
  expect(admitted.bodyBytesMax).toBe(UNVERIFIED_BODY_BYTES_MAX);
  admitted.checkBody(Buffer.from('x'));
  expect(() => admitted.checkBody(Buffer.from('y'))).toThrow('does not match');
  expect(authenticator.refusals).toBe(1);
});

test('refusals are logged, not more often than the limit, and without secrets', () => {
  const { refusal, time, lines } = setUp();
  for (let i = 0; i < 5; i++) refusal({ authorization: 'Bearer stolen-token' });
  expect(lines.length).toBe(1);
  expect(lines[0]).toContain('client="192.0.2.1" request="POST /v1/query" code="Unrecog');
  expect(lines[0]).not.toMatch(/stolen|in-the-query/);
  time.nowMs += REFUSAL_LOG_INTERVAL_MS;
  refusal({});
  expect(lines[1]).toContain('unloggedSince=4');
});

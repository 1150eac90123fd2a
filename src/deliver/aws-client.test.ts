import { expect, test } from 'vitest';
import { clientSettings, errorOf } from './aws-client.ts';

test('what a destination says goes before the environment, and that before the organization', () => {
  const env = { AWS_REGION: 'eu-west-1', AWS_DEFAULT_REGION: 'eu-west-2' };
  expect(clientSettings({ region: 'x' }, env, 'o').region).toBe('x');
  expect(clientSettings({}, env, 'o').region).toBe('eu-west-1');
  expect(clientSettings({}, {}, 'o')).toEqual({ region: 'o', maxAttempts: 1 });
  const reach = { endpoint: 'http://127.0.0.1:1', profile: 'archive' };
  expect(clientSettings(reach, {}, 'o')).toMatchObject(reach);
});

const failure = (name: string, more: object = {}): Error =>
  Object.assign(new Error('why'), { name, ...more });

test.each([
  [
    failure('AccessDeniedException'),
    'misconfigured',
    /PutLogEvents: AccessDeniedException: why; give the key/,
  ],
  [failure('UnrecognizedClientException'), 'misconfigured', /give the key the permission/],
  [failure('CredentialsProviderError'), 'misconfigured', /name another key/],
  [failure('ResourceNotFoundException'), 'misconfigured', /make it, or name another/],
  [
    Object.assign(failure('InvalidSignatureException'), { message: 'Signature expired' }),
    'misconfigured',
    /clock/,
  ],
  [
    Object.assign(failure('InvalidSignatureException'), {
      message: 'Credential should be scoped to a valid region.',
    }),
    'misconfigured',
    /; set the region$/,
  ],
  [failure('InvalidSignatureException'), 'misconfigured', /why; give the key/],
  [failure('Error', { code: 'ECONNREFUSED' }), 'unreachable', /why/],
  [failure('TimeoutError'), 'unreachable', /why/],
  [failure('ThrottlingException', { $metadata: { httpStatusCode: 400 } }), 'unavailable', /why/],
  [failure('InternalFailure', { $metadata: { httpStatusCode: 500 } }), 'unavailable', /why/],
  [
    failure('InvalidParameterException', { $metadata: { httpStatusCode: 400 } }),
    'misconfigured',
    /why/,
  ],
])('%s', (error, code, message) => {
  const told = errorOf(error, 'PutLogEvents');
  expect(told.code).toBe(code);
  expect(told.message).toMatch(message);
});

// The server with a certificate, made here by openssl.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { get } from 'node:https';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { BEARER, startWorld, stopWorlds } from './api-world.ts';
import { temporaryDirectory } from './running-server.ts';

afterEach(stopWorlds);

test('with a certificate it speaks TLS and nothing else', async () => {
  const directory = temporaryDirectory();
  const [key, cert] = [join(directory.path, 'key.pem'), join(directory.path, 'cert.pem')];
  const make = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  execFileSync(
    'openssl',
    [...make, '-keyout', key, '-out', cert, '-days', '1', '-subj', '/CN=localhost'],
    {
      stdio: 'ignore',
    },
  );
  const tls = { key: readFileSync(key), cert: readFileSync(cert) };
  directory.remove();
  const world = await startWorld({ tls });
  const status = await new Promise((resolve, reject) => {
    const options = { port: world.port, path: '/v1/groups', ca: tls.cert, servername: 'localhost' };
    get({ host: '127.0.0.1', ...options, headers: BEARER, agent: false }, (response) => {
      resolve(response.resume().statusCode);
    }).on('error', reject);
  });
  expect(status).toBe(200);
  await expect(fetch(`${world.url}/healthz`)).rejects.toThrow();
});

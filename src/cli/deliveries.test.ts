import { expect, test } from 'vitest';
import { KEY_ENV, runCli, type SeenRequest } from '../../test/cli/fake-world.ts';

const RUNNING = {
  id: 'a1',
  logType: 'AUTHENTICATION_LOGS',
  to: 'log group /copies',
  status: { behindEvents: 3, delivered: 70, deadLetters: 1, down: false },
};
const DOWN = {
  id: 'b2',
  logType: 'MANAGEMENT_LOGS',
  to: 'log group /far of CloudWatch Logs',
  status: {
    behindEvents: 9,
    delivered: 0,
    deadLetters: 0,
    down: true,
    lastError: 'PutLogEvents: no',
  },
};

function cli(
  argv: string,
  deliveries: readonly object[],
  tested?: object,
): ReturnType<typeof runCli> {
  const answer = ({ method }: SeenRequest): Response =>
    Response.json(method === 'POST' ? tested : { deliveries });
  return runCli(['deliveries', ...argv.split(' ')], { env: KEY_ENV, answer });
}

test('deliveries are listed with how far each is and what keeps it', async () => {
  const { out } = await cli('list', [RUNNING, DOWN]);
  expect(out).toMatch(/a1 +AUTHENTICATION_LOGS +log group \/copies +running +3 +70 +1/);
  expect(out).toMatch(/b2 +MANAGEMENT_LOGS .* down +9 +0 +0 +PutLogEvents: no/);
  expect(JSON.parse((await cli('list -o json', [RUNNING])).out)).toEqual([RUNNING]);
  expect((await cli('list', [])).err).toMatch(/^There is no delivery; "aws logs create-delivery"/);
});

test('a probe says whether it arrived, also by the exit code', async () => {
  const good = await cli('test a1', [], { ok: true, message: 'made and removed a stream' });
  expect([good.code, good.out]).toEqual([0, '✓ made and removed a stream\n']);
  expect(good.world.requests[0]?.url.pathname).toBe('/v1/deliveries/a1/test');
  const bad = await cli('test a1', [], {
    ok: false,
    message: 'there is no log group /x: create it',
  });
  expect([bad.code, bad.out]).toEqual([1, '✗ there is no log group /x: create it\n']);
});

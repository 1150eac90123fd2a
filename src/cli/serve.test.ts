import { EventEmitter, once } from 'node:events';
import { expect, test, vi } from 'vitest';
import type { Config } from '../config/schema.ts';
import { FakeWorld, type FakeOptions } from '../../test/cli/fake-world.ts';
import { runProgram } from './program.ts';
import type { RunningApp } from './world.ts';

const FILE = '/etc/mailtrail/config.yaml';

/** A server that notes what it is told. */
class FakeApp implements RunningApp {
  readonly address = 'http://127.0.0.1:4650';
  readonly reloads: Config[] = [];
  outcome: Awaited<ReturnType<RunningApp['reload']>> = { ok: true };
  stopped = false;
  /** Lets `stop` end; it waits for this when it is set. */
  draining: Promise<void> = Promise.resolve();

  async stop(): Promise<void> {
    await this.draining;
    this.stopped = true;
  }

  async reload(config: Config): Promise<typeof this.outcome> {
    this.reloads.push(config);
    return this.outcome;
  }
}

/** Waits until the program has said this. */
async function said(world: FakeWorld, text: string): Promise<void> {
  await vi.waitFor(() => expect(world.err).toContain(text));
}

function serve(
  argv: readonly string[] = [],
  more: FakeOptions = {},
): { world: FakeWorld; app: FakeApp; configs: Config[]; ended: Promise<number> } {
  const app = new FakeApp();
  const configs: Config[] = [];
  const world = new FakeWorld(['serve', ...argv], {
    startApp: async ({ config }) => {
      configs.push(config);
      return app;
    },
    ...more,
  });
  return { world, app, configs, ended: runProgram(world) };
}

test('flags reach the server, and it says where it listens', async () => {
  const { world, configs, ended } = serve(
    (
      '--listen 127.0.0.1:0 --data d --organization acme --log-level debug ' +
      '--dovecot-log a --dovecot-log /b --postfix-policy-listen unix:/p'
    ).split(' '),
  );
  await said(world, 'listening on');
  expect(world.err).toMatch(/info listening on http:\/\/127\.0\.0\.1:4650 data="\/cwd\/d"\n$/);
  expect(configs[0]).toMatchObject({
    server: { listen: { host: '127.0.0.1', port: 0 } },
    organization: { name: 'acme' },
    dovecot: { logs: ['/cwd/a', '/b'] },
    postfix: { policyListen: { path: '/p' } },
    log: { level: 'debug' },
  });
  world.signal('SIGTERM');
  expect(await ended).toBe(0);
  expect(world.out).toBe('');
});

test.each(['SIGTERM', 'SIGINT'] as const)('%s drains and ends with 0', async (signal) => {
  const { world, app, ended } = serve();
  await said(world, 'listening on');
  expect(world.signal(signal)).toBe(true);
  expect(await ended).toBe(0);
  expect(app.stopped).toBe(true);
});

test('a second signal does not wait', async () => {
  const { world, app, ended } = serve();
  app.draining = new Promise(() => {});
  await said(world, 'listening on');
  world.signal('SIGTERM');
  world.signal('SIGINT');
  expect(await ended).toBe(1);
  expect(world.err).toContain('SIGINT again');
});

test('signals during the start are obeyed after it', async () => {
  const app = new FakeApp();
  const gate = new EventEmitter();
  const starting = (): ReturnType<typeof serve> =>
    serve([], {
      startApp: async () => {
        await once(gate, 'open');
        return app;
      },
    });
  const first = starting();
  await vi.waitFor(() => expect(gate.listenerCount('open')).toBe(1));
  expect(first.world.signal('SIGHUP')).toBe(true);
  gate.emit('open');
  await said(first.world, 'the configuration was read again');
  expect(app.stopped).toBe(false);
  first.world.signal('SIGTERM');
  expect(await first.ended).toBe(0);

  app.stopped = false;
  const second = starting();
  await vi.waitFor(() => expect(gate.listenerCount('open')).toBe(1));
  expect(second.world.signal('SIGTERM')).toBe(true);
  gate.emit('open');
  expect(await second.ended).toBe(0);
  expect(app.stopped).toBe(true);
});

test('SIGHUP: a valid configuration is handed over, a wrong one told and left', async () => {
  const files = { [FILE]: 'organization: { name: a }\n' };
  const { world, app, ended } = serve([], { files });
  await said(world, 'listening on');
  world.files[FILE] = 'organization: { name: b }\nretention: { days: 30 }\n';
  world.signal('SIGHUP');
  await said(world, 'the configuration was read again');
  expect(app.reloads.map(({ organization }) => organization.name)).toEqual(['b']);

  world.files[FILE] = 'organisation: x\nlog: { level: 1 }\n';
  world.signal('SIGHUP');
  await said(world, 'the old one stays in force');
  expect(app.reloads).toHaveLength(1);
  expect(world.err).toContain(`error ${FILE}:1:1: organisation: unknown key`);
  expect(world.err).toContain(`error ${FILE}:2:15: log.level: expected one of`);

  world.files[FILE] = '';
  app.outcome = { ok: false, reason: 'data cannot change while it runs' };
  world.signal('SIGHUP');
  await said(world, 'stays in force: data cannot change while it runs');
  world.signal('SIGTERM');
  expect(await ended).toBe(0);
});

test('a wrong configuration ends with 3 and every mistake, without a prefix or a stack', async () => {
  const files = { [FILE]: 'server: { listen: x }\ndta: /d\n' };
  const { world, configs, ended } = serve([], { files });
  expect(await ended).toBe(3);
  expect(configs).toEqual([]);
  expect(world.err.trimEnd().split('\n')).toEqual([
    expect.stringMatching(/^\/etc\/mailtrail\/config\.yaml:1:19: server\.listen: expected/),
    `${FILE}:2:1: dta: unknown key; did you mean "data"?`,
  ]);
});

function failure(message: string, more: object): Error {
  return Object.assign(new Error(message), more);
}

test.each([
  [
    failure('listen EADDRINUSE: address already in use 127.0.0.1:4650', {
      code: 'EADDRINUSE',
      syscall: 'listen',
    }),
    /^mailtrail: cannot start: 127\.0\.0\.1:4650 is in use by another program; .*--listen.*\n$/,
  ],
  [
    failure('listen EADDRNOTAVAIL', { code: 'EADDRNOTAVAIL', syscall: 'listen' }),
    /^mailtrail: cannot start: this machine has no address 127\.0\.0\.1:4650; .*\n$/,
  ],
  [
    failure('listen EACCES', { code: 'EACCES', syscall: 'listen' }),
    /^mailtrail: cannot start: this user may not listen on .*\n$/,
  ],
  [
    failure("EROFS: read-only file system, mkdir '/d'", { code: 'EROFS', syscall: 'mkdir' }),
    /^mailtrail: cannot start: \/home\/ann\/\S+ cannot be made \(EROFS: read-only .*--data.*\n$/,
  ],
  [
    new Error('/d is in use by process 12; stop it first'),
    /^mailtrail: cannot start: \/d is in use by process 12; stop it first\n$/,
  ],
])('a start that fails ends with 1 and one message: %s', async (error, said) => {
  const { world, ended } = serve([], {
    startApp: async () => {
      throw error;
    },
  });
  expect(await ended).toBe(1);
  expect(world.err).toMatch(said);
});

test('a public address is refused, unless it is asked for', async () => {
  const refused = serve(['--listen', '0.0.0.0:0']);
  expect(await refused.ended).toBe(3);
  expect(refused.world.err).toContain('--listen: server.listen: expected a loopback address');
  const { world, ended } = serve(['--listen', '0.0.0.0:0', '--allow-public-without-tls']);
  await said(world, 'listening on');
  world.signal('SIGTERM');
  expect(await ended).toBe(0);
});

test('a mapping file with mistakes keeps the server from starting, and is told as a configuration', async () => {
  const files = {
    [FILE]: 'collectors: { mappings: [m.yaml] }\n',
    '/etc/mailtrail/m.yaml': 'name: m\nmapings: []\n',
  };
  const { world, configs, ended } = serve([], { files });
  expect(await ended).toBe(3);
  expect(world.err).toContain(
    '/etc/mailtrail/m.yaml:2:1: mapings: unknown key; did you mean "mappings"?',
  );
  expect(configs).toEqual([]);
});

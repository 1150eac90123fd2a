import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { MemoryIntake, until } from '../../../test/collect/memory-intake.ts';
import { accessByRules } from '../../../test/access/in-force.ts';
import { DEFAULT_RULE } from '../../access/decide.ts';
import { systemClock } from '../../platform/clock.ts';
import { silentLog } from '../../platform/log.ts';
import {
  POLICY_ATTRIBUTES_MAX,
  POLICY_REQUEST_BYTES_MAX,
  PolicyRequestReader,
} from './policy-protocol.ts';
import { createPolicyService, type PolicyListen, type PolicyService } from './policy-service.ts';

const ACCESS = accessByRules([
  DEFAULT_RULE,
  { name: 'NoSmtpForCarol', effect: 'DENY', actions: ['SMTP'], userIds: ['carol@example.test'] },
]);

/** A request as Postfix 3.7 sends it at RCPT. */
function request(over: Record<string, string> = {}): string {
  const attributes = {
    request: 'smtpd_access_policy',
    protocol_state: 'RCPT',
    protocol_name: 'ESMTP',
    client_address: '203.0.113.7',
    client_name: 'unknown',
    client_port: '54732',
    helo_name: 'client.test',
    sender: 'alice@example.test',
    recipient: 'x@sink.test',
    recipient_count: '0',
    queue_id: '',
    instance: '353f.6b03a935.4e7f2.0',
    size: '408',
    sasl_method: 'PLAIN',
    sasl_username: 'Alice@example.test',
    ...over,
  };
  return `${Object.entries(attributes)
    .map(([k, v]) => `${k}=${v}`)
    .join('\n')}\n\n`;
}

const running: PolicyService[] = [];
afterEach(async () => {
  for (const service of running.splice(0)) await service.stop();
});

async function started(
  intake: MemoryIntake,
  listen: PolicyListen = { host: '127.0.0.1', port: 0 },
): Promise<PolicyService> {
  const service = createPolicyService({
    listen,
    access: () => ACCESS,
    intake,
    clock: systemClock,
    log: silentLog,
  });
  running.push(service);
  await service.start();
  return service;
}

/** A connection that sends and gives back what was answered so far. */
class Client {
  readonly socket: Socket;
  text = '';
  closed = false;
  constructor(address: string) {
    const [host = '', port = ''] = address.split(':');
    this.socket = address.startsWith('/') ? connect(address) : connect(Number(port), host);
    this.socket.on('data', (chunk: Buffer) => (this.text += chunk.toString()));
    this.socket.on('error', () => {});
    this.socket.on('close', () => (this.closed = true));
  }
  async ask(text: string): Promise<string> {
    const before = this.text.length;
    this.socket.write(text);
    await until(
      () => this.closed || this.text.slice(before).endsWith('\n\n'),
      () => `no answer: ${this.text}`,
    );
    return this.closed ? 'closed' : this.text.slice(before);
  }
}

test('a submission is decided once for all its recipients', async () => {
  const intake = new MemoryIntake();
  const client = new Client((await started(intake)).address());
  expect(await client.ask(request())).toBe('action=DUNNO\n\n');
  expect(await client.ask(request({ recipient: 'y@sink.test', queue_id: '4jXr2F2TFNzMkvg' }))).toBe(
    'action=DUNNO\n\n',
  );
  expect(await client.ask(request({ protocol_state: 'END-OF-MESSAGE' }))).toBe('action=DUNNO\n\n');
  expect(await client.ask(request({ instance: 'another' }))).toBe('action=DUNNO\n\n');
  expect(intake.journal.events).toHaveLength(2);
  expect(intake.journal.events[0]).toMatchObject({
    log_type: 'ACCESS_CONTROL_LOGS',
    request_id: '353f.6b03a935.4e7f2.0',
    user_id: 'alice@example.test',
    protocol: 'SMTP',
    source_ip: '203.0.113.7',
    scope: 'AccessControl',
    rule_id: 'Default',
    access_granted: true,
    source_port: 54_732,
  });
});

test('asked at DATA, the decision has the queue id of the message', async () => {
  const intake = new MemoryIntake();
  const client = new Client((await started(intake)).address());
  await client.ask(request({ protocol_state: 'DATA', queue_id: '4jXr2F2TFNzMkvg' }));
  expect(intake.journal.events).toMatchObject([{ request_id: '4jXr2F2TFNzMkvg' }]);
});

test('a refused submission names the rule, for every recipient', async () => {
  const intake = new MemoryIntake();
  const client = new Client((await started(intake)).address());
  const carol = { sasl_username: 'carol@example.test' };
  const refused = 'action=REJECT 5.7.1 Denied by access control rule NoSmtpForCarol\n\n';
  expect(await client.ask(request(carol))).toBe(refused);
  expect(await client.ask(request({ ...carol, recipient: 'z@sink.test' }))).toBe(refused);
  expect(intake.journal.events).toMatchObject([
    { access_granted: false, rule_id: 'NoSmtpForCarol' },
  ]);
});

test('mail from outside is not decided on', async () => {
  const intake = new MemoryIntake();
  const client = new Client((await started(intake)).address());
  expect(await client.ask(request({ sasl_username: '' }))).toBe('action=DUNNO\n\n');
  expect(intake.journal.events).toEqual([]);
});

test('without a record the connection is closed unanswered, and the next attempt is decided', async () => {
  const intake = new MemoryIntake();
  const service = await started(intake);
  intake.refuse = 'disk-full';
  expect(await new Client(service.address()).ask(request())).toBe('closed');
  intake.refuse = undefined;
  expect(await new Client(service.address()).ask(request())).toBe('action=DUNNO\n\n');
  expect(intake.journal.events).toHaveLength(1);
});

test('requests in one packet and in pieces are answered in order', async () => {
  const intake = new MemoryIntake();
  const client = new Client((await started(intake)).address());
  client.socket.write(
    request({ instance: 'a' }) + request({ instance: 'b', sasl_username: 'carol@example.test' }),
  );
  await until(
    () => client.text.split('\n\n').length === 3,
    () => client.text,
  );
  expect(client.text).toMatch(/^action=DUNNO\n\naction=REJECT /);
  for (const byte of request({ instance: 'c' })) client.socket.write(byte);
  await until(
    () => client.text.split('\n\n').length === 4,
    () => client.text,
  );
});

test.each([
  ['GET / HTTP/1.1\r\n\r\n\n\n', /name=value/],
  ['request=junk\n\n', /smtpd_access_policy/],
  ['\n\n', /empty/],
  [
    `${Array.from({ length: POLICY_ATTRIBUTES_MAX + 1 }, (_, i) => `a${i}=b`).join('\n')}\n\n`,
    /attributes/,
  ],
  [`request=${'x'.repeat(POLICY_REQUEST_BYTES_MAX + 1)}`, /longer than/],
])('a peer that is not Postfix is cut off: %#', async (text) => {
  const service = await started(new MemoryIntake());
  expect(await new Client(service.address()).ask(text)).toBe('closed');
  expect(service.status().rejected).toBe(1);
});

test('a request of exactly the limit is read', () => {
  const head = 'request=smtpd_access_policy\nx=';
  const text = `${head}${'y'.repeat(POLICY_REQUEST_BYTES_MAX - head.length)}\n\n`;
  expect(new PolicyRequestReader().take(Buffer.from(text))).toHaveLength(1);
});

test('values cannot bring attributes of their own', async () => {
  const intake = new MemoryIntake();
  const client = new Client((await started(intake)).address());
  await client.ask(
    request({ helo_name: 'a=b sasl_username=root', sender: 'x, access_granted=true' }),
  );
  expect(intake.journal.events).toMatchObject([{ user_id: 'alice@example.test' }]);
});

test('listens on a unix socket, also over one that a crash left, but over no other file', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'policy-'));
  const path = join(directory, 'policy');
  const first = await started(new MemoryIntake(), { path });
  expect(await new Client(path).ask(request())).toBe('action=DUNNO\n\n');
  await first.stop();
  const second = await started(new MemoryIntake(), { path });
  expect(second.status()).toMatchObject({ state: 'running', name: `postfix-policy:${path}` });
  await second.stop();
  writeFileSync(path, 'a file');
  const third = createPolicyService({
    listen: { path },
    access: () => ACCESS,
    intake: new MemoryIntake(),
    clock: systemClock,
    log: silentLog,
  });
  await expect(third.start()).rejects.toThrow(/cannot listen on unix:.*EADDRINUSE/);
  expect(third.status().state).toBe('failed');
  expect(existsSync(path)).toBe(true);
  rmSync(directory, { recursive: true });
});

test('an address that is taken is named', async () => {
  const service = await started(new MemoryIntake());
  const port = Number(service.address().split(':')[1]);
  const second = createPolicyService({
    listen: { host: '127.0.0.1', port },
    access: () => ACCESS,
    intake: new MemoryIntake(),
    clock: systemClock,
    log: silentLog,
  });
  await expect(second.start()).rejects.toThrow(`cannot listen on 127.0.0.1:${port}`);
});

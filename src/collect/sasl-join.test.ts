// Who signed in by SMTP and which messages were handed in: joined where there is one answer.
import { beforeEach, expect, test } from 'vitest';
import { ManualClock } from '../../test/sim/journal-world.ts';
import {
  SASL_DECIDE_MS,
  SASL_MESSAGE_WAIT_MS,
  SASL_USERS_MAX,
  SASL_WAITING_OF_USER_MAX,
  SaslJoin,
  type SaslConnection,
} from './sasl-join.ts';

const START_MS = 1_795_413_400_000;
let clock = new ManualClock();
let join = new SaslJoin(clock);
let joined: string[] = [];
beforeEach(() => {
  clock = new ManualClock();
  join = new SaslJoin(clock);
  joined = [];
});

function signIn(name: string, atMs: number, user = 'alice', ip = '192.0.2.1'): boolean {
  const timeMs = START_MS + atMs;
  return join.signedIn({ user, ip, timeMs, joined: (id) => joined.push(`${name} ${id}`) });
}

interface Times {
  readonly connected: number | undefined;
  readonly message: number;
  readonly ended?: number;
}

function connection(queueId: string, times: Times, user = 'alice', ip = '192.0.2.1'): void {
  const { connected, message, ended = Infinity } = times;
  const own: SaslConnection & { readonly began: number } = {
    user,
    ip,
    queueId,
    connectedMs: connected === undefined ? undefined : START_MS + connected,
    messageMs: START_MS + message,
    began: connected ?? message,
    endedBefore: (other) => ended < (other as typeof own).began,
  };
  join.connection(own);
}

const decide = (): void => clock.advance(SASL_DECIDE_MS);

test.each(['the sign-in first', 'the message first'])('a sign-in and its message: %s', (first) => {
  if (first === 'the sign-in first') signIn('s', 100);
  connection('Q', { connected: 0, message: 300 });
  if (first === 'the message first') signIn('s', 100);
  expect(joined).toEqual([]);
  decide();
  expect(joined).toEqual(['s Q']);
});

test('a message that comes a minute after the sign-in', () => {
  signIn('s', 100);
  decide();
  connection('Q', { connected: 0, message: 60_000 });
  decide();
  expect(joined).toEqual(['s Q']);
});

test('two users behind one address', () => {
  signIn('a', 100, 'alice');
  signIn('b', 110, 'bob');
  connection('B', { connected: 0, message: 200 }, 'bob');
  connection('A', { connected: 0, message: 210 }, 'Alice');
  decide();
  expect(joined.toSorted()).toEqual(['a A', 'b B']);
});

test('connections that followed one another, all in one second of a log without fractions', () => {
  for (const [n, name] of ['a', 'b', 'c'].entries()) signIn(name, 100 + n * 200);
  connection('A', { connected: 0, message: 0, ended: -3 });
  connection('B', { connected: 0, message: 0, ended: -1 });
  connection('C', { connected: 0, message: 0 });
  decide();
  expect(joined).toEqual(['a A', 'b B', 'c C']);
});

test('of two parallel connections of one user from one address neither is joined', () => {
  signIn('a', 100);
  signIn('b', 200);
  connection('A', { connected: 0, message: 500 });
  connection('B', { connected: 50, message: 600 });
  decide();
  expect(joined).toEqual([]);
});

test('of two sign-ins one of which handed in nothing neither is joined', () => {
  signIn('a', 100);
  signIn('b', 200);
  connection('A', { connected: 0, message: 500 });
  decide();
  expect(joined).toEqual([]);
});

test('what cannot be told at one time does not keep later ones from being told', () => {
  signIn('a', 100);
  signIn('b', 200);
  connection('A', { connected: 0, message: 500 });
  decide();
  signIn('c', 20_100);
  connection('C', { connected: 20_000, message: 20_500 });
  decide();
  expect(joined).toEqual(['c C']);
});

test('another time, another address: not joined', () => {
  signIn('early', 100);
  connection('Q', { connected: 5_000, message: 6_000 });
  signIn('elsewhere', 5_500, 'alice', '192.0.2.2');
  decide();
  expect(joined).toEqual([]);
});

test('a connection whose beginning was not read waits for a sign-in as long as one may be silent', () => {
  signIn('too early', 0);
  connection('Q', { connected: undefined, message: SASL_MESSAGE_WAIT_MS + 1_000 });
  decide();
  expect(joined).toEqual([]);
  signIn('s', SASL_MESSAGE_WAIT_MS);
  decide();
  expect(joined).toEqual(['s Q']);
});

test('sign-ins wait for a message only where messages are handed in', () => {
  expect(signIn('a', 0)).toBe(false);
  connection('Q', { connected: 0, message: 10 });
  expect(signIn('b', 60_000)).toBe(true);
});

test('at the limits the oldest are forgotten', () => {
  for (let n = 0; n <= SASL_WAITING_OF_USER_MAX; n++) signIn(`s${n}`, n * 10_000);
  connection('first', { connected: 0, message: 500 });
  connection('second', { connected: 10_000, message: 10_500 });
  decide();
  expect(joined).toEqual(['s1 second']);
  for (let n = 0; n <= SASL_USERS_MAX; n++) signIn(`u${n}`, 100, `user${n}`);
  connection('U0', { connected: 0, message: 500 }, 'user0');
  decide();
  expect(joined).toHaveLength(1);
});

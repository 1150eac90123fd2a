import { expect, test } from 'vitest';
import { MemoryIntake, until } from '../../../test/collect/memory-intake.ts';
import { ManualClock } from '../../../test/sim/journal-world.ts';
import { silentLog } from '../../platform/log.ts';
import { createMessageContentsJoin, type MessageContents } from '../message-contents.ts';
import { Aborts } from './aborts.ts';
import { ABORT_SETTLE_MS, ABORT_WAIT_MS, ABORTS_PENDING_MAX } from './limits.ts';

function contents(timeMs: number, more: Partial<MessageContents> = {}): MessageContents {
  return {
    queueId: 'A',
    timeMs,
    clientAddress: '192.0.2.1',
    saslUser: 'Ann@x.example',
    sender: 'ann@x.example',
    recipients: ['b@x.example'],
    authenticationResults: [],
    attachments: [],
    ...more,
  };
}

test('the log has a moment to speak first; only so many aborts wait for it', async () => {
  const clock = new ManualClock();
  const join_ = createMessageContentsJoin(clock);
  join_.listen({ offered: () => {}, behind: () => false });
  const intake = new MemoryIntake();
  const aborts = new Aborts({ contents: join_, notes: undefined, intake, clock, log: silentLog });
  const abort = (queueId: string): MessageContents =>
    contents(clock.now(), { queueId, aborted: 'DATA' });
  aborts.add(abort('A'));
  aborts.add(abort('B'));
  const { saslUser: _, ...nobody } = abort('D');
  aborts.add(nobody);
  join_.settleAbort('log', { queueId: 'A', saslUser: 'ann@x.example', timeMs: clock.now() });
  clock.advance(ABORT_SETTLE_MS - 1);
  expect(intake.journal.events).toEqual([]);
  clock.advance(1);
  await aborts.stop();
  expect(intake.journal.events.map(({ request_id }) => request_id)).toEqual(['B']);
  for (let n = 0; n <= ABORTS_PENDING_MAX; n++) aborts.add(abort(`Q${n}`));
  await until(
    () => aborts.events === 2,
    () => `${aborts.events} were told`,
  );
  expect(intake.journal.events[1]?.request_id).toBe('Q0');
  await aborts.stop();
  expect(aborts.events).toBe(ABORTS_PENDING_MAX + 2);
});

test('what the journal refuses is said', async () => {
  const clock = new ManualClock();
  const join_ = createMessageContentsJoin(clock);
  join_.listen({ offered: () => {}, behind: () => false });
  const intake = new MemoryIntake();
  intake.refuse = 'disk-full';
  const errors: string[] = [];
  const log = { ...silentLog, error: (message: string) => void errors.push(message) };
  const parts = {
    contents: join_,
    notes: undefined,
    intake,
    clock,
    log,
  };
  const aborts = new Aborts(parts);
  aborts.add(contents(clock.now(), { aborted: 'RCPT' }));
  await aborts.stop();
  expect(errors).toEqual(['an aborted submission could not be recorded']);
  expect(aborts.events).toBe(0);
});

test('an abort waits for a log that is behind, within a limit, and is not told without a log', async () => {
  const clock = new ManualClock();
  const join_ = createMessageContentsJoin(clock);
  const intake = new MemoryIntake();
  const aborts = new Aborts({ contents: join_, notes: undefined, intake, clock, log: silentLog });
  aborts.add(contents(clock.now(), { queueId: 'alone', aborted: 'RCPT' }));
  clock.advance(ABORT_SETTLE_MS);
  await aborts.stop();
  expect(intake.journal.events).toEqual([]);

  let behind = true;
  join_.listen({ offered: () => {}, behind: () => behind });
  const told = (): unknown[] => intake.journal.events.map(({ request_id }) => request_id);
  aborts.add(contents(clock.now(), { queueId: 'caught-up', aborted: 'RCPT' }));
  clock.advance(ABORT_SETTLE_MS);
  clock.advance(ABORT_SETTLE_MS);
  await Promise.resolve();
  expect(told()).toEqual([]);
  behind = false;
  clock.advance(ABORT_SETTLE_MS);
  await aborts.stop();
  expect(told()).toEqual(['caught-up']);

  behind = true;
  aborts.add(contents(clock.now(), { queueId: 'late', aborted: 'RCPT' }));
  for (let ms = 0; ms < ABORT_WAIT_MS; ms += ABORT_SETTLE_MS) {
    expect(aborts.events).toBe(1);
    clock.advance(ABORT_SETTLE_MS);
  }
  await aborts.stop();
  expect(told()).toEqual(['caught-up', 'late']);
});

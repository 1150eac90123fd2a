import { describe, expect, it, test } from 'vitest';
import type { Clock } from '../platform/clock.ts';
import {
  createMessageContentsJoin,
  LOG_AFTER_ABORT_MS,
  LOG_BEFORE_ABORT_MS,
  MESSAGE_CONTENTS_AGE_MS,
  MESSAGE_CONTENTS_CHARS_MAX,
  MESSAGE_CONTENTS_MAX,
  SETTLED_ABORTS_MAX,
  type MessageContents,
} from './message-contents.ts';

class SetClock implements Clock {
  nowMs = 1_000_000;
  now(): number {
    return this.nowMs;
  }
  after(): { cancel(): void } {
    return { cancel: () => {} };
  }
}

function contents(queueId: string, more: Partial<MessageContents> = {}): MessageContents {
  return {
    queueId,
    timeMs: 0,
    sender: '',
    recipients: [],
    authenticationResults: [],
    attachments: [],
    ...more,
  };
}

describe('the join of contents', () => {
  it('gives what was offered, the newest of a queue id, and tells readers until they end', () => {
    const join = createMessageContentsJoin(new SetClock());
    const heard: (string | undefined)[] = [];
    const end = join.listen({
      offered: ({ subject }) => void heard.push(subject),
      behind: () => false,
    });
    join.offer(contents('A', { subject: 'one' }));
    join.offer(contents('A', { subject: 'two' }));
    end();
    join.offer(contents('B', { subject: 'three' }));
    expect(heard).toEqual(['one', 'two']);
    expect(join.contentsOf('A')?.subject).toBe('two');
    expect(join.contentsOf('C')).toBeUndefined();
  });

  it(`keeps ${MESSAGE_CONTENTS_MAX} messages, the newest`, () => {
    const join = createMessageContentsJoin(new SetClock());
    for (let n = 0; n <= MESSAGE_CONTENTS_MAX; n++) join.offer(contents(`Q${n}`));
    expect(join.contentsOf('Q0')).toBeUndefined();
    expect(join.contentsOf('Q1')).toBeDefined();
    expect(join.contentsOf(`Q${MESSAGE_CONTENTS_MAX}`)).toBeDefined();
  });

  it('forgets the oldest when they are large together', () => {
    const join = createMessageContentsJoin(new SetClock());
    const subject = 'x'.repeat(MESSAGE_CONTENTS_CHARS_MAX / 4);
    for (const id of ['A', 'B', 'C', 'D']) join.offer(contents(id, { subject }));
    expect(join.contentsOf('A')).toBeUndefined();
    expect(join.contentsOf('B')).toBeDefined();
  });

  it('forgets what nobody asked for in time', () => {
    const clock = new SetClock();
    const join = createMessageContentsJoin(clock);
    join.offer(contents('A'));
    clock.nowMs += MESSAGE_CONTENTS_AGE_MS;
    join.offer(contents('B'));
    expect(join.contentsOf('A')).toBeDefined();
    clock.nowMs += 1;
    expect(join.contentsOf('A')).toBeUndefined();
    expect(join.contentsOf('B')).toBeDefined();
  });
});

test('whether the log is read, and how far, is known of all readers', () => {
  const join = createMessageContentsJoin(new SetClock());
  expect(join.logState()).toBe('none');
  let behind = true;
  const endings = [false, true].map((slow) =>
    join.listen({ offered: () => {}, behind: () => slow && behind }),
  );
  expect(join.logState()).toBe('behind');
  behind = false;
  expect(join.logState()).toBe('current');
  for (const end of endings) end();
  expect(join.logState()).toBe('none');
});

describe('the ledger of aborts', () => {
  const abort = { queueId: 'A', saslUser: 'Ann@x.example', clientAddress: '192.0.2.1', timeMs: 0 };
  const { queueId: _, ...nameless } = abort;
  const same = { ...abort, saslUser: 'ann@X.example' };

  it('lets the first of two sides tell, and nobody twice', () => {
    const join = createMessageContentsJoin(new SetClock());
    expect(join.settleAbort('log', abort)).toBe(true);
    expect(join.settleAbort('milter', abort)).toBe(false);
    expect(join.settleAbort('log', abort)).toBe(false);
    expect(join.settleAbort('milter', { ...abort, queueId: 'B' })).toBe(true);
    expect(join.settleAbort('log', { ...abort, queueId: 'B' })).toBe(false);
  });

  it('knows the same user at the same address where the milter has no queue id', () => {
    const join = createMessageContentsJoin(new SetClock());
    expect(join.settleAbort('milter', nameless)).toBe(true);
    expect(join.settleAbort('log', { ...same, clientAddress: '192.0.2.2' })).toBe(true);
    expect(join.settleAbort('log', { ...same, queueId: 'C', timeMs: LOG_AFTER_ABORT_MS })).toBe(
      false,
    );
    const another = { ...same, queueId: 'D', timeMs: LOG_AFTER_ABORT_MS };
    expect(join.settleAbort('log', another)).toBe(true);
    expect(join.settleAbort('milter', nameless)).toBe(false);
  });

  it('knows a refusal that the client answered by leaving, not a later submission', () => {
    const join = createMessageContentsJoin(new SetClock());
    expect(join.settleAbort('log', same)).toBe(true);
    expect(join.settleAbort('milter', { ...nameless, timeMs: LOG_BEFORE_ABORT_MS + 1 })).toBe(true);
    expect(join.settleAbort('milter', { ...nameless, timeMs: LOG_BEFORE_ABORT_MS })).toBe(false);
  });

  it('does not take several of one side for each other', () => {
    const join = createMessageContentsJoin(new SetClock());
    expect(join.settleAbort('milter', nameless)).toBe(true);
    expect(join.settleAbort('milter', nameless)).toBe(true);
    expect(join.settleAbort('milter', abort)).toBe(true);
  });

  it('does not take one whose queue id the milter had for one without', () => {
    const join = createMessageContentsJoin(new SetClock());
    join.offer(contents('A', { aborted: 'DATA' }));
    expect(join.settleAbort('log', abort)).toBe(true);
    expect(join.settleAbort('milter', nameless)).toBe(true);
    expect(join.settleAbort('milter', abort)).toBe(false);
  });

  it(`remembers ${SETTLED_ABORTS_MAX}`, () => {
    const join = createMessageContentsJoin(new SetClock());
    for (let n = 0; n <= SETTLED_ABORTS_MAX; n++) {
      join.settleAbort('log', { ...abort, queueId: `${n}` });
    }
    expect(join.settleAbort('log', { ...abort, queueId: '1' })).toBe(false);
    expect(join.settleAbort('log', { ...abort, queueId: '0' })).toBe(true);
  });
});

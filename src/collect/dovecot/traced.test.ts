// Deliveries whose trace or folder comes late, in every order.
import { expect, test } from 'vitest';
import type { AuditEvent } from '../../event/audit-event.ts';
import { visible } from '../../../test/collect/visible.ts';
import type { Clock } from '../../platform/clock.ts';
import { createTraceJoin, TRACES_EXPECTED_MS } from '../trace-join.ts';
import { DovecotAssembler } from './assembler.ts';
import { TOLD_DELIVERIES_MAX } from './traced.ts';

const TIME = '2026-11-23T05:56:41Z';
const ID = '0ph5IGwNBGu8CwAAg+zDdQ:T2:R2';

class Feed {
  nowMs = 1_000_000;
  readonly clock: Clock = { now: () => this.nowMs, after: () => ({ cancel: () => undefined }) };
  readonly traces = createTraceJoin(this.clock);
  readonly out: AuditEvent[] = [];
  readonly assembler = new DovecotAssembler({
    now: () => this.nowMs,
    sharedPrefixes: [],
    traces: this.traces,
  });
  #at = 0;

  line(text: string): void {
    const bytes = Buffer.from(`${TIME} ${text}`);
    this.assembler.take(bytes, 0, bytes.length, this.#at, true, this.out);
    this.#at += bytes.length + 1;
  }

  delivered(session = ID): void {
    const fields = { session, user: 'bob@x.test', rcpt_to: 'bob@x.test', message_id: '<m@x>' };
    const event = {
      event: 'mail_delivery_finished',
      end_time: TIME,
      categories: ['service:lmtp'],
      fields,
    };
    this.line(`stats: Info: ${JSON.stringify(event)}`);
  }

  saved(folder = 'INBOX', session = ID): void {
    const head = `lmtp(bob@x.test)<1><${session}>{rip=127.0.0.1}: Info: `;
    this.line(`${head}save: box=${folder}, uid=7, msgid=<m@x>, size=1, vsize=1, from=a, subject=b`);
  }

  traced(session = ID): void {
    const { complete, events } = this.assembler.offerTrace(session, { traceId: 't' });
    this.out.push(...events);
    for (const held of complete) this.assembler.holdings.tellEarly(held, this.out);
  }

  wait(): void {
    this.assembler.holdings.release(Infinity, this.out);
  }
}

const STEPS: Readonly<Record<string, (feed: Feed) => void>> = {
  delivered: (feed) => feed.delivered(),
  saved: (feed) => feed.saved(),
  traced: (feed) => feed.traced(),
  wait: (feed) => feed.wait(),
};

test.each([
  [['saved', 'delivered', 'traced']],
  [['delivered', 'saved', 'traced']],
  [['delivered', 'traced', 'saved']],
  [['delivered', 'wait', 'saved', 'traced']],
  [['delivered', 'wait', 'traced', 'saved']],
  [['delivered', 'saved', 'wait', 'traced']],
  [['delivered', 'traced', 'wait', 'saved']],
])('%s is one delivery, with its folder and its trace', (order) => {
  const feed = new Feed();
  for (const step of order) STEPS[step]?.(feed);
  feed.wait();
  expect(visible(feed.out)).toMatchObject([
    { traceId: 't', event: { eventName: 'MAILBOX_EMAIL_DELIVERED', folder: 'INBOX' } },
    { action: 'create', folder_path: 'INBOX', item_id: 'INBOX/;UID=7' },
  ]);
});

test('what never comes is waited for only as long as such things come', () => {
  const feed = new Feed();
  feed.delivered();
  expect(feed.out).toEqual([]);
  feed.wait();
  expect(feed.out).toHaveLength(2);
  feed.nowMs += TRACES_EXPECTED_MS + 1;
  feed.delivered('another');
  expect(feed.out).toHaveLength(4);
});

test('a line of a delivery that goes on waits for its end', () => {
  const feed = new Feed();
  const event = {
    event: 'sieve_action_finished',
    end_time: TIME,
    categories: ['service:lmtp'],
    fields: { session: ID, user: 'bob@x.test', action_name: 'redirect', redirect_target: 'c@y' },
  };
  feed.line(`stats: Info: ${JSON.stringify(event)}`);
  feed.saved();
  const kept = { ...event, fields: { ...event.fields, action_name: 'keep' } };
  const inbox = { ...kept, fields: { ...kept.fields, fileinto_mailbox_name: 'INBOX' } };
  feed.line(`stats: Info: ${JSON.stringify(inbox)}`);
  feed.delivered();
  feed.traced();
  expect(feed.out).toMatchObject([
    { traceId: 't', event: { eventName: 'RULE_APPLIED', targetRecipient: 'c@y' } },
    { traceId: 't', event: { eventName: 'MAILBOX_EMAIL_DELIVERED', folder: 'INBOX' } },
    { item_id: 'INBOX/;UID=7' },
  ]);
});

test(`${TOLD_DELIVERIES_MAX} deliveries are remembered for what comes late`, () => {
  const feed = new Feed();
  for (let n = 0; n <= TOLD_DELIVERIES_MAX; n++) feed.delivered(`session${n}`);
  feed.wait();
  const told = feed.out.length;
  feed.traced('session0');
  expect(feed.out).toHaveLength(told);
  feed.traced('session1');
  expect(feed.out).toHaveLength(told + 2);
});

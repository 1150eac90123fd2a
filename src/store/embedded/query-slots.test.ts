import { expect, test } from 'vitest';
import { StoreError } from '../event-store.ts';
import { QuerySlots } from './query-slots.ts';

test('slots are handed out in the order of asking', async () => {
  const slots = new QuerySlots([1, 2], 10);
  expect(await slots.take()).toBe(1);
  expect(await slots.take()).toBe(2);
  const order: string[] = [];
  const third = slots.take().then((slot) => order.push(`third ${slot}`));
  const fourth = slots.take().then((slot) => order.push(`fourth ${slot}`));
  slots.give(2);
  slots.give(1);
  await Promise.all([third, fourth]);
  expect(order).toEqual(['third 2', 'fourth 1']);
  slots.give(1);
  expect(await slots.take()).toBe(1);
});

test('one more than may wait is refused and takes no place', async () => {
  const slots = new QuerySlots([1], 1);
  await slots.take();
  const waiting = slots.take();
  await expect(slots.take()).rejects.toMatchObject({
    code: 'unavailable',
    message: '1 queries are waiting already, which is the limit: try again later',
  });
  slots.give(1);
  expect(await waiting).toBe(1);
});

test('who gives up leaves the queue', async () => {
  const slots = new QuerySlots([1], 1);
  await slots.take();
  const abort = new AbortController();
  const waiting = slots.take(abort.signal);
  abort.abort();
  await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
  const next = slots.take();
  slots.give(1);
  expect(await next).toBe(1);
  await expect(slots.take(AbortSignal.abort())).rejects.toMatchObject({ code: 'cancelled' });
});

test('all who wait can be refused at once', async () => {
  const slots = new QuerySlots([], 5);
  const waiting = [slots.take(), slots.take()];
  slots.refuse(new StoreError('unavailable', 'stopped'));
  for (const one of waiting) await expect(one).rejects.toThrow('stopped');
});

import { expect, test } from 'vitest';
import { readByDoveadm } from './doveadm-reads.ts';
import type { DovecotEvent } from './event-line.ts';

function opened(...reasons: string[]): DovecotEvent {
  return {
    name: 'mail_opened',
    timeMs: 0,
    started: undefined,
    hostname: undefined,
    service: 'doveadm',
    fields: { reason_code: reasons },
  };
}

test.each([
  ['fetch', true],
  ['search', true],
  ['something_new', true],
  ['copy', false],
  ['move', false],
  ['flags_add', false],
])('doveadm %s reads what it opens: %s', (command, reads) => {
  expect(readByDoveadm(opened(`doveadm:cmd_${command}`))).toBe(reads);
});

test('to delete a folder is not to read what is in it', () => {
  expect(readByDoveadm(opened('doveadm:cmd_mailbox_delete', 'mailbox:delete'))).toBe(false);
});

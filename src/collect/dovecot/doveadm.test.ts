import { expect, test } from 'vitest';
import { doveadmCommand, doveadmRecord, openedBy, removedBy } from './doveadm.ts';

const USER = 'alice@example.test';

test.each([
  ['fetch', 'read', 'delete', undefined],
  ['search', 'read_summary', 'delete', undefined],
  ['expunge', 'read', 'delete', undefined],
  ['move', 'read', 'move', undefined],
  ['mailbox_create', 'read', 'delete', 'create Folder'],
  ['mailbox_delete', 'read', 'delete', 'delete Folder'],
  ['mailbox_status', 'read', 'delete', 'read_summary Folder'],
  ['acl_set', 'read', 'delete', 'update_permissions Folder'],
  ['copy', 'read', 'delete', 'copy Message'],
  ['flags_add', 'read', 'delete', 'update Message'],
  ['quota_get', 'read', 'delete', undefined],
])('doveadm %s: %s, %s, %s', (command, opened, removed, told) => {
  const fields = { user: USER, reason_code: [`doveadm:cmd_${command}`, 'mailbox:delete'] };
  expect(openedBy(fields)).toBe(opened);
  expect(removedBy(fields)).toBe(removed);
  const record = doveadmRecord(fields);
  expect(record && `${record.action} ${record.object_type}`).toBe(told);
  expect(record?.owner_id).toBe(told && USER);
});

test('the command is told as it is typed', () => {
  expect(doveadmCommand({ reason_code: 'doveadm:cmd_mailbox_rename' })).toBe(
    'doveadm mailbox rename',
  );
  expect(doveadmCommand({ reason_code: ['imap:cmd_uid_fetch'] })).toBeUndefined();
  expect(doveadmRecord({ reason_code: 'doveadm:cmd_mailbox_rename' })).toBeUndefined();
});

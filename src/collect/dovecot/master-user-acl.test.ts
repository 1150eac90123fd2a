import { expect, test } from 'vitest';
import { masterUserAcl } from './master-user-acl.ts';

test('a line for each master user, and none that a login could forge', () => {
  const text = masterUserAcl([
    { login: 'auditor', type: 'READ_ONLY' },
    { login: 'admin@example.test', type: 'FULL_ACCESS' },
    { login: 'two words "x" \\', type: 'READ_ONLY' },
    { login: 'evil\n* anyone lrwstipekxa', type: 'READ_ONLY' },
  ]);
  expect(text.split('\n').filter((line) => !line.startsWith('#'))).toEqual([
    String.raw`* "user=two words \"x\" \\" lr`,
    '* user=admin@example.test lrwstipekxa',
    '* user=auditor lr',
    '',
  ]);
});

import { describe, expect, test } from 'vitest';
import { itemId } from './access-record.ts';

describe('the id of a message', () => {
  test.each([
    ['INBOX', 'INBOX/;UID=7'],
    ['Entwürfe/2026 %', 'Entwürfe/2026 %25/;UID=7'],
    ['INBOX/;UID=1', 'INBOX/%3BUID=1/;UID=7'],
    ['INBOX/%3BUID=1', 'INBOX/%253BUID=1/;UID=7'],
    ['a\u001b[2J', 'a%1B[2J/;UID=7'],
    ['日本', '日本/;UID=7'],
  ])('in %j', (path, id) => {
    expect(itemId({ owner: 'alice', path }, 7)).toBe(id);
  });
});

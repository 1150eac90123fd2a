// Every recorded scenario and exactly the events it must become, field by field. The expected events
// were read one by one against what the clients did (commands.json); a change of a golden file is a
// change of behaviour.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { admitRecord } from '../../src/event/admit.ts';
import type { AuditEvent } from '../../src/event/audit-event.ts';
import { goldenText, newestOf } from './golden.ts';
import { normalised } from './normalise.ts';
import { replay } from './replay.ts';
import { SCENARIOS } from './stories/all.ts';

// Postfix writes local time without a zone.
process.env['TZ'] = 'UTC';

const CORPUS = join(import.meta.dirname, '..', 'corpus', 'scenarios');

function comparable(events: readonly AuditEvent[]): string[] {
  return normalised(newestOf(events).map((event) => ({ ...event })));
}

test('every scenario is recorded, once', () => {
  const names = SCENARIOS.map((scenario) => scenario.name);
  expect(readdirSync(CORPUS).toSorted()).toEqual(names.toSorted());
  expect(new Set(SCENARIOS.map((scenario) => scenario.host)).size).toBe(names.length);
});

describe.each(SCENARIOS.map(({ name, about }) => [name, about] as const))('%s: %s', (name) => {
  const folder = join(CORPUS, name);

  test('becomes exactly the expected events', async () => {
    const text = goldenText(await replay(folder, 'as recorded'));
    await expect(text).toMatchFileSnapshot(join(folder, 'events.ndjson'));
    for (const line of text.split('\n').filter((each) => each !== '')) {
      expect(admitRecord(line, Date.UTC(2027, 0)), line).toMatchObject({ ok: true });
    }
  });

  test.each(['policy first', 'logs first'] as const)(
    'becomes the same events: %s',
    async (order) => {
      const [recorded, other] = await Promise.all([
        replay(folder, 'as recorded'),
        replay(folder, order),
      ]);
      // The time is that of whichever half knew it; a millisecond lies between them.
      expect(comparable(other)).toEqual(comparable(recorded));
    },
  );
});

import { expect, test } from 'vitest';
import { SimulatedDisk } from '../platform/simulated-disk.ts';
import { DeadLetters } from './dead-letters.ts';
import type { DeliveryRecord } from './destination.ts';

const DIRECTORY = '/deliveries/D1';
const AT_MS = Date.UTC(2026, 10, 23);

function letter(position: number): { record: DeliveryRecord; reason: string } {
  const fields = { request_id: `r${position}` };
  const record: DeliveryRecord = {
    position,
    timestampMs: AT_MS,
    logType: 'AUTHENTICATION_LOGS',
    fields,
  };
  return { record, reason: 'too long' };
}

async function opened(disk: SimulatedDisk, bytesMax?: number): Promise<DeadLetters> {
  const own = disk.process();
  await own.makeDirectory(DIRECTORY);
  const letters = new DeadLetters(own, DIRECTORY, bytesMax);
  await letters.open();
  return letters;
}

test('a letter has its record and reason, once, also after a power cut', async () => {
  const disk = new SimulatedDisk(7);
  const letters = await opened(disk);
  await letters.add([letter(3), letter(5)], AT_MS);
  disk.crash(true);
  const again = await opened(disk);
  expect(again.count).toBe(2);
  await again.add([letter(5), letter(8)], AT_MS);
  const lines = Buffer.from(disk.contentOf(again.path)).toString().trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line) as object)).toEqual(
    [3, 5, 8].map((position) => ({
      position,
      at: '2026-11-23T00:00:00.000Z',
      reason: 'too long',
      record: { request_id: `r${position}` },
    })),
  );
});

test('a torn last line is cut off, and what is behind it written anew', async () => {
  const disk = new SimulatedDisk(7);
  await (await opened(disk)).add([letter(3)], AT_MS);
  const whole = Buffer.from(disk.contentOf(`${DIRECTORY}/dead-letters.ndjson`));
  disk.tamper(
    `${DIRECTORY}/dead-letters.ndjson`,
    Buffer.concat([whole, Buffer.from('{"position":5,"re')]),
  );
  const letters = await opened(disk);
  expect(letters.count).toBe(1);
  await letters.add([letter(5)], AT_MS);
  expect((await opened(disk)).count).toBe(2);
});

test('at its limit nothing is added, and the error says what to do', async () => {
  const letters = await opened(new SimulatedDisk(7), 200);
  await letters.add([letter(1)], AT_MS);
  await expect(letters.add([letter(2), letter(3)], AT_MS)).rejects.toThrow(
    /dead-letters\.ndjson has \d+ bytes, and at most 200 are kept: .* move the file away/,
  );
  expect(letters.count).toBe(1);
});

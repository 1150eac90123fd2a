// A process for the tests to kill: appends numbered events as fast as it can and tells on standard
// output, for each acknowledged batch, the position after it and its first number.
import { writeSync } from 'node:fs';
import { openJournal } from '../../dist/journal/open.js';
import { systemClock } from '../../dist/platform/clock.js';
import { silentLog } from '../../dist/platform/log.js';

const BATCH = 20;
const [directory = '', first = '0'] = process.argv.slice(2);
const limits = { segmentBytesMax: 100_000, minFreeBytes: 0 };
const journal = await openJournal({ directory, clock: systemClock, log: silentLog, limits });
let next = Number(first);

async function write() {
  for (;;) {
    const id = next;
    next += BATCH;
    let lines = '';
    for (let n = id; n < next; n++) lines += `{"log_type":"TEST","id":${n}}\n`;
    const checkpoint = { source: 'test', value: next };
    const end = await journal.append({ lines: Buffer.from(lines), count: BATCH, checkpoint });
    writeSync(1, `${end} ${id}\n`);
  }
}

await Promise.all([write(), write(), write()]);

// `mailtrail export`: a whole result, however long, to a file or standard output.
import { resolve } from 'node:path';
import { formatDuration, formatSize } from '../config/quantity.ts';
import { ApiClient } from './api-client.ts';
import type { Call } from './command.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { resolveGroupNames } from './log-groups.ts';
import type { OutputFile } from './output-file.ts';
import { queryText, timeRange, withoutPointer } from './query.ts';
import { locateMistake } from './query-mistake.ts';
import { streamItems } from './query-stream.ts';
import { resultWriter } from './result-writer.ts';
import type { Sink } from './world.ts';

/** How often the progress is shown, ms: often enough to see that it goes on. */
const PROGRESS_MS = 500;
/** Text is written in pieces of about this size: a write for each row would cost more than the row. */
const PIECE_CHARACTERS = 64 * 1024;

/** Gathers rows into pieces, and counts. */
class Pieces implements Sink {
  readonly isTerminal: boolean;
  readonly columns: number | undefined;
  readonly #write: (text: string) => Promise<void>;
  #text = '';
  bytes = 0;

  constructor(to: Sink | OutputFile) {
    this.isTerminal = 'isTerminal' in to && to.isTerminal;
    this.columns = 'columns' in to ? to.columns : undefined;
    this.#write = (text) => to.write(text);
  }

  async write(text: string): Promise<void> {
    this.#text += text;
    if (this.#text.length >= PIECE_CHARACTERS) await this.flush();
  }

  async flush(): Promise<void> {
    const text = this.#text;
    this.#text = '';
    this.bytes += Buffer.byteLength(text);
    if (text !== '') await this.#write(text);
  }
}

/** One line on standard error that is written over and over. */
class Progress {
  readonly #call: Call;
  readonly #shown: boolean;
  readonly #beganAtMs: number;
  #shownAtMs: number;

  constructor(call: Call, shown: boolean) {
    this.#call = call;
    this.#shown = shown;
    this.#beganAtMs = call.world.clock.now();
    this.#shownAtMs = this.#beganAtMs;
  }

  line(rows: number, bytes: number): string {
    const elapsedMs = this.#call.world.clock.now() - this.#beganAtMs;
    return `${rows} ${rows === 1 ? 'row' : 'rows'}, ${formatSize(bytes)}, ${formatDuration(elapsedMs)}`;
  }

  async show(rows: number, bytes: number): Promise<void> {
    const nowMs = this.#call.world.clock.now();
    if (!this.#shown || nowMs - this.#shownAtMs < PROGRESS_MS) return;
    this.#shownAtMs = nowMs;
    await this.#call.world.stderr.write(`\r\u001b[K${this.line(rows, bytes)}`);
  }

  /** The last line takes the progress's place. */
  async end(text: string): Promise<void> {
    await this.#call.world.stderr.write(`${this.#shown ? '\r\u001b[K' : ''}${text}\n`);
  }
}

async function ask(call: Call, query: string): Promise<Response> {
  const range = timeRange(call);
  const client = await ApiClient.find(call);
  const logGroups = await resolveGroupNames(client, call.options.texts('log-group'));
  const request = {
    query,
    startTime: range.startMs,
    endTime: range.endMs,
    ...(logGroups.length > 0 && { logGroups }),
  };
  try {
    return await client.post('/v1/export', request);
  } catch (error) {
    throw locateMistake(error, query);
  }
}

/** Writes the rows; resolves to how many there were. */
async function copy(
  call: Call,
  response: Response,
  query: string,
  to: Sink | OutputFile,
): Promise<number> {
  const { stderr, stdout } = call.world;
  const pieces = new Pieces(to);
  const writer = resultWriter(call, pieces, 'ndjson');
  const interleaved = to === stdout && stdout.isTerminal;
  const progress = new Progress(call, stderr.isTerminal && !interleaved);
  let rows = 0;
  for await (const whole of streamItems(response)) {
    const item = withoutPointer(whole, query);
    if (item.kind === 'columns') await writer.begin(item.columns);
    else if (item.kind === 'row') {
      rows++;
      await writer.row(item.row);
      await progress.show(rows, pieces.bytes);
    } else if (item.kind === 'end') await writer.end();
  }
  await pieces.flush();
  if (stderr.isTerminal || call.options.on('verbose')) {
    await progress.end(progress.line(rows, pieces.bytes));
  }
  return rows;
}

/** Exports; a file has its name only when all of it was written. */
export async function run(call: Call): Promise<ExitCode> {
  const query = await queryText(call);
  const name = call.options.text('to');
  const { world } = call;
  const file =
    name === undefined
      ? undefined
      : await world.openOutputFile(resolve(world.cwd, name), { replace: call.options.on('force') });
  try {
    const response = await ask(call, query);
    const rows = await copy(call, response, query, file ?? world.stdout);
    await file?.finish();
    return rows === 0 && call.options.on('fail-on-empty') ? EXIT.failure : EXIT.ok;
  } finally {
    await file?.discard();
  }
}

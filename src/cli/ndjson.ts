// Lines of a streamed answer, as they come.
import { CliError, wordsOf } from './cli-error.ts';
import { EXIT } from './exit-code.ts';

/** An event is at most 1 MiB; a longer line is not an answer of a Mailtrail server. */
export const LINE_CHARACTERS_MAX = 16 * 1024 * 1024;

/** The JSON values of a body's lines. Throws a CliError when it breaks off or is not NDJSON. */
export async function* ndjsonValues(body: ReadableStream<Uint8Array> | null): AsyncGenerator {
  let rest = '';
  const decoder = new TextDecoder();
  try {
    for await (const chunk of body ?? []) {
      rest += decoder.decode(chunk, { stream: true });
      let begin = 0;
      for (let end = rest.indexOf('\n'); end !== -1; end = rest.indexOf('\n', begin)) {
        if (end > begin) yield parse(rest.slice(begin, end));
        begin = end + 1;
      }
      rest = rest.slice(begin);
      if (rest.length > LINE_CHARACTERS_MAX) {
        const message = `the server's answer has a line of more than ${LINE_CHARACTERS_MAX} characters; is this a Mailtrail server?`;
        throw new CliError(EXIT.failure, message);
      }
    }
  } catch (error) {
    if (error instanceof CliError || (error instanceof Error && error.name === 'AbortError')) {
      throw error;
    }
    const message = `the connection broke in the middle of the answer (${wordsOf(error)}); run it again`;
    throw new CliError(EXIT.unavailable, message, { cause: error });
  }
  if (rest.trim() !== '') yield parse(rest);
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch (error) {
    const message = `the server's answer is not JSON: ${JSON.stringify(line.slice(0, 100))}; is this a Mailtrail server?`;
    throw new CliError(EXIT.failure, message, { cause: error });
  }
}

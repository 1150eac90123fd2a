// Bytes that are no HTTP request, or one that takes too long: answered on the bare socket, as there
// is no request object to answer through.
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { ApiError } from './api-error.ts';
import { HEADER_BYTES_MAX, HEADERS_TIMEOUT_MS, REQUEST_TIMEOUT_MS } from './limits.ts';

function refusalOf(code: string | undefined): ApiError {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new ApiError(
        431,
        'RequestHeaderFieldsTooLarge',
        `the request's headers are longer than ${HEADER_BYTES_MAX} bytes, which is the limit`,
      );
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new ApiError(
        408,
        'RequestTimeout',
        `the headers took longer than ${HEADERS_TIMEOUT_MS} ms or the request longer than ${REQUEST_TIMEOUT_MS} ms`,
      );
    default:
      return new ApiError(400, 'BadRequest', 'this is not an HTTP/1.1 request');
  }
}

/**
 * Answers and closes the connection.
 *
 * @param answering whether an answer may be under way on it, into which nothing must be written
 */
export function answerBrokenRequest(
  error: NodeJS.ErrnoException,
  socket: Duplex,
  answering: boolean,
): void {
  if (error.code === 'ECONNRESET' || answering || !socket.writable) {
    socket.destroy();
    return;
  }
  const refusal = refusalOf(error.code);
  const body = `${JSON.stringify(refusal.body())}\n`;
  socket.end(
    `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}\r\n` +
      'content-type: application/json\r\n' +
      `content-length: ${Buffer.byteLength(body)}\r\n` +
      `connection: close\r\n\r\n${body}`,
  );
}

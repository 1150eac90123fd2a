// The HTTP beneath the doubles of AWS's services that speak JSON 1.1 (firehose-server.ts,
// cloudwatch-logs-server.ts): signatures are checked, errors have AWS's codes and shape, and any call can be
// spoilt in the ways in which networks and busy services do it.
// @see Smithy, "AWS JSON 1.1 protocol"; AWS General Reference, "Common errors"
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as after } from 'node:timers/promises';
import { type AccessKey, readClaim, SignatureError, verifyRequest } from '../../src/api/sigv4.ts';
import { type Input, ServiceFailure } from './service-failure.ts';

/** What becomes of a call. */
export type CallFault =
  | 'none'
  // The service has not taken it.
  /** the connection is reset before the body is read */
  | 'reset'
  /** the connection is reset when a part of the body is read */
  | 'cut-request'
  | 'throttled'
  | 'broken'
  | 'unavailable'
  /** a gateway before the service answers, in HTML */
  | 'gateway'
  // The service has taken it, and the client does not learn it.
  | 'lost-answer'
  | 'cut-answer'
  | 'garbage'
  | 'taken-then-broken'
  // The client learns it late, or never.
  | 'slow'
  | 'silent';

/** Every fault that a client can get over at once; `silent` needs the client's patience to end. */
export const QUICK_FAULTS: readonly CallFault[] = [
  'reset',
  'cut-request',
  'throttled',
  'broken',
  'unavailable',
  'gateway',
  'lost-answer',
  'cut-answer',
  'garbage',
  'taken-then-broken',
  'slow',
];

const SLOW_MS = 60;

/** One call that reached the service, in the order of arrival. */
export interface ServedCall {
  readonly number: number;
  readonly operation: string;
  readonly fault: CallFault;
  /** Whether the client was told what became of it. */
  readonly answered: boolean;
}

export interface JsonServiceOptions {
  /** As in the scope of signatures, e.g. `firehose`. */
  readonly service: string;
  /** What stands before the operation in X-Amz-Target. */
  readonly targetPrefix: string;
}

/** What an operation answers; it throws a ServiceFailure for what it refuses. */
export type Operation = (input: Input, call: ServedCall) => object;

/** The only key that a double knows, and the region that it is in. */
export const DOUBLES_KEY: AccessKey = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'secret-of-the-doubles',
};
export const DOUBLES_REGION = 'us-east-1';

/** See the head of this file. */
export class JsonService {
  readonly #options: JsonServiceOptions;
  readonly #server: Server;
  readonly calls: ServedCall[] = [];
  operations: Readonly<Record<string, Operation>> = {};
  /** What becomes of the next calls. */
  faultOf: (number: number, operation: string) => CallFault = () => 'none';
  /** Operations that the key is not permitted. */
  readonly denied = new Set<string>();
  /** How far the service's clock is ahead, in ms. */
  clockAheadMs = 0;

  private constructor(options: JsonServiceOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch((error: unknown) => {
        // A connection that was cut has nobody to tell; everything else is a fault of the double.
        if (!response.destroyed) throw error;
      });
    });
  }

  /** Listens on a free port of loopback. */
  static async start(options: JsonServiceOptions): Promise<JsonService> {
    const service = new JsonService(options);
    service.#server.listen(0, '127.0.0.1');
    await once(service.#server, 'listening');
    return service;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [prefix, operation = ''] = String(request.headers['x-amz-target'] ?? '').split('.');
    const number = this.calls.length;
    const fault = this.faultOf(number, operation);
    const call = { number, operation, fault, answered: false };
    this.calls.push(call);
    const { socket } = request;
    const cut = (): void => {
      socket.resetAndDestroy();
    };
    if (fault === 'reset') return cut();
    if (fault === 'cut-request') {
      request.once('data', cut);
      return;
    }
    const body = await bodyOf(request);
    if (body === undefined) return;
    const refusal = REFUSALS[fault];
    if (refusal !== undefined) return answer(response, refusal.status, refusal);
    if (fault === 'gateway') return answer(response, 502, '<html>Bad Gateway</html>');
    let said: object;
    try {
      if (prefix !== this.#options.targetPrefix) throw unknownOperation(operation);
      this.#authorize(request, body, operation);
      said = this.#perform(operation, body, call);
    } catch (error) {
      if (!(error instanceof ServiceFailure)) throw error;
      call.answered = true;
      return answer(response, error.status, error);
    }
    if (fault === 'lost-answer') return cut();
    if (fault === 'silent') return;
    if (fault === 'garbage') return answer(response, 200, '{"garb<age');
    if (fault === 'taken-then-broken') return answer(response, 500, REFUSALS.broken);
    if (fault === 'cut-answer') {
      const text = JSON.stringify(said);
      response.writeHead(200, { ...JSON_1_1, 'content-length': text.length + 1 });
      response.write(text, cut);
      return;
    }
    if (fault === 'slow') await after(SLOW_MS);
    call.answered = true;
    answer(response, 200, said);
  }

  #perform(operation: string, body: Buffer, call: ServedCall): object {
    const perform = this.operations[operation];
    if (perform === undefined) throw unknownOperation(operation);
    let input: unknown;
    try {
      input = JSON.parse(body.toString('utf8'));
    } catch {
      throw new ServiceFailure('SerializationException', 'Could not parse the request body');
    }
    if (typeof input !== 'object' || input === null || Array.isArray(input)) {
      throw new ServiceFailure('SerializationException', 'Start of structure expected');
    }
    return perform(input as Input, call);
  }

  #authorize(request: IncomingMessage, body: Buffer, operation: string): void {
    const { service } = this.#options;
    const { method = '', url = '', rawHeaders } = request;
    const wire = { method, target: url, rawHeaders };
    const nowMs = Date.now() + this.clockAheadMs;
    try {
      const claim = readClaim(wire);
      if (claim.accessKeyId !== DOUBLES_KEY.accessKeyId) {
        const message = 'The security token included in the request is invalid.';
        throw new ServiceFailure('UnrecognizedClientException', message);
      }
      if (claim.region !== DOUBLES_REGION) {
        const message = `Credential should be scoped to a valid region, not '${claim.region}'.`;
        throw new ServiceFailure('InvalidSignatureException', message);
      }
      if (claim.service !== service) {
        const message = `Credential should be scoped to correct service: '${service}'.`;
        throw new ServiceFailure('InvalidSignatureException', message);
      }
      verifyRequest(wire, body, DOUBLES_KEY, nowMs);
    } catch (error) {
      if (!(error instanceof SignatureError)) throw error;
      const skewed = error.code === 'RequestTimeTooSkewed';
      const when = this.clockAheadMs > 0 ? 'expired' : 'not yet current';
      throw new ServiceFailure(
        'InvalidSignatureException',
        skewed ? `Signature ${when}: it is ${new Date(nowMs).toISOString()}` : error.message,
      );
    }
    if (this.denied.has(operation)) {
      const message = `User: arn:aws:iam::123456789012:user/mailtrail is not authorized to perform: ${service}:${operation}`;
      throw new ServiceFailure('AccessDeniedException', message);
    }
  }
}

const JSON_1_1 = { 'content-type': 'application/x-amz-json-1.1' };

const REFUSALS: Partial<Record<CallFault, ServiceFailure>> & { readonly broken: ServiceFailure } = {
  throttled: new ServiceFailure('ThrottlingException', 'Rate exceeded'),
  broken: new ServiceFailure('InternalFailure', 'An internal error has occurred.', 500),
  unavailable: new ServiceFailure('ServiceUnavailableException', 'Slow down.', 503),
};

function unknownOperation(operation: string): ServiceFailure {
  return new ServiceFailure('UnknownOperationException', `Unknown operation ${operation}`);
}

/** Undefined when the client went away before its end. */
async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  } catch {
    return undefined;
  }
  return Buffer.concat(chunks);
}

function answer(response: ServerResponse, status: number, body: object | string): void {
  let text = typeof body === 'string' ? body : JSON.stringify(body);
  if (body instanceof ServiceFailure) {
    text = JSON.stringify({ __type: body.code, message: body.message });
  }
  const type = text.startsWith('<') ? { 'content-type': 'text/html' } : JSON_1_1;
  response.writeHead(status, { ...type, 'x-amzn-requestid': crypto.randomUUID() });
  response.end(text);
}

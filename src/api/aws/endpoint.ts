// `POST /`: the API as AWS's clients speak it (JSON 1.1). The caller is checked, the body read, the
// operation found by `X-Amz-Target`, its input checked, and its answer or refusal written.
import type { Log } from '../../platform/log.ts';
import { actorOf } from '../actor.ts';
import { ApiError, asApiError, ClientGoneError } from '../api-error.ts';
import type { Admitted } from '../authenticator.ts';
import type { BodyBudget, Exchange } from '../exchange.ts';
import type { Gate } from '../gate.ts';
import { AWS_BODY_BYTES_MAX } from '../limits.ts';
import { checkInput } from './constraint.ts';
import { encodeInitialResponse, encodeStreamEvent } from './event-stream.ts';
import { type Answer, type AwsService, EventStreamAnswer, type Operation } from './operation.ts';

const JSON_1_1 = 'application/x-amz-json-1.1';
const EVENT_STREAM = 'application/vnd.amazon.eventstream';

export interface AwsEndpointOptions {
  readonly gate: Gate;
  readonly services: readonly AwsService[];
  /** Bytes of bodies in memory together, shared with the feeds. */
  readonly budget: BodyBudget;
  readonly log: Log;
}

/** An operation and its service. */
interface Target {
  readonly service: AwsService;
  readonly name: string;
  readonly operation: Operation;
}

function headerOf(exchange: Exchange, name: string): string | undefined {
  const value = exchange.incoming.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/**
 * The status of a refusal: AWS answers what a client did wrong with 400, but for who he is and
 * for what is not there to be called.
 *
 * @see CloudWatch Logs API reference, "Common Errors"
 */
function statusOf({ status, code }: ApiError): number {
  if (code === 'UnknownOperationException') return 404;
  if (status === 401 || status === 403) return 403;
  if (status === 413 || status >= 500) return status === 507 ? 503 : status;
  return 400;
}

/** Codes of ours that AWS calls otherwise. */
const AWS_CODES: Readonly<Record<string, string>> = {
  DiskFull: 'ServiceUnavailableException',
  PayloadTooLarge: 'RequestEntityTooLargeException',
  QueryTimeoutException: 'ServiceUnavailableException',
};

/** `POST /`. */
export class AwsEndpoint {
  readonly #options: AwsEndpointOptions;
  readonly #services: ReadonlyMap<string, AwsService>;

  constructor(options: AwsEndpointOptions) {
    this.#options = options;
    this.#services = new Map(options.services.map((service) => [service.target, service]));
  }

  /** Answers; a refusal is answered here too, in AWS's form. */
  async handle(exchange: Exchange): Promise<void> {
    exchange.outgoing.setHeader('x-amzn-RequestId', exchange.requestId);
    try {
      await this.#answer(exchange);
    } catch (error) {
      this.#refuse(exchange, error);
    }
  }

  async #answer(exchange: Exchange): Promise<void> {
    const { gate, budget } = this.#options;
    const admitted = exchange.authenticate(gate.authenticator);
    const body = await exchange.body(admitted, AWS_BODY_BYTES_MAX, budget);
    try {
      const answer = await this.#call(exchange, admitted, body);
      if (answer instanceof EventStreamAnswer) await stream(exchange, answer);
      else exchange.bytes(200, jsonOf(answer), JSON_1_1);
    } finally {
      budget.give(body.length);
    }
  }

  async #call(exchange: Exchange, admitted: Admitted, body: Buffer): Promise<Answer> {
    const { gate } = this.#options;
    const target = headerOf(exchange, 'x-amz-target') ?? '';
    const { service, name, operation } = this.#target(target);
    const actor = actorOf(exchange, admitted);
    const { permission } = operation;
    gate.permit(
      admitted,
      permission,
      { name, source: service.eventSource, resource: target },
      actor,
    );
    await gate.once(admitted, permission);
    const input = checkInput(
      operation.input,
      parseBody(body),
      operation.invalidInput ?? service.invalidInput,
    );
    return operation.handle(input as never, {
      actor,
      requestId: exchange.requestId,
      gone: exchange.gone,
    });
  }

  #target(target: string): Target {
    const dot = target.lastIndexOf('.');
    const service = this.#services.get(target.slice(0, Math.max(dot, 0)));
    const name = target.slice(dot + 1);
    const operation =
      service && Object.hasOwn(service.operations, name) ? service.operations[name] : undefined;
    if (service !== undefined && operation !== undefined) return { service, name, operation };
    const shown = JSON.stringify(target.slice(0, 100));
    const message =
      target === ''
        ? 'X-Amz-Target is missing: SERVICE.OPERATION, e.g. Logs_20140328.DescribeLogGroups'
        : `X-Amz-Target ${shown} is not an operation that this server has`;
    throw new ApiError(404, 'UnknownOperationException', message);
  }

  /** The message once more, by the name that the service's model has for it. */
  #alias(exchange: Exchange, { message }: ApiError): object {
    const target = headerOf(exchange, 'x-amz-target') ?? '';
    const service = this.#services.get(target.slice(0, Math.max(target.lastIndexOf('.'), 0)));
    return service?.messageMember === undefined ? {} : { [service.messageMember]: message };
  }

  #refuse(exchange: Exchange, error: unknown): void {
    if (error instanceof ClientGoneError || exchange.outgoing.destroyed) return;
    const refusal = asApiError(error);
    if (refusal.status === 500) exchange.logMistake(refusal.cause ?? error, this.#options.log);
    const type = AWS_CODES[refusal.code] ?? refusal.code;
    const { code: _, ...members } = refusal.body().error as { readonly code: string };
    const body = Buffer.from(
      JSON.stringify({ __type: type, ...members, ...this.#alias(exchange, refusal) }),
    );
    const headers = { ...refusal.headers, 'x-amzn-ErrorType': type };
    exchange.bytes(statusOf(refusal), body, JSON_1_1, headers);
  }
}

function jsonOf(answer: Exclude<Answer, EventStreamAnswer>): Buffer {
  return Buffer.isBuffer(answer) ? answer : Buffer.from(JSON.stringify(answer ?? {}));
}

function parseBody(body: Buffer): unknown {
  if (body.length === 0) return {};
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (error) {
    const message = `the body is not JSON: ${(error as Error).message}`;
    throw new ApiError(400, 'SerializationException', message);
  }
}

/** Writes the events as they come, no faster than the client reads them. */
async function stream(exchange: Exchange, answer: EventStreamAnswer): Promise<void> {
  const { outgoing, gone } = exchange;
  outgoing.writeHead(200, { 'content-type': EVENT_STREAM });
  outgoing.write(encodeInitialResponse());
  try {
    for await (const event of answer.events) {
      if (gone.aborted) break;
      if (!outgoing.write(encodeStreamEvent(event))) await drained(exchange);
    }
  } finally {
    outgoing.end();
  }
}

function drained({ outgoing, gone }: Exchange): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      outgoing.off('drain', settle);
      gone.removeEventListener('abort', settle);
      resolve();
    };
    outgoing.once('drain', settle);
    gone.addEventListener('abort', settle, { once: true });
  });
}

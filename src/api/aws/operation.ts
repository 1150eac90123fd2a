// The contract of an API operation: what it takes, what its caller must be allowed, and what it answers.
import type { z } from 'zod';
import type { Actor } from '../../state/state.ts';
import type { Permission } from '../access.ts';

/** Who calls, and how long somebody waits for the answer. */
export interface Call {
  readonly actor: Actor;
  readonly requestId: string;
  /** Aborts when the client went away. */
  readonly gone: AbortSignal;
}

/** One event of an answer that is a stream; the name is the member of the union in AWS's model. */
export interface StreamEvent {
  readonly name: string;
  readonly payload: object;
  /** Whether it ends the stream as an exception. */
  readonly exception?: boolean;
}

/** An answer that goes on until the client leaves or the source ends. */
export class EventStreamAnswer {
  readonly events: AsyncIterable<StreamEvent>;
  constructor(events: AsyncIterable<StreamEvent>) {
    this.events = events;
  }
}

/** An object that becomes JSON, JSON that is ready, a stream of events, or nothing but success. */
export type Answer = object | Buffer | EventStreamAnswer | undefined;

/** One operation; made by `operation`. */
export interface Operation {
  readonly permission: Permission;
  readonly input: z.ZodType;
  /** The code of refusals by constraint, where it is not the service's. */
  readonly invalidInput?: string;
  readonly handle: (input: never, call: Call) => Answer | Promise<Answer>;
}

/** A service of the API as clients address it. */
export interface AwsService {
  /** The first part of `X-Amz-Target`, e.g. `Logs_20140328`. */
  readonly target: string;
  /** As CloudTrail calls it, e.g. `logs.amazonaws.com`. */
  readonly eventSource: string;
  /** The code of refusals by constraint. */
  readonly invalidInput: string;
  /** What the model calls the message of an exception, where it is not `message`; both are written. */
  readonly messageMember?: 'Message';
  readonly operations: Readonly<Record<string, Operation>>;
}

/** Declares an operation so that its handler has the types of its input. */
export function operation<S extends z.ZodType>(
  permission: Permission,
  input: S,
  handle: (input: z.infer<S>, call: Call) => Answer | Promise<Answer>,
): Operation {
  return { permission, input, handle };
}

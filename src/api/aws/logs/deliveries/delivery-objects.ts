// What the operations on sources, destinations and deliveries have in common: the state's documents, found,
// described, changed and deleted.
import type { z } from 'zod';
import { deliveryArn } from '../../../../deliver/arn.ts';
import type { DocumentChange, StateView } from '../../../../state/state.ts';
import { type Answer, type Call, operation, type Operation } from '../../operation.ts';
import { pageAfter, PageTokens } from '../../page-token.ts';
import { EVENT_SOURCE, type LogsOptions } from '../logs-options.ts';
import { DESCRIBE_LIMIT_DEFAULT } from '../shapes.ts';
import { documentOf, type Kind, missing, NOUNS, refusal } from './delivery-refusals.ts';
import * as shape from './shapes.ts';

/** An operation on deliveries: what breaks its constraints is a ValidationException. */
export function delivering<S extends z.ZodType>(
  permission: 'read' | 'admin',
  input: S,
  handle: (input: z.infer<S>, call: Call) => Answer | Promise<Answer>,
): Operation {
  return { ...operation(permission, input, handle), invalidInput: 'ValidationException' };
}

/** See the head of this file. */
export class DeliveryObjects {
  readonly options: LogsOptions;

  constructor(options: LogsOptions) {
    this.options = options;
  }

  /** The ARN of one of them. */
  arn(kind: Kind, name: string): string {
    return deliveryArn(this.options.organization(), kind, name);
  }

  /** Changes the state as `decide` says, with the event of the operation; nothing when that is undefined. */
  async change(
    call: Call,
    eventName: string,
    kind: Kind,
    name: string,
    decide: (view: StateView) => readonly DocumentChange[] | undefined,
  ): Promise<object> {
    await this.options.state.change(call.actor, (view) => {
      const changes = decide(view);
      if (changes === undefined) return undefined;
      // Sources are shared: who puts one that is there changes nothing.
      if (kind !== 'delivery-source' && view.get(kind, name)?.declared === true) {
        const message = `This ${NOUNS[kind]} is declared in Mailtrail's configuration file; change it there and send the server SIGHUP.`;
        throw refusal('ConflictException', message);
      }
      return { eventName, eventSource: EVENT_SOURCE, resource: this.arn(kind, name), changes };
    });
    return {};
  }

  /** The document; a ResourceNotFoundException without one. */
  found<K extends Kind>(kind: K, name: string): NonNullable<ReturnType<typeof documentOf<K>>> {
    const document = documentOf(this.options.state, kind, name);
    if (document === undefined) throw missing(kind);
    return document;
  }

  /** The operation that lists all of a kind, by pages. */
  describe<K extends Kind>(
    kind: K,
    member: string,
    described: (name: string, document: NonNullable<ReturnType<typeof documentOf<K>>>) => object,
  ): Operation {
    const { state, clock } = this.options;
    const tokens = new PageTokens<string>(`Describe ${kind}`, () => clock.now());
    return delivering('read', shape.Page, ({ nextToken, limit }) => {
      const after = tokens.read(nextToken);
      const most = limit ?? DESCRIBE_LIMIT_DEFAULT;
      const { page, next } = pageAfter(state.list(kind), ([name]) => name, after, most);
      return {
        [member]: page.map(([name, document]) => described(name, document)),
        ...(next !== undefined && { nextToken: tokens.make(next) }),
      };
    });
  }

  /** Nothing is deleted that a delivery still uses. */
  deleteNamed(
    kind: 'delivery-source' | 'delivery-destination',
    eventName: string,
    member: 'sourceName' | 'destinationName',
  ): Operation {
    return delivering('admin', shape.Named, ({ name }, call) =>
      this.change(call, eventName, kind, name, (view) => {
        if (view.get(kind, name) === undefined) throw missing(kind);
        const user = [...view.list('delivery')].find(([, delivery]) => delivery[member] === name);
        if (user !== undefined) {
          const message = `This ${NOUNS[kind]} is used by the Delivery ${user[0]}: delete that first.`;
          throw refusal('ConflictException', message);
        }
        return [{ kind, id: name, value: undefined }];
      }),
    );
  }
}

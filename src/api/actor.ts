// Who calls, as management events tell it.
import type { Actor } from '../state/state.ts';
import type { Exchange } from './exchange.ts';

/** Characters of a client's name for itself that are kept. */
const USER_AGENT_CHARACTERS_MAX = 1000;

/** The actor of a request whose caller is known. */
export function actorOf(exchange: Exchange, admitted: { readonly accessKeyId: string }): Actor {
  const userAgent = exchange.incoming.headers['user-agent'];
  return {
    userId: admitted.accessKeyId,
    sourceIp: exchange.client,
    requestId: exchange.requestId,
    ...(userAgent !== undefined && { userAgent: userAgent.slice(0, USER_AGENT_CHARACTERS_MAX) }),
  };
}

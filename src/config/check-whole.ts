// What can only be judged when all settings are known: TLS needs both files, and nobody but this
// machine may reach a server that sends tokens and mail data in the clear.
import type { z } from 'zod';
import { isLoopback } from './address.ts';
import type { ConfigProblem, Origin } from './raw-tree.ts';
import type { CONFIG_SCHEMA, Config } from './schema.ts';

type Parsed = z.output<typeof CONFIG_SCHEMA>;

const REMEDY =
  'listen on 127.0.0.1, or set server.tls.cert and server.tls.key, or allow it with server.allowPublicWithoutTls: true (--allow-public-without-tls)';

function bindingProblems(parsed: Parsed, origin: (path: string) => Origin): ConfigProblem[] {
  const { listen, tls, allowPublicWithoutTls } = parsed.server;
  const problems: ConfigProblem[] = [];
  if (allowPublicWithoutTls) return problems;
  if (!isLoopback(listen.host) && (tls.cert === undefined || tls.key === undefined)) {
    const path = 'server.listen';
    const message = `expected a loopback address, found ${listen.host}, which others can reach without TLS; ${REMEDY}`;
    problems.push({ origin: origin(path), path, message });
  }
  for (const [setting, protocol] of [
    ['policyListen', 'policy'],
    ['milterListen', 'milter'],
  ] as const) {
    const address = parsed.postfix[setting];
    if (address === undefined || !('host' in address) || isLoopback(address.host)) continue;
    const path = `postfix.${setting}`;
    const message =
      `expected a loopback address or a socket, found ${address.host}: the ${protocol} protocol has neither ` +
      'TLS nor passwords, so others could write into the log; listen on 127.0.0.1 or unix:/path, ' +
      'or allow it with server.allowPublicWithoutTls: true';
    problems.push({ origin: origin(path), path, message });
  }
  return problems;
}

/** Of two settings that need each other one is missing. */
function pairProblems(
  pair: Readonly<Record<string, unknown>>,
  origin: (path: string) => Origin,
): ConfigProblem[] {
  const has = Object.keys(pair).filter((path) => pair[path] !== undefined);
  const lacks = Object.keys(pair).filter((path) => pair[path] === undefined);
  const [path = ''] = has;
  if (has.length !== 1) return [];
  const message = `expected ${lacks.join(', ')} beside it, found nothing; set both or none`;
  return [{ origin: origin(path), path, message }];
}

/** Checks what spans several settings and gives the configuration its final form. */
export function checkWhole(
  parsed: Parsed,
  origin: (path: string) => Origin,
): { readonly config?: Config; readonly problems: readonly ConfigProblem[] } {
  const problems = bindingProblems(parsed, origin);
  const { tls, ...server } = parsed.server;
  const { cert, key } = tls;
  const tlsPair = { 'server.tls.cert': cert, 'server.tls.key': key };
  const { doveadm, ...dovecot } = parsed.dovecot;
  const { url, apiKey } = doveadm;
  const doveadmPair = { 'dovecot.doveadm.url': url, 'dovecot.doveadm.apiKey': apiKey };
  problems.push(...[tlsPair, doveadmPair].flatMap((pair) => pairProblems(pair, origin)));
  const { logs, exporterListen } = dovecot;
  if (exporterListen !== undefined && logs.length === 0) {
    const path = 'dovecot.exporterListen';
    const message = 'expected a file in dovecot.logs, to which the events are added, found none';
    problems.push({ origin: origin(path), path, message });
  }
  if (problems.length > 0) return { problems };
  const files = cert !== undefined && key !== undefined ? { tls: { cert, key } } : {};
  const asked = url !== undefined && apiKey !== undefined ? { doveadm: { url, apiKey } } : {};
  return {
    config: { ...parsed, server: { ...server, ...files }, dovecot: { ...dovecot, ...asked } },
    problems,
  };
}

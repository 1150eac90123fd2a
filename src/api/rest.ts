// Everything that is not a hot path, by hono. It is given requests whose caller is known, whose body
// was read and whose path and method exist, and answers JSON or a stream of lines.
import { Hono } from 'hono';
import type { Actor } from '../state/state.ts';
import type { EventStore } from '../store/event-store.ts';
import {
  type AccessDocumentsEndpoint,
  DOCUMENT_PATHS,
} from './access-control/documents-endpoint.ts';
import type { AccessEffectsEndpoint } from './access-control/effects-endpoint.ts';
import { ApiError } from './api-error.ts';
import type { DeliveriesEndpoint } from './deliveries/deliveries-endpoint.ts';
import type { Exchange } from './exchange.ts';
import { describeGroups } from './groups.ts';
import type { KeysEndpoint } from './keys.ts';
import { lineResponse } from './line-stream.ts';
import type { QueryEndpoint } from './query.ts';
import type { TailEndpoint } from './tail.ts';

/** One part of the program and whether it does its work. */
export interface ComponentReadiness {
  readonly component: string;
  readonly ok: boolean;
  /** What is wrong, in words an administrator can act on. */
  readonly reason?: string;
}

export interface Readiness {
  readonly ready: boolean;
  readonly reasons: readonly ComponentReadiness[];
}

/** The program's name and version, as GET /version tells them. */
export interface Version {
  readonly name: string;
  readonly version: string;
}

/** What travels beside hono's own request. */
export interface RestBindings {
  readonly exchange: Exchange;
  /** Empty where there is none. */
  readonly body: Buffer;
  /** Who asks. */
  readonly actor: Actor;
}

export type RestApp = Hono<{ Bindings: RestBindings }>;

/** What decides about access: its documents by their paths, and what they would decide. */
export interface AccessControlEndpoints {
  readonly documents: (path: string) => AccessDocumentsEndpoint;
  readonly effects: AccessEffectsEndpoint;
}

export interface RestOptions {
  readonly version: Version;
  readonly readiness: () => Readiness;
  /** Everything that `mailtrail doctor` needs to know, as JSON. */
  readonly status: () => Promise<object>;
  readonly store: Pick<EventStore, 'groups'>;
  readonly organization: string;
  readonly query: QueryEndpoint;
  readonly tail: TailEndpoint;
  readonly keys: KeysEndpoint;
  /** Absent where nothing is delivered. */
  readonly deliveries?: DeliveriesEndpoint;
  /** Absent where there are no rules to change. */
  readonly accessControl?: AccessControlEndpoints;
  /** Aborts when the server stops. */
  readonly stopping: AbortSignal;
}

/** What a path is: its methods, and whether a stranger may ask. HEAD goes where GET does. */
export interface Route {
  readonly methods: readonly string[];
  readonly open?: boolean;
}

/** The paths that hono answers. */
export const REST_ROUTES: ReadonlyMap<string, Route> = new Map<string, Route>([
  ['/healthz', { methods: ['GET', 'HEAD'], open: true }],
  ['/readyz', { methods: ['GET', 'HEAD'], open: true }],
  ['/version', { methods: ['GET', 'HEAD'], open: true }],
  ['/v1/query', { methods: ['POST'] }],
  ['/v1/export', { methods: ['POST'] }],
  ['/v1/groups', { methods: ['GET', 'HEAD'] }],
  ['/v1/tail', { methods: ['GET'] }],
  ['/v1/status', { methods: ['GET', 'HEAD'] }],
  ['/v1/keys', { methods: ['GET', 'HEAD', 'POST'] }],
  ['/v1/deliveries', { methods: ['GET', 'HEAD', 'POST'] }],
  ['/v1/access-effect', { methods: ['POST'] }],
  ['/v1/device-effect', { methods: ['POST'] }],
  ...Object.keys(DOCUMENT_PATHS).map((path) => [path, { methods: ['GET', 'HEAD'] }] as const),
]);
/** Paths under those that are lists. */
const ITEM_ROUTES: readonly (readonly [RegExp, Route])[] = [
  [/^\/v1\/keys\/[^/]+$/, { methods: ['DELETE'] }],
  [/^\/v1\/deliveries\/[^/]+$/, { methods: ['GET', 'HEAD', 'PUT', 'DELETE'] }],
  [/^\/v1\/deliveries\/[^/]+\/(?:test|pause|resume)$/, { methods: ['POST'] }],
  ...Object.keys(DOCUMENT_PATHS).map(
    (path) =>
      [new RegExp(`^${path}/[^/]+$`), { methods: ['GET', 'HEAD', 'PUT', 'DELETE'] }] as const,
  ),
];

/** The route of a path, or undefined where there is nothing. */
export function routeOf(path: string): Route | undefined {
  return REST_ROUTES.get(path) ?? ITEM_ROUTES.find(([form]) => form.test(path))?.[1];
}

/** Secrets are in no cache. */
const NO_STORE = { 'cache-control': 'no-store' };

/** Makes the routes of REST_ROUTES. Errors are left to the caller. */
export function createRestApp(options: RestOptions): RestApp {
  const app: RestApp = new Hono();
  app.get('/healthz', (c) => c.json({ status: 'ok' }));
  app.get('/readyz', (c) => {
    const readiness = options.readiness();
    return c.json(readiness, readiness.ready ? 200 : 503);
  });
  app.get('/version', (c) => c.json(options.version));
  app.post('/v1/query', async (c) =>
    lineResponse(await options.query.start(c.env.body, c.env.exchange.gone)),
  );
  app.post('/v1/export', async (c) =>
    lineResponse(await options.query.export(c.env.body, c.env.exchange.gone, c.env.actor)),
  );
  app.get('/v1/groups', async (c) =>
    c.json({ groups: await describeGroups(options.store, options.organization) }),
  );
  app.get('/v1/tail', (c) => {
    const over = AbortSignal.any([c.env.exchange.gone, options.stopping]);
    return lineResponse(options.tail.start(c.env.exchange.parameters(), over));
  });
  app.get('/v1/status', async (c) => c.json(await options.status()));
  app.get('/v1/keys', (c) => c.json({ keys: options.keys.list() }));
  app.post('/v1/keys', async (c) =>
    c.json(await options.keys.create(c.env.body, c.env.actor), 201, NO_STORE),
  );
  app.delete('/v1/keys/:id', async (c) =>
    c.json(await options.keys.revoke(c.req.param('id'), c.env.actor)),
  );
  addDeliveries(app, options);
  addAccessControl(app, options);
  app.onError((error) => {
    throw error;
  });
  return app;
}

function addDeliveries(app: RestApp, options: RestOptions): void {
  const item = '/v1/deliveries/:key' as const;
  const known = (): DeliveriesEndpoint => {
    if (options.deliveries !== undefined) return options.deliveries;
    throw new ApiError(503, 'ServiceUnavailableException', 'this server delivers nothing');
  };
  app.get('/v1/deliveries', (c) => c.json({ deliveries: options.deliveries?.list() ?? [] }));
  app.post('/v1/deliveries', async (c) =>
    c.json({ deliveries: await known().create(c.env.body, c.env.actor) }, 201),
  );
  app.get(item, (c) => c.json({ deliveries: known().find(c.req.param('key')) }));
  app.put(item, async (c) => {
    const { body, actor } = c.env;
    return c.json({ deliveries: await known().put(c.req.param('key'), body, actor) });
  });
  app.delete(item, async (c) =>
    c.json({ deliveries: await known().remove(c.req.param('key'), c.env.actor) }),
  );
  for (const [act, paused] of [
    ['pause', true],
    ['resume', false],
  ] as const) {
    app.post(`${item}/${act}`, async (c) => {
      const deliveries = await known().setPaused(c.req.param('key'), paused, c.env.actor);
      return c.json({ deliveries });
    });
  }
  app.post(`${item}/test`, async (c) =>
    c.json(await known().test(c.req.param('key'), c.env.exchange.gone)),
  );
}

function addAccessControl(app: RestApp, { accessControl }: RestOptions): void {
  const known = (): AccessControlEndpoints => {
    if (accessControl !== undefined) return accessControl;
    throw new ApiError(503, 'ServiceUnavailableException', 'this server keeps no access rules');
  };
  for (const path of Object.keys(DOCUMENT_PATHS)) {
    const item = `${path}/:id` as const;
    const documents = (): AccessDocumentsEndpoint => known().documents(path);
    app.get(path, (c) => c.json(documents().list()));
    app.get(item, (c) => c.json(documents().get(c.req.param('id'))));
    app.put(item, async (c) => {
      const { body, actor } = c.env;
      const ifMatch = c.req.header('if-match');
      return c.json(await documents().put(c.req.param('id'), body, ifMatch, actor));
    });
    app.delete(item, async (c) => {
      const ifMatch = c.req.header('if-match');
      return c.json(await documents().remove(c.req.param('id'), ifMatch, c.env.actor));
    });
  }
  app.post('/v1/access-effect', (c) => c.json(known().effects.ofAccess(c.env.body)));
  app.post('/v1/device-effect', (c) => c.json(known().effects.ofDevice(c.env.body)));
}

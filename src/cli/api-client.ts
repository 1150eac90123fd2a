// The command line's side of the HTTP API: finding the server, signing, and errors in words that
// say what to do.
import { signRequest } from '../api/sigv4.ts';
import { DEFAULT_LISTEN } from '../config/address.ts';
import { findApiKey, type ApiKey } from './api-key.ts';
import { CliError, errorCode, wordsOf } from './cli-error.ts';
import type { Call } from './command.ts';
import { EXIT, type ExitCode } from './exit-code.ts';

/** What requests are signed for: the CloudWatch Logs service name, as AWS's tools would. */
const SIGNING_SERVICE = 'logs';
const DEFAULT_REGION = 'us-east-1';
/** An error answer is some hundred bytes; a longer one is of another server. */
const ERROR_TEXT_MAX = 300;

const EXIT_OF_STATUS: Readonly<Record<number, ExitCode>> = {
  400: EXIT.usage,
  401: EXIT.permission,
  403: EXIT.permission,
  404: EXIT.notFound,
  409: EXIT.failure,
  429: EXIT.unavailable,
  502: EXIT.unavailable,
  503: EXIT.unavailable,
  504: EXIT.unavailable,
};

/** The body of a refusal. */
export interface ApiErrorBody {
  readonly code: string;
  readonly message: string;
  /** Where in the query the mistake is, in UTF-16 code units. */
  readonly start?: number;
  readonly end?: number;
}

/** The server refused the request. */
export class ApiRefusal extends CliError {
  readonly body: ApiErrorBody;
  constructor(exitCode: ExitCode, message: string, body: ApiErrorBody) {
    super(exitCode, message);
    this.body = body;
  }
}

/** The code with which the command ends after this error code inside of an answer. */
export function exitOfErrorCode(code: string): ExitCode {
  return /Timeout|Unavailable|Throttling/.test(code) ? EXIT.unavailable : EXIT.failure;
}

/** The server's URL: `--endpoint-url`, `$MAILTRAIL_ENDPOINT`, the default address. */
export function endpointOf({ options, world }: Call): URL {
  const fromEnv = world.env['MAILTRAIL_ENDPOINT'] || undefined;
  const option = options.text('endpoint-url');
  const text = option ?? fromEnv ?? `http://${DEFAULT_LISTEN}`;
  const named = option === undefined ? 'MAILTRAIL_ENDPOINT' : '--endpoint-url';
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    const message = `${named} ${text}: expected a URL such as http://127.0.0.1:4650`;
    throw new CliError(EXIT.usage, message);
  }
  return new URL(text.endsWith('/') ? text : `${text}/`);
}

function connectionError(endpoint: URL, error: unknown): CliError {
  const origin = endpoint.origin;
  const code = errorCode(error);
  const said =
    code === 'ECONNREFUSED'
      ? `no server answers at ${origin}`
      : `cannot reach ${origin} (${wordsOf(error)})`;
  const advice =
    'start it with "mailtrail serve" (or systemctl start mailtrail), or say where it is with --endpoint-url or MAILTRAIL_ENDPOINT';
  return new CliError(EXIT.unavailable, `${said}; ${advice}`, { cause: error });
}

/** The two forms of refusals: of the API's own paths, and of AWS's operations. */
interface AnyErrorBody {
  readonly error?: Partial<ApiErrorBody>;
  readonly __type?: string;
  readonly message?: string;
}

function awsError({ __type: code, message }: AnyErrorBody): Partial<ApiErrorBody> {
  return { ...(code !== undefined && { code }), ...(message !== undefined && { message }) };
}

async function refusalOf(response: Response, key: ApiKey): Promise<ApiRefusal> {
  const text = await response.text();
  let body: ApiErrorBody;
  try {
    const parsed = JSON.parse(text) as AnyErrorBody;
    const { message, code = 'Unknown', ...place } = parsed.error ?? awsError(parsed);
    if (message === undefined) throw new SyntaxError('not an error of Mailtrail');
    body = { ...place, code, message };
  } catch {
    const begin = text.slice(0, ERROR_TEXT_MAX).trim();
    const message = `HTTP status ${response.status}${begin === '' ? '' : `: ${begin}`}`;
    body = { code: 'Unknown', message };
  }
  const exitCode = EXIT_OF_STATUS[response.status] ?? EXIT.failure;
  const retry = response.headers.get('retry-after');
  let message = body.message;
  if (exitCode === EXIT.permission) message += `; the key is that of ${key.source}`;
  if (exitCode === EXIT.unavailable && retry !== null) message += `; try again in ${retry} s`;
  return new ApiRefusal(exitCode, message, body);
}

/** A server with the key for it. */
export class ApiClient {
  readonly endpoint: URL;
  readonly #key: ApiKey;
  readonly #call: Call;

  private constructor(call: Call, endpoint: URL, key: ApiKey) {
    this.#call = call;
    this.endpoint = endpoint;
    this.#key = key;
  }

  /** Finds server and key; nothing is sent yet. Rejects with a CliError. */
  static async find(call: Call): Promise<ApiClient> {
    return new ApiClient(call, endpointOf(call), await findApiKey(call));
  }

  /** GET; resolves with a successful answer, rejects with a CliError. */
  get(path: string, search: URLSearchParams = new URLSearchParams()): Promise<Response> {
    const query = search.toString();
    return this.#send('GET', query === '' ? path : `${path}?${query}`, undefined);
  }

  /** POST of JSON; resolves with a successful answer, rejects with a CliError. */
  post(path: string, body: unknown): Promise<Response> {
    return this.#send('POST', path, JSON.stringify(body));
  }

  /** PUT of JSON, only onto the revision where one is said; resolves with a successful answer. */
  put(path: string, body: unknown, revision?: string): Promise<Response> {
    return this.#send('PUT', path, JSON.stringify(body), {
      'content-type': 'application/json',
      ...(revision !== undefined && { 'if-match': `"${revision}"` }),
    });
  }

  /** DELETE, only of the revision where one is said; resolves with a successful answer. */
  delete(path: string, revision?: string): Promise<Response> {
    const headers = revision === undefined ? {} : { 'if-match': `"${revision}"` };
    return this.#send('DELETE', path, undefined, headers);
  }

  /** An operation of CloudWatch Logs; resolves with its answer, rejects with a CliError. */
  async operation(name: string, input: object): Promise<Readonly<Record<string, unknown>>> {
    const response = await this.#send('POST', '/', JSON.stringify(input), {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `Logs_20140328.${name}`,
    });
    return (await response.json()) as Readonly<Record<string, unknown>>;
  }

  async #send(
    method: string,
    path: string,
    body: string | undefined,
    plain: Readonly<Record<string, string>> = body === undefined
      ? {}
      : { 'content-type': 'application/json' },
  ): Promise<Response> {
    const { world, signal } = this.#call;
    const url = new URL(path.replace(/^\//, ''), this.endpoint);
    const region = world.env['AWS_REGION'] || world.env['AWS_DEFAULT_REGION'] || DEFAULT_REGION;
    const headers = signRequest(
      { method, url, headers: plain, body: body ?? '' },
      this.#key.credentials,
      { region, service: SIGNING_SERVICE, nowMs: world.clock.now() },
    );
    let response: Response;
    try {
      response = await world.fetch(url, {
        method,
        headers,
        signal,
        ...(body !== undefined && { body }),
      });
    } catch (error) {
      if (signal.aborted) throw error;
      throw connectionError(this.endpoint, error);
    }
    if (!response.ok) throw await refusalOf(response, this.#key);
    return response;
  }
}

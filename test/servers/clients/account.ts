// What every client needs: where the server is, whom to trust, and as whom to sign in.

/** A listener of a server, directly or through the load balancer. */
export interface Endpoint {
  readonly port: number;
  /** PEM of the certificate that is trusted; it is for `localhost`. */
  readonly certificateFile: string;
}

export interface Account {
  readonly login: string;
  readonly password: string;
}

/** A server did not let somebody sign in; the message holds the server's words. */
export class SignInRefused extends Error {
  override readonly name = 'SignInRefused';
}

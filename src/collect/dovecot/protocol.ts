// Dovecot's service names and WorkMail's protocol names.

const PROTOCOL_OF_SERVICE: Readonly<Record<string, string>> = {
  imap: 'IMAP',
  pop3: 'POP3',
  sieve: 'ManageSieve',
  managesieve: 'ManageSieve',
  submission: 'SMTP',
  smtp: 'SMTP',
  lmtp: 'LMTP',
};

/**
 * The protocol a Dovecot service speaks, in WorkMail's vocabulary where it has a word; a service
 * that is not known keeps its own name. `smtp` is Postfix asking Dovecot to authenticate.
 */
export function protocolOfService(service: string): string {
  return Object.hasOwn(PROTOCOL_OF_SERVICE, service)
    ? (PROTOCOL_OF_SERVICE[service] ?? service)
    : service;
}

/**
 * How the client's connection was protected. Of Postfix's own clients Dovecot only hears that they
 * are secure, which Postfix says when they use TLS.
 *
 * @see Postfix src/xsasl/xsasl_dovecot_server.c (`secured`)
 */
export function transportOf(service: string, transport: string | undefined): string | undefined {
  return service === 'smtp' && transport === 'trusted' ? 'TLS' : transport;
}

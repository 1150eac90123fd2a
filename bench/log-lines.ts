// Lines of the servers' logs for the benchmarks, as Dovecot 2.3.19 and Postfix 3.7 write them with the
// configuration that print-config gives. Text n is the same every time.

const TIME = '2026-11-23T06:00:00';
const DOMAIN = 'nordlys-biotech.example';

function userOf(n: number): string {
  return `user${(n * 7919) % 5000}@${DOMAIN}`;
}

function sessionOf(n: number): string {
  return `N2nC${n.toString(36).padStart(8, '0')}AAAB`;
}

function event(name: string, categories: readonly string[], fields: object): string {
  const body = {
    event: name,
    hostname: 'mx1',
    start_time: `${TIME}.000000Z`,
    end_time: `${TIME}.000100Z`,
    categories,
    fields,
  };
  return `${TIME} stats: Info: ${JSON.stringify(body)}\n`;
}

/** Messages a session reads before the next session's turn. */
const READS_IN_SESSION = 16;

/** One message read over IMAP: its own event, the command's. */
export function dovecotRead(n: number): string {
  const uid = (n % 900) + 1;
  const reason_code = ['imap:cmd_uid_fetch', 'imap:fetch_body'];
  const at = Math.floor(n / READS_IN_SESSION);
  const fields = {
    user: userOf(at),
    session: sessionOf(at),
    remote_ip: `203.0.113.${at % 250}`,
    remote_port: 40_000 + (at % 20_000),
    local_ip: '192.0.2.25',
    local_port: 993,
    mailbox: 'INBOX',
    reason_code,
    cmd_name: 'UID FETCH',
  };
  return (
    event('mail_opened', ['mail', 'mailbox', 'imap', 'service:imap'], {
      ...fields,
      uid,
      seq: uid,
    }) +
    event('imap_command_finished', ['imap', 'service:imap'], {
      ...fields,
      cmd_args: `${uid} (BODY.PEEK[])`,
      tagged_reply_state: 'OK',
      tagged_reply: 'OK Fetch completed.',
    })
  );
}

/** One message read, marked as seen, moved: six lines. */
export function dovecotMailbox(n: number): string {
  const at = Math.floor(n / READS_IN_SESSION);
  const uid = (n % 900) + 1;
  const user = userOf(at);
  const mailLog = (text: string): string =>
    `${TIME} imap(${user})<1030><${sessionOf(at)}>{rip=203.0.113.${at % 250},auth=${user}}: Info: ${text}, ` +
    `msgid=<m${n}@${DOMAIN}>, size=4321, vsize=4400, from=Carol <carol@${DOMAIN}>, subject=Report ${n}, flags=(\\Seen)\n`;
  const fields = {
    user,
    session: sessionOf(at),
    remote_ip: `203.0.113.${at % 250}`,
    remote_port: 40_000 + (at % 20_000),
    local_port: 993,
    mailbox: 'INBOX',
  };
  return (
    dovecotRead(n) +
    mailLog(`copy from INBOX: box=Archive, uid=${uid}`) +
    mailLog(`expunge: box=INBOX, uid=${uid}`) +
    event('mail_expunged', ['mail', 'mailbox', 'imap', 'service:imap'], {
      ...fields,
      cmd_name: 'UID MOVE',
      reason_code: ['imap:cmd_uid_move'],
      uid,
    }) +
    event('imap_command_finished', ['imap', 'service:imap'], {
      ...fields,
      cmd_name: 'UID MOVE',
      cmd_args: `${uid} Archive`,
      tagged_reply_state: 'OK',
      tagged_reply: 'OK Move completed.',
      reason_code: ['imap:cmd_uid_move'],
    })
  );
}

/** One sign-in: what the passdb said, and the attempt. */
export function dovecotSignIn(n: number): string {
  const fields = {
    mechanism: 'PLAIN',
    transport: 'TLS',
    service: 'imap',
    session: sessionOf(n),
    local_ip: '192.0.2.25',
    remote_ip: `203.0.113.${n % 250}`,
    local_port: 993,
    remote_port: 40_000 + (n % 20_000),
    original_user: userOf(n),
    user: userOf(n),
    translated_user: userOf(n),
    client_id: '"name" "Thunderbird" "version" "128.1"',
  };
  const failed = n % 10 === 0;
  return (
    event('auth_passdb_request_finished', ['service:auth', 'auth'], {
      ...fields,
      result: failed ? 'password_mismatch' : 'ok',
      passdb_id: '1',
    }) +
    event('auth_request_finished', ['service:auth', 'auth'], {
      ...fields,
      ...(!failed && { success: 'yes' }),
    })
  );
}

/** The session in which Dovecot's LMTP server took message n. */
function lmtpSession(n: number): string {
  return n.toString(36).padStart(22, 'A');
}

/** Message n delivered over LMTP, as Dovecot tells it: what Sieve did, and the delivery. */
export function dovecotDelivery(n: number): string {
  const fields = {
    protocol: 'lmtp',
    remote_ip: '127.0.0.1',
    session: lmtpSession(n),
    transaction_id: lmtpSession(n),
    mail_from: `ext${n}@sink.test`,
    rcpt_to: userOf(n),
    user: userOf(n),
    message_id: `<m${n}@sink.test>`,
    message_subject: `Report ${n}`,
    message_from: `ext${n}@sink.test`,
    message_size: 4321,
  };
  const categories = ['service:lmtp', 'local-delivery', 'lmtp'];
  return (
    event('sieve_action_finished', categories, {
      ...fields,
      action_name: 'keep',
      fileinto_mailbox_name: 'INBOX',
    }) + event('mail_delivery_finished', categories, fields)
  );
}

function line(program: string, text: string): string {
  return `Nov 23 06:00:00 mx1 postfix/${program}[1418]: ${text}\n`;
}

/** One message received and delivered: seven lines. */
export function postfixDelivery(n: number): string {
  const id = `4jX${n.toString(36).padStart(9, '0')}zW`;
  const end = `from unknown[198.51.100.${n % 250}]; from=<ext${n}@sink.test> to=<${userOf(n)}> proto=ESMTP helo=<client.test>`;
  return (
    line('smtpd', `${id}: client=unknown[198.51.100.${n % 250}]`) +
    line('cleanup', `${id}: info: header From: Ext <ext${n}@sink.test> ${end}`) +
    line('cleanup', `${id}: info: header Subject: Report ${n} ${end}`) +
    line('cleanup', `${id}: message-id=<m${n}@sink.test>`) +
    line('qmgr', `${id}: from=<ext${n}@sink.test>, size=4321, nrcpt=1 (queue active)`) +
    line(
      'lmtp',
      `${id}: to=<${userOf(n)}>, relay=127.0.0.1[127.0.0.1]:24, delay=0.1, delays=0/0/0/0.1, dsn=2.0.0, ` +
        `status=sent (250 2.0.0 <${userOf(n)}> ${lmtpSession(n)} Saved)`,
    ) +
    line('qmgr', `${id}: removed`)
  );
}

// A load generator in a process of its own: sends prepared NDJSON batches over several connections
// until its time is up, and prints what was acknowledged as one line of JSON.
//
// node load-client.js URL TOKEN CONNECTIONS SECONDS EVENTS_PER_REQUEST
import { Agent, request } from 'node:http';

const [url = '', token = '', connections = '4', seconds = '10', perRequest = '1000'] =
  process.argv.slice(2);
const EVENTS_PER_REQUEST = Number(perRequest);
const BODIES = 20;

function body(start: number): Buffer {
  const lines: string[] = [];
  for (let i = 0; i < EVENTS_PER_REQUEST; i++) {
    const n = start + i;
    const user = `user${(n * 7919) % 5000}@nordlys-biotech.example`;
    lines.push(
      JSON.stringify({
        log_type: 'WORKMAIL_MAILBOX_ACCESS_LOGS',
        event_timestamp: Date.now(),
        request_id: `N2nC${(n * 104729).toString(36).padStart(8, '0')}AAAB`,
        organization_arn:
          'arn:aws:workmail:us-east-1:000000000000:organization/m-0123456789abcdef0123456789abcdef',
        user_id: user,
        protocol: 'IMAP',
        source_ip: `203.0.113.${n % 250}`,
        user_agent: 'Thunderbird/128.1',
        action: 'read',
        owner_id: user,
        object_type: 'Message',
        item_id: `${((n * 2654435761) % 2 ** 32).toString(16).padStart(32, '0')}:${n % 900}`,
        folder_path: 'INBOX',
        folder_id: ((n * 40503) % 2 ** 32).toString(16).padStart(32, '0'),
        action_allowed: true,
        command: 'UID FETCH',
      }),
    );
  }
  return Buffer.from(`${lines.join('\n')}\n`);
}

const bodies = Array.from({ length: BODIES }, (_, i) => body(i * EVENTS_PER_REQUEST));
const agent = new Agent({ keepAlive: true, maxSockets: Number(connections) });
const latencies: number[] = [];
let acknowledged = 0;
let refused = 0;
const start = performance.now();
const end = start + Number(seconds) * 1000;

function send(payload: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    const call = request(`${url}/v1/events`, {
      method: 'POST',
      agent,
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/x-ndjson',
        'content-length': payload.length,
      },
    });
    call.on('response', (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0));
    });
    call.on('error', reject).end(payload);
  });
}

async function connection(index: number): Promise<void> {
  for (let i = index; performance.now() < end; i++) {
    const from = performance.now();
    const status = await send(bodies[i % BODIES] ?? Buffer.alloc(0));
    latencies.push(performance.now() - from);
    if (status === 200) acknowledged += EVENTS_PER_REQUEST;
    else refused++;
    if (status === 429) await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

await Promise.all(Array.from({ length: Number(connections) }, (_, i) => connection(i)));
agent.destroy();
const elapsedMs = performance.now() - start;
console.log(
  JSON.stringify({
    acknowledged,
    refused,
    elapsedMs,
    latencies,
    bytesPerEvent: (bodies[0]?.length ?? 0) / EVENTS_PER_REQUEST,
  }),
);

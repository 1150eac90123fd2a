// The history of what decides about access: the management events of its changes, newest first.
import { resolveGroupNames } from './log-groups.ts';
import type { AccessDocument, AccessDocumentKind } from './access-documents.ts';
import type { ApiClient } from './api-client.ts';
import { streamItems } from './query-stream.ts';

/** Most changes that are looked at: more than one document has in years. */
export const HISTORY_CHANGES_MAX = 1_000;

/** One change of one document. */
export interface DocumentChange {
  readonly id: string;
  readonly atMs: number;
  readonly eventName: string;
  /** The access key id of who did it, `configuration` for the configuration file. */
  readonly by: string;
  readonly sourceIp?: string;
  readonly before?: AccessDocument;
  readonly after?: AccessDocument;
}

function parsed(json: string | undefined): AccessDocument | undefined {
  return json === undefined || json === '' ? undefined : (JSON.parse(json) as AccessDocument);
}

/**
 * The changes of a kind of documents, or of the one with the id, newest first. Events are found within
 * two seconds of the change, and as long as the management log keeps them.
 */
export async function fetchHistory(
  client: ApiClient,
  kind: AccessDocumentKind,
  options: { readonly id?: string; readonly nowMs: number },
): Promise<readonly DocumentChange[]> {
  const { id, nowMs } = options;
  const names = kind.events.map((name) => JSON.stringify(name)).join(', ');
  const resource = id === undefined ? undefined : (kind.resourceOf?.(id) ?? id);
  const which = resource === undefined ? '' : ` and resource = ${JSON.stringify(resource)}`;
  const query =
    `filter event_name in [${names}] and not ispresent(error_code)${which} ` +
    '| fields event_timestamp, event_name, user_id, source_ip, resource, before, after ' +
    `| sort event_timestamp desc | limit ${HISTORY_CHANGES_MAX}`;
  const logGroups = await resolveGroupNames(client, ['management']);
  const request = { query, startTime: 0, endTime: nowMs + 60_000, logGroups };
  const changes: DocumentChange[] = [];
  for await (const item of streamItems(await client.post('/v1/query', request))) {
    if (item.kind !== 'row') continue;
    const { row } = item;
    const sourceIp = row.get('source_ip') ?? '';
    const [before, after] = [parsed(row.get('before')), parsed(row.get('after'))];
    changes.push({
      id: row.get('resource') ?? '',
      atMs: Number(row.get('event_timestamp')),
      eventName: row.get('event_name') ?? '',
      by: row.get('user_id') ?? '',
      ...(sourceIp !== '' && { sourceIp }),
      ...(before && { before }),
      ...(after && { after }),
    });
  }
  return changes;
}

// What one query for a request_id must answer: everything a session did, from the sign-in to the last
// deletion, in its order.
import type { Place, Scenario } from './scenario.ts';
import { moves } from './stories/changing.ts';
import { shared } from './stories/sharing.ts';
import { masterUser, token } from './stories/sign-in.ts';

/** A row of a query's answer: names to values. */
export type Row = Readonly<Record<string, string>>;

export interface Trace {
  readonly title: string;
  readonly scenario: Scenario;
  /** The session, by where it came from. */
  readonly place: Place;
  readonly port: number;
  readonly steps: readonly string[];
}

/** The fields that a step is told by. */
export const TRACE_FIELDS = [
  'auth_successful',
  'access_granted',
  'impersonator_id',
  'personal_access_token_id',
  'action',
  'item_id',
  'folder_path',
  'destination_path',
  'action_allowed',
] as const;

/** A row of the query in words. */
export function stepOf(row: Row): string {
  const { impersonator_id: admin, personal_access_token_id: pat } = row;
  if (row['access_granted'] !== undefined) return `access granted: ${row['access_granted']}`;
  if (row['auth_successful'] !== undefined) {
    const by = admin === undefined ? '' : ` by ${admin}`;
    return `signed in: ${row['auth_successful']}${by}${pat === undefined ? '' : ` with ${pat}`}`;
  }
  const what = row['item_id'] ?? row['folder_path'] ?? '';
  const to = row['destination_path'] === undefined ? '' : ` -> ${row['destination_path']}`;
  const refused = row['action_allowed'] === '1' ? '' : ', refused';
  return `${row['action'] ?? ''} ${what}${to}${refused}${admin === undefined ? '' : ` by ${admin}`}`;
}

const OWNER = 'shared/alice@shared.example.test';

/** `delete Archive/;UID=n` for each of the messages. */
function deletions(folder: string, uids: readonly number[]): string[] {
  return uids.map((uid) => `delete ${folder}/;UID=${uid}`);
}

export const TRACES: readonly Trace[] = [
  {
    title: 'impersonation',
    scenario: masterUser,
    place: 'office',
    port: 40_002,
    steps: [
      'access granted: 1',
      'signed in: 1 by admin',
      'read_summary INBOX by admin',
      'read INBOX/;UID=1 by admin',
      'delete INBOX/;UID=2 by admin',
      'delete INBOX/;UID=2 by admin',
    ],
  },
  {
    title: 'a sign-in with a token',
    scenario: token,
    place: 'home',
    port: 40_001,
    steps: [
      'access granted: 1',
      'signed in: 1 with pat-token-alice',
      'read_summary INBOX',
      'read INBOX/;UID=1',
      'update_read_state INBOX/;UID=1',
      'move INBOX/;UID=1 -> Trash',
      'move_to Trash/;UID=1',
      'delete INBOX/;UID=2',
      'delete INBOX/;UID=2',
    ],
  },
  {
    title: 'a shared mailbox, and what is denied in it',
    scenario: shared,
    place: 'office',
    port: 40_002,
    steps: [
      'access granted: 1',
      'signed in: 1',
      'read_hierarchy shared/%/%',
      `read_summary ${OWNER}/Open`,
      'read Open/;UID=1',
      'update_read_state Open/;UID=1',
      'update Open/;UID=1',
      'copy Open/;UID=1 -> INBOX',
      'copy_to INBOX/;UID=1',
      'move Open/;UID=2 -> INBOX',
      'move_to INBOX/;UID=2',
      'delete Open/;UID=3',
      'delete Open/;UID=3',
      `read_summary ${OWNER}/ReadOnly`,
      'read ReadOnly/;UID=1',
      'update ReadOnly/;UID=1, refused',
      'delete ReadOnly/;UID=1, refused',
      'delete ReadOnly/;UID=1, refused',
      'move ReadOnly/;UID=2 -> INBOX, refused',
      `create ${OWNER}/ReadOnly/Sub, refused`,
      `delete ${OWNER}/ReadOnly, refused`,
      `update_permissions ${OWNER}/ReadOnly, refused`,
      `read_permissions ${OWNER}/ReadOnly, refused`,
      `read_permissions ${OWNER}/ReadOnly`,
      `create ${OWNER}/ReadOnly, refused`,
      `read_summary ${OWNER}/Hidden`,
      `read_summary ${OWNER}/Hidden`,
      `read_summary ${OWNER}/INBOX, refused`,
      `read_summary ${OWNER}/NotThere, refused`,
    ],
  },
  {
    title: 'moves across folders',
    scenario: moves,
    place: 'home',
    port: 40_001,
    steps: [
      'access granted: 1',
      'signed in: 1',
      'create Drafts/;UID=1',
      'create Drafts/;UID=2',
      'create Drafts/;UID=3',
      'create Nowhere, refused',
      'create Archive',
      'read_summary INBOX',
      'copy INBOX/;UID=1 -> Archive',
      'copy_to Archive/;UID=1',
      'copy INBOX/;UID=2 -> Archive',
      'copy_to Archive/;UID=2',
      'copy INBOX/;UID=1 -> Nowhere, refused',
      'copy INBOX/;UID=3 -> Archive',
      'copy_to Archive/;UID=3',
      'move INBOX/;UID=4 -> Archive',
      'move_to Archive/;UID=4',
      'move INBOX/;UID=5 -> Trash',
      'move_to Trash/;UID=1',
      'move INBOX/;UID=6 -> Archive',
      'move_to Archive/;UID=5',
      'move INBOX/;UID=7 -> Archive',
      'move_to Archive/;UID=6',
      ...deletions('INBOX', [1, 2]),
      ...deletions('INBOX', [1]),
      ...deletions('INBOX', [2]),
      ...deletions('INBOX', [3]),
      ...deletions('INBOX', [3]),
      'read_summary Archive',
      ...deletions('Archive', [1, 2, 3, 4, 5, 6]),
      ...deletions('Archive', [1, 2, 3, 4, 5, 6]),
    ],
  },
];

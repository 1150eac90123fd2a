// What the commands of rules, devices, overrides and roles share: the four kinds of documents that decide
// about access, where the server has them and how people see them.
import type { ApiClient } from './api-client.ts';

/** A document as the server lists it; what it says besides is fields of any name. */
export interface AccessDocument {
  readonly description?: string;
  readonly effect?: string;
  readonly declared?: boolean;
  readonly revision: number;
  readonly createdAtMs: number;
  readonly modifiedAtMs: number;
  readonly [field: string]: unknown;
}

/** One kind of documents. */
export interface AccessDocumentKind {
  readonly noun: string;
  readonly plural: string;
  /** Where the server has them, and the member of the answer that lists them. */
  readonly path: string;
  readonly list: string;
  readonly idOf: (document: AccessDocument) => string;
  /** The id as management events have it, where it may be written in several ways. */
  readonly resourceOf?: (id: string) => string;
  /** AWS's names of what changes them, as management events have them. */
  readonly events: readonly string[];
  readonly columns: readonly string[];
  /** A row of the table. */
  readonly cells: (document: AccessDocument) => Readonly<Record<string, string>>;
  /** What is said when there is none. */
  readonly whenNone: string;
}

/** Members that say who changed a document when, and not what it says. */
const KEPT: ReadonlySet<string> = new Set(['revision', 'createdAtMs', 'modifiedAtMs', 'declared']);
/** Members that every table has a column for. */
const SHOWN: ReadonlySet<string> = new Set([
  ...KEPT,
  'id',
  'name',
  'effect',
  'description',
  'dryRun',
  'userId',
  'deviceId',
]);

/** What a document says, without who made it when. */
export function saidBy(document: AccessDocument): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(document).filter(([member]) => !KEPT.has(member)));
}

/** The conditions of a rule on one line. */
export function conditionsText(rule: AccessDocument): string {
  const conditions = Object.entries(rule).filter(([name]) => !SHOWN.has(name));
  if (conditions.length === 0) return 'always';
  return conditions
    .map(([name, entries]) => `${name}: ${(entries as readonly string[]).join(', ')}`)
    .join('; ');
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function common(document: AccessDocument): Readonly<Record<string, string>> {
  const notes = [
    document['dryRun'] === true ? 'only recorded' : '',
    document.declared === true ? 'declared in the configuration' : '',
  ];
  return {
    effect: document.effect ?? '',
    changed: new Date(document.modifiedAtMs).toISOString().slice(0, 'YYYY-MM-DD'.length),
    note: notes.filter((note) => note !== '').join(', '),
  };
}

export const ACCESS_RULES: AccessDocumentKind = {
  noun: 'rule',
  plural: 'rules',
  path: '/v1/access-rules',
  list: 'rules',
  idOf: (rule) => text(rule['name']),
  events: ['PutAccessControlRule', 'DeleteAccessControlRule'],
  columns: ['name', 'effect', 'changed', 'note', 'when'],
  cells: (rule) => ({ ...common(rule), name: text(rule['name']), when: conditionsText(rule) }),
  whenNone:
    'There is no rule, so nobody may do anything; "mailtrail rules put Default --effect ALLOW" lets everybody in.',
};

export const DEVICE_RULES: AccessDocumentKind = {
  noun: 'mobile device rule',
  plural: 'mobile device rules',
  path: '/v1/mobile-device-rules',
  list: 'rules',
  idOf: (rule) => text(rule['id']),
  events: [
    'CreateMobileDeviceAccessRule',
    'UpdateMobileDeviceAccessRule',
    'DeleteMobileDeviceAccessRule',
  ],
  columns: ['id', 'name', 'effect', 'changed', 'note', 'when'],
  cells: (rule) => ({
    ...common(rule),
    id: text(rule['id']),
    name: text(rule['name']),
    when: conditionsText(rule),
  }),
  whenNone:
    'There is no rule for devices, so none may be used; "mailtrail devices put default --name Default --effect ALLOW" lets every device in.',
};

export const DEVICE_OVERRIDES: AccessDocumentKind = {
  noun: 'mobile device override',
  plural: 'mobile device overrides',
  path: '/v1/mobile-device-overrides',
  list: 'overrides',
  idOf: ({ userId, deviceId }) => `${text(userId)}:${text(deviceId)}`,
  resourceOf: (id) => id.toLowerCase(),
  events: ['PutMobileDeviceAccessOverride', 'DeleteMobileDeviceAccessOverride'],
  columns: ['user', 'device', 'effect', 'changed', 'note'],
  cells: (override) => ({
    ...common(override),
    user: text(override['userId']),
    device: text(override['deviceId']),
  }),
  whenNone: 'There is no override: the rules decide about every device.',
};

interface RoleRule {
  readonly effect: string;
  readonly targetUsers?: readonly string[];
  readonly notTargetUsers?: readonly string[];
}

function roleRuleText({ effect, targetUsers, notTargetUsers }: RoleRule): string {
  const whom = targetUsers === undefined ? 'everybody' : targetUsers.join(', ');
  const except = notTargetUsers === undefined ? '' : ` except ${notTargetUsers.join(', ')}`;
  return `${effect} ${whom}${except}`;
}

export const ROLES: AccessDocumentKind = {
  noun: 'impersonation role',
  plural: 'impersonation roles',
  path: '/v1/impersonation-roles',
  list: 'roles',
  idOf: (role) => text(role['id']),
  events: ['CreateImpersonationRole', 'UpdateImpersonationRole', 'DeleteImpersonationRole'],
  columns: ['id', 'name', 'type', 'changed', 'note', 'mailboxes'],
  cells: (role) => ({
    ...common(role),
    id: text(role['id']),
    name: text(role['name']),
    type: text(role['type']),
    mailboxes: ((role['rules'] as readonly RoleRule[] | undefined) ?? [])
      .map(roleRuleText)
      .join('; '),
  }),
  whenNone:
    'There is no role, so nobody may act for another; "mailtrail roles put auditors --name Auditors --type READ_ONLY --allow ann@example.org" makes one.',
};

/** The path of one document. */
export function documentPath({ path }: AccessDocumentKind, id: string): string {
  return `${path}/${encodeURIComponent(id)}`;
}

/** All documents of a kind. */
export async function fetchDocuments(
  client: ApiClient,
  { path, list }: AccessDocumentKind,
): Promise<readonly AccessDocument[]> {
  const body = (await (await client.get(path)).json()) as Readonly<
    Record<string, readonly AccessDocument[] | undefined>
  >;
  return body[list] ?? [];
}

/** One document. Rejects with an ApiRefusal when there is none. */
export async function fetchDocument(
  client: ApiClient,
  kind: AccessDocumentKind,
  id: string,
): Promise<AccessDocument> {
  return (await (await client.get(documentPath(kind, id))).json()) as AccessDocument;
}

/** What it says on one line, in the words of its table. */
export function summaryOf(kind: AccessDocumentKind, document: AccessDocument): string {
  const cells = kind.cells(document);
  const told = kind.columns.slice(kind === DEVICE_OVERRIDES ? 2 : 1);
  const parts = told.filter((column) => column !== 'changed' && (cells[column] ?? '') !== '');
  return parts.map((column) => cells[column]).join(', ');
}

// What the state holds: one kind of document for each thing that people make and change through the
// API. A document is what the fold of the change log keeps under its kind and id.
import type { AccessRule } from '../access/decision.ts';
import type { ImpersonationRole } from '../access/impersonation.ts';
import type { MobileDeviceOverride, MobileDeviceRule } from '../access/mobile-device.ts';
import type {
  DeliveryDestinationDocument,
  DeliveryDocument,
  DeliverySourceDocument,
} from '../deliver/delivery.ts';

/** A log group: one of the audit logs, or one that a client made. */
export interface LogGroupDocument {
  /**
   * Made anew with each group, so that the events of a deleted group do not come back with its name.
   * Of an audit log it is the log type.
   */
  readonly groupId: string;
  readonly createdAtMs: number;
  readonly class: 'STANDARD' | 'INFREQUENT_ACCESS' | 'DELIVERY';
  /** Absent when its events are kept for ever, or as the configuration says for an audit log. */
  readonly retentionDays?: number;
  readonly kmsKeyId?: string;
  readonly deletionProtection?: boolean;
  readonly tags: Readonly<Record<string, string>>;
}

/** A log stream; its id is `LOG_GROUP_NAME:LOG_STREAM_NAME`, as neither holds a colon. */
export interface LogStreamDocument {
  readonly logGroupName: string;
  readonly logStreamName: string;
  readonly createdAtMs: number;
}

/** A saved query, as PutQueryDefinition keeps it. */
export interface QueryDefinitionDocument {
  readonly name: string;
  readonly queryString: string;
  readonly queryLanguage: string;
  readonly logGroupNames: readonly string[];
  readonly parameters: readonly {
    readonly name: string;
    readonly defaultValue?: string;
    readonly description?: string;
  }[];
  readonly lastModifiedMs: number;
}

/** What a key may do: everything, only ask, or only bring events. */
export type KeyAccess = 'admin' | 'read-only' | 'ingest-only';

/** An API key; its id is the access key id. */
export interface ApiKeyDocument {
  readonly name: string;
  readonly access: KeyAccess;
  /** A signature can be verified only with the secret itself. */
  readonly secretAccessKey: string;
  readonly bearerToken: string;
  readonly createdAtMs: number;
  /** To the hour. */
  readonly lastUsedAtMs?: number;
}

/** What every document of access control has besides what it says. */
export interface Revised {
  /** 1 at first and one more at each change: who changes something says which one was seen. */
  readonly revision: number;
  readonly createdAtMs: number;
  readonly modifiedAtMs: number;
  /** It is declared in the configuration file, and only changed there. */
  readonly declared?: true;
}

/** An access control rule; its id is its name. */
export type AccessRuleDocument = AccessRule & Revised;
/** A mobile device access rule, by its id. */
export type MobileDeviceRuleDocument = MobileDeviceRule & Revised;
/** An override; its id is `USER_ID:DEVICE_ID`, the device's in lower case. */
export type MobileDeviceOverrideDocument = MobileDeviceOverride & Revised;
/** An impersonation role, by its id. */
export type ImpersonationRoleDocument = ImpersonationRole & Revised;

/** What somebody got who assumed a role; its id is the SHA-256 of the token, in hex. */
export interface ImpersonationTokenDocument {
  readonly roleId: string;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
}

/** The organization, once it has its first rules; its id is its alias. */
export interface OrganizationDocument {
  readonly createdAtMs: number;
}

/** Every kind of document there is, by the name it has in the change log. */
export interface StateDocuments {
  readonly 'log-group': LogGroupDocument;
  readonly 'log-stream': LogStreamDocument;
  readonly 'query-definition': QueryDefinitionDocument;
  readonly 'api-key': ApiKeyDocument;
  readonly organization: OrganizationDocument;
  readonly 'access-rule': AccessRuleDocument;
  readonly 'mobile-device-rule': MobileDeviceRuleDocument;
  readonly 'mobile-device-override': MobileDeviceOverrideDocument;
  readonly 'impersonation-role': ImpersonationRoleDocument;
  readonly 'impersonation-token': ImpersonationTokenDocument;
  readonly 'delivery-source': DeliverySourceDocument;
  readonly 'delivery-destination': DeliveryDestinationDocument;
  readonly delivery: DeliveryDocument;
}

export type DocumentKind = keyof StateDocuments;

/** Members that never appear in an event, by kind. */
export const SECRET_MEMBERS: {
  readonly [K in DocumentKind]?: readonly (keyof StateDocuments[K])[];
} = { 'api-key': ['secretAccessKey', 'bearerToken'] };

// Which log groups there are: the organization's audit logs, and those that clients made. Every
// operation finds its group here, by name or by ARN.
import { LOG_TYPES, logGroupName, logTypeOfGroup, type LogType } from '../../../event/log-type.ts';
import type { LogGroupDocument } from '../../../state/documents.ts';
import type { StateView } from '../../../state/state.ts';
import type { Organization } from '../../../config/organization.ts';
import type { KnownGroup, QueriedGroup } from '../../query-language.ts';
import { groupNotFound, invalidParameter } from './refusal.ts';

/** The one stream of an audit log. */
export const AUDIT_STREAM = 'mailtrail';

/** A log group as the operations see it. */
export interface LogGroup {
  readonly name: string;
  /** Without `:*` at its end. */
  readonly arn: string;
  readonly document: LogGroupDocument;
  /** Which audit log it is; absent for a group that a client made. */
  readonly logType?: LogType;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** A group as the query language knows it. What is beyond its retention is not shown any more. */
export function queriedGroup({ name, logType, document }: LogGroup, nowMs: number): QueriedGroup {
  if (logType !== undefined) return { name, logType };
  const { groupId, retentionDays } = document;
  const kept = retentionDays !== undefined && { keptSinceMs: nowMs - retentionDays * DAY_MS };
  return { name, logGroupId: groupId, ...kept };
}

/** The groups that a query's text may choose, with what it chooses by. */
export function queryable(groups: readonly LogGroup[], nowMs: number): readonly KnownGroup[] {
  return groups.flatMap((group) => {
    const { class: groupClass, tags } = group.document;
    return groupClass === 'DELIVERY'
      ? []
      : [{ ...queriedGroup(group, nowMs), tags, class: groupClass }];
  });
}

export interface CatalogOptions {
  readonly organization: Organization;
  /** When the audit logs came into being, ms since the Unix epoch. */
  readonly createdAtMs: number;
  /** Days that an audit log is kept by the configuration. */
  readonly retentionDays: (logType: LogType) => number | undefined;
}

/** See the head of this file. It holds nothing: what there is says the state. */
export class LogGroupCatalog {
  readonly #options: CatalogOptions;
  readonly #arnPrefix: string;

  constructor(options: CatalogOptions) {
    const { account, region } = options.organization;
    this.#options = options;
    this.#arnPrefix = `arn:aws:logs:${region}:${account}:log-group:`;
  }

  /** The group of this name, or undefined. */
  find(view: StateView, name: string): LogGroup | undefined {
    const logType = logTypeOfGroup(this.#options.organization.name, name);
    const document = view.get('log-group', name);
    if (logType !== undefined) return this.#auditLog(name, logType, document);
    return document && { name, arn: this.arnOf(name), document };
  }

  /** The group of this name; throws ResourceNotFoundException. */
  get(view: StateView, name: string): LogGroup {
    const group = this.find(view, name);
    if (group === undefined) throw groupNotFound();
    return group;
  }

  /** The name in a name or an ARN of this account; throws InvalidParameterException. */
  nameOf(identifier: string): string {
    if (!identifier.startsWith('arn:')) return identifier;
    const prefix = this.#arnPrefix;
    if (identifier.startsWith(prefix)) return identifier.slice(prefix.length);
    throw invalidParameter(
      `The specified log group ARN is not of this account and Region: expected ${prefix}NAME`,
    );
  }

  /** The one group that a request names in either way; throws when it names none or both. */
  ofRequest(
    view: StateView,
    input: {
      readonly logGroupName?: string | undefined;
      readonly logGroupIdentifier?: string | undefined;
    },
  ): LogGroup {
    const { logGroupName: name, logGroupIdentifier: identifier } = input;
    if ((name === undefined) === (identifier === undefined)) {
      throw invalidParameter('Exactly one of logGroupName and logGroupIdentifier must be given.');
    }
    return this.get(view, name ?? this.nameOf(identifier ?? ''));
  }

  /** All groups by name, in ASCII order. */
  list(view: StateView): readonly LogGroup[] {
    const { name: organization } = this.#options.organization;
    const groups = new Map<string, LogGroup>();
    for (const logType of LOG_TYPES) {
      const name = logGroupName(organization, logType);
      groups.set(name, this.#auditLog(name, logType, view.get('log-group', name)));
    }
    for (const [name, document] of view.list('log-group')) {
      if (!groups.has(name)) groups.set(name, { name, arn: this.arnOf(name), document });
    }
    return [...groups.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** The ARN of a group without the `:*` that DescribeLogGroups puts at its end. */
  arnOf(name: string): string {
    return `${this.#arnPrefix}${name}`;
  }

  #auditLog(name: string, logType: LogType, document: LogGroupDocument | undefined): LogGroup {
    const days = document?.retentionDays ?? this.#options.retentionDays(logType);
    return {
      name,
      arn: this.arnOf(name),
      logType,
      document: {
        ...(document ?? { tags: {} }),
        groupId: logType,
        createdAtMs: this.#options.createdAtMs,
        class: 'STANDARD',
        deletionProtection: true,
        ...(days !== undefined && { retentionDays: days }),
      },
    };
  }
}

// What a field's name means where rows are events: a system field, a column, or a path into the
// fields that no declaration knows.
import { EVENT_COLUMNS, type EventColumn, SYSTEM_COLUMNS } from '../../store/event-table.ts';
import { auditGroups, type QueryScope } from '../scope.ts';
import { columnSql } from './columns.ts';
import { jsonAt } from './json-path.ts';
import type { Parameters } from './parameters.ts';
import { MISSING_TEXT, type Share, type SqlValue } from './value.ts';

/** `@logStream` of every event: a log group of ours has one stream. */
export const LOG_STREAM = 'mailtrail';

const EVENT_PREFIX = 'event.';

export class EventFields {
  readonly #scope: QueryScope;
  readonly #parameters: Parameters;
  readonly #share: Share;

  constructor(scope: QueryScope, parameters: Parameters, share: Share) {
    this.#scope = scope;
    this.#parameters = parameters;
    this.#share = share;
  }

  /** The field's value; NULL in SQL for events that have no such field. */
  resolve(name: string): SqlValue {
    return this.#system(name) ?? this.#declared(name) ?? this.#undeclared(name);
  }

  #system(name: string): SqlValue | undefined {
    const parameters = this.#parameters;
    switch (name) {
      case '@timestamp':
        return { sql: columnSql(SYSTEM_COLUMNS.eventTime), type: 'timestamp' };
      case '@ingestionTime':
        return { sql: columnSql(SYSTEM_COLUMNS.ingestionTime), type: 'timestamp' };
      case '@log':
        return { sql: this.#share(this.#log()), type: 'text' };
      case '@logStream':
        return { sql: parameters.bind(LOG_STREAM, 'String'), type: 'text', literal: LOG_STREAM };
      case '@aws.account': {
        const { account } = this.#scope;
        return { sql: parameters.bind(account, 'String'), type: 'text', literal: account };
      }
      case '@ptr':
        return { sql: pointerSql(), type: 'text' };
      case 'event_timestamp':
        return {
          sql: `toUnixTimestamp64Milli(${columnSql(SYSTEM_COLUMNS.eventTime)})`,
          type: 'number',
          integral: true,
        };
      default:
        return undefined;
    }
  }

  #log(): string {
    const { account } = this.#scope;
    const groups = auditGroups(this.#scope.groups);
    const name = (group: string): string => this.#parameters.bind(`${account}:${group}`, 'String');
    const [first, ...others] = groups;
    if (first === undefined) return MISSING_TEXT.sql;
    if (others.length === 0) return name(first.name);
    const logType = columnSql(SYSTEM_COLUMNS.logType);
    const branches = others.map((group) => {
      return `${logType} = ${this.#parameters.bind(group.logType, 'String')}, ${name(group.name)}`;
    });
    return `multiIf(${branches.join(', ')}, ${name(first.name)})`;
  }

  #declared(name: string): SqlValue | undefined {
    const column = EVENT_COLUMNS.get(name);
    if (column !== undefined) return columnValue(column);
    // A path into a map or list: the longest declared field that the name begins with.
    for (let dot = name.lastIndexOf('.'); dot > 0; dot = name.lastIndexOf('.', dot - 1)) {
      const outer = EVENT_COLUMNS.get(name.slice(0, dot));
      if (outer === undefined) continue;
      const steps = name.slice(dot + 1).split('.');
      if (outer.kind === 'texts') return this.#item(outer, steps);
      if (outer.kind !== 'json') return MISSING_TEXT;
      return jsonAt(columnSql(outer.column), steps, this.#parameters, this.#share);
    }
    return undefined;
  }

  #item(column: EventColumn, steps: readonly string[]): SqlValue {
    const [step = '', ...deeper] = steps;
    if (deeper.length > 0 || !/^\d{1,9}$/.test(step)) return MISSING_TEXT;
    const list = columnSql(column.column);
    const index = this.#parameters.bind(Number(step) + 1, 'Int64');
    return { sql: `if(length(${list}) >= ${index}, ${list}[${index}], NULL)`, type: 'text' };
  }

  #undeclared(name: string): SqlValue {
    const inEvent = name.startsWith(EVENT_PREFIX);
    const column = inEvent ? SYSTEM_COLUMNS.eventExtra : SYSTEM_COLUMNS.extra;
    const path = inEvent ? name.slice(EVENT_PREFIX.length) : name;
    return jsonAt(columnSql(column), path.split('.'), this.#parameters, this.#share);
  }
}

function columnValue({ column, kind, spread }: EventColumn): SqlValue {
  const sql = columnSql(column);
  switch (kind) {
    case 'text':
      return { sql, type: 'text', ...(spread === 'few' && { dictionary: true }) };
    case 'boolean':
      return { sql, type: 'boolean' };
    case 'integer':
    case 'timestamp':
      return { sql, type: 'number', integral: true };
    case 'texts':
      // An empty list is how the table keeps an absent one.
      return { sql: `if(empty(${sql}), NULL, toJSONString(${sql}))`, type: 'json', list: sql };
    case 'json':
      return { sql, type: 'json' };
  }
}

/** The pointer to an event: see pointer.ts for how it is read back. */
export function pointerSql(): string {
  return `base64Encode(concat('e', toString(${columnSql(SYSTEM_COLUMNS.position)})))`;
}

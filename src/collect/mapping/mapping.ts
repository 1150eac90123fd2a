// One mapping at work: whether a record is for it, and the event it becomes. What comes out has passed
// the front door that records over HTTP pass (event/admit.ts), so that no mapping can make an event
// that could not have come that way.
import { admitObject } from '../../event/admit.ts';
import type { AuditEvent } from '../../event/audit-event.ts';
import type { FieldSpec } from '../../event/field.ts';
import { journalLine } from '../../event/journal-line.ts';
import type { LogType } from '../../event/log-type.ts';
import { EVENT_LINE_BYTES_MAX } from '../http/admit-batch.ts';
import { type Expression, type Scope, textOf, ValueRefusal } from './expression.ts';
import { fieldValue } from './field-value.ts';
import type { ForeignSource } from './foreign-record.ts';
import type { Groups, Pattern } from './pattern.ts';
import { type JsonObject, type ReadRecord, valueAt } from './read-record.ts';

/** Which records a mapping is for; all conditions must hold. */
export interface When {
  readonly sources?: readonly ForeignSource[];
  readonly programs?: readonly string[];
  /** The line has it. */
  readonly line?: Pattern;
  /** The parsed record has values at these paths. */
  readonly has: readonly string[];
  /** The parsed record's value at the path is one of these. */
  readonly is: readonly { readonly path: string; readonly values: ReadonlySet<string> }[];
}

/** How a record is taken apart. */
export type Parse =
  | { readonly kind: 'json' }
  | { readonly kind: 'key=value' }
  | { readonly kind: 'regex'; readonly pattern: Pattern };

export interface MappedField {
  readonly field: FieldSpec;
  readonly expression: Expression;
}

/** A mapping as it was read and found good. */
export interface Mapping {
  readonly name: string;
  readonly when: When;
  readonly parse: Parse;
  /** Undefined: the record is known, and no event. */
  readonly logType: LogType | undefined;
  readonly fields: readonly MappedField[];
  readonly extra: readonly (readonly [name: string, expression: Expression])[];
  /** Later mappings see the record too. */
  readonly goesOn: boolean;
}

/** What a mapping made of a record that is for it. */
export interface Mapped {
  readonly mapping: string;
  readonly event?: AuditEvent;
  /** Why there is no event, one for each field that is wrong. */
  readonly problems: readonly string[];
}

type Parsed = { readonly get: (path: string) => unknown } | { readonly problem: string };

function parsed(parse: Parse, record: ReadRecord): Parsed | undefined {
  switch (parse.kind) {
    case 'json': {
      const object = record.json();
      return object && { get: (path) => valueAt(object, path) };
    }
    case 'key=value': {
      const pairs = record.keyValues();
      if (pairs === undefined) return undefined;
      if (!pairs.ok) return { problem: pairs.reason };
      return { get: (path) => pairs.values[path] };
    }
    case 'regex': {
      const groups: Groups | undefined =
        record.text === undefined ? undefined : parse.pattern.groups(record.text);
      return groups && { get: (path) => groups.get(path) };
    }
  }
}

/** Whether the frame and the line are those the mapping is for. */
function frameFits(when: When, record: ReadRecord): boolean {
  const { source, program } = record.record;
  if (when.sources?.includes(source) === false) return false;
  if (when.programs !== undefined && !when.programs.includes(program ?? '')) return false;
  return when.line === undefined || (record.text !== undefined && when.line.test(record.text));
}

function contentFits(when: When, scope: Scope): boolean {
  for (const path of when.has) {
    const value = scope.valueAt(path);
    if (value === undefined || value === '') return false;
  }
  return when.is.every(({ path, values }) => values.has(textOf(scope.valueAt(path)) ?? ''));
}

/** The named values that are there; what is wrong goes to the problems. */
function evaluated<Key>(
  entries: Iterable<readonly [Key, string, Expression]>,
  scope: Scope,
  finish: (key: Key, value: unknown) => unknown,
  problems: string[],
): [string, unknown][] {
  const out: [string, unknown][] = [];
  for (const [key, name, expression] of entries) {
    try {
      const value = expression(scope);
      if (value !== undefined) out.push([name, finish(key, value)]);
    } catch (error) {
      if (!(error instanceof ValueRefusal)) throw error;
      problems.push(`field ${name}: ${error.message}`);
    }
  }
  return out;
}

/** The nested object of the paths: `event.subject` into `event`. */
function nested(values: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  const inner = new Map<string, [string, unknown][]>();
  const top: [string, unknown][] = [];
  for (const [path, value] of values) {
    const dot = path.indexOf('.');
    if (dot < 0) {
      top.push([path, value]);
      continue;
    }
    const parent = path.slice(0, dot);
    const members = inner.get(parent);
    const member: [string, unknown] = [path.slice(dot + 1), value];
    if (members === undefined) inner.set(parent, [member]);
    else members.push(member);
  }
  for (const [parent, members] of inner) top.push([parent, Object.fromEntries(members)]);
  return Object.fromEntries(top);
}

function makeEvent(mapping: Mapping, logType: LogType, scope: Scope): Mapped {
  const problems: string[] = [];
  const fields = evaluated(
    mapping.fields.map(({ field, expression }) => [field, field.path, expression] as const),
    scope,
    fieldValue,
    problems,
  );
  const extra = evaluated(
    mapping.extra.map(([name, expression]) => [name, name, expression] as const),
    scope,
    (_, value) => value,
    problems,
  );
  if (problems.length > 0) return { mapping: mapping.name, problems };
  const record: JsonObject = {
    event_timestamp: scope.valueAt('@time'),
    ...Object.fromEntries(extra),
    ...nested(fields),
    log_type: logType,
  };
  const admission = admitObject(record, scope.nowMs);
  if (!admission.ok) return { mapping: mapping.name, problems: [admission.reason] };
  const { event } = admission;
  if (journalLine(event).length > EVENT_LINE_BYTES_MAX) {
    const reason = `the event is longer than ${EVENT_LINE_BYTES_MAX} bytes as a journal line`;
    return { mapping: mapping.name, problems: [reason] };
  }
  return { mapping: mapping.name, event, problems };
}

/** What the mapping makes of the record; undefined when the record is not for it. */
export function applyMapping(mapping: Mapping, record: ReadRecord): Mapped | undefined {
  if (!frameFits(mapping.when, record)) return undefined;
  const content = parsed(mapping.parse, record);
  if (content === undefined) return undefined;
  if ('problem' in content) {
    // Its values cannot be looked at: only a pattern of its own says that the line is for this mapping.
    const { line, has, is } = mapping.when;
    if (line === undefined && has.length + is.length > 0) return undefined;
    return { mapping: mapping.name, problems: [content.problem] };
  }
  const scope: Scope = {
    valueAt: (path) => (path.startsWith('@') ? record.frame(path) : content.get(path)),
    nowMs: record.record.receivedMs,
  };
  if (!contentFits(mapping.when, scope)) return undefined;
  if (mapping.logType === undefined) return { mapping: mapping.name, problems: [] };
  return makeEvent(mapping, mapping.logType, scope);
}

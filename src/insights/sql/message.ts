// `@message`: the event's JSON, made by the engine from the columns. It must be the same text as
// canonicalJson of src/event makes.
import { type LogType, logTypeSpec } from '../../event/log-type.ts';
import { columnName, EVENT_COLUMNS, SYSTEM_COLUMNS } from '../../store/event-table.ts';
import { columnSql } from './columns.ts';
import { named } from './value.ts';
import { constantText, type Parameters } from './parameters.ts';

/** `,"key":` followed by the value, or nothing where the field is absent. */
function member(path: string, key: string): string {
  if (path === 'event_timestamp') {
    const ms = `toString(toUnixTimestamp64Milli(${columnSql(SYSTEM_COLUMNS.eventTime)}))`;
    return `concat(${constantText(`,"${key}":`)}, ${ms})`;
  }
  const column = columnSql(columnName(path));
  const start = constantText(`,"${key}":`);
  switch (EVENT_COLUMNS.get(path)?.kind) {
    case 'text':
      return `ifNull(concat(${start}, toJSONString(${column})), '')`;
    case 'texts':
      return `if(empty(${column}), '', concat(${start}, toJSONString(${column})))`;
    case 'boolean':
      return `multiIf(isNull(${column}), '', ${column}, ${constantText(`,"${key}":true`)}, ${constantText(`,"${key}":false`)})`;
    default:
      // Numbers are written as they are, maps and lists are kept as their JSON.
      return `ifNull(concat(${start}, toString(${column})), '')`;
  }
}

/** The members of `extra`, which is the text of an object, each with a comma in front. */
function furtherMembers(column: string): string {
  const extra = columnSql(column);
  return `if(length(${extra}) > 2, concat(',', substring(${extra}, 2, length(${extra}) - 2)), '')`;
}

/** An object of members that each begin with a comma. */
function object(members: readonly string[]): string {
  return `concat('{', substring(concat(${members.join(', ')}), 2), '}')`;
}

function logTypeJson(logType: LogType): string {
  const members: string[] = [];
  const done = new Set<string>();
  const { fields } = logTypeSpec(logType);
  for (const { path } of fields) {
    const dot = path.indexOf('.');
    const key = dot < 0 ? path : path.slice(0, dot);
    if (done.has(key)) continue;
    done.add(key);
    if (dot < 0) {
      members.push(member(path, key));
      continue;
    }
    const inner = fields.filter((field) => field.path.startsWith(`${key}.`));
    const parts = inner.map((field) => member(field.path, field.path.slice(key.length + 1)));
    parts.push(furtherMembers(SYSTEM_COLUMNS.eventExtra));
    members.push(constantText(`,"${key}":`), object(parts));
  }
  members.push(furtherMembers(SYSTEM_COLUMNS.extra));
  return object(members);
}

/**
 * Where the engine's JSON differs from JavaScript's: it writes the line separators as escapes, and
 * hex digits of other escapes in capitals.
 */
const ESCAPES: readonly (readonly [string, string])[] = [
  ['\\u2028', '\u2028'],
  ['\\u2029', '\u2029'],
  ...['0B', '0E', '0F', '1A', '1B', '1C', '1D', '1E', '1F'].map(
    (hex): readonly [string, string] => [`\\u00${hex}`, `\\u00${hex.toLowerCase()}`],
  ),
];

/** Few messages have such characters; an escaped backslash must not be taken for their beginning. */
function likeJavaScript(json: string, parameters: Parameters): string {
  const text = (value: string): string => parameters.bind(value, 'String');
  const pairs = ESCAPES.map((pair) => pair.map(text));
  const from = pairs.map(([escape]) => escape).join(', ');
  let part = '_part';
  for (const [found = '', wanted = ''] of pairs) part = `replaceAll(${part}, ${found}, ${wanted})`;
  const backslashes = text('\\\\');
  const parts = `arrayMap(_part -> ${part}, splitByString(${backslashes}, _json))`;
  const wanted = `if(multiSearchAny(_json, [${from}]), arrayStringConcat(${parts}, ${backslashes}), _json)`;
  return named('_json', json, wanted);
}

/** The SQL of `@message` for events of these log types. */
export function messageSql(logTypes: readonly LogType[], parameters: Parameters): string {
  const [first, ...others] = [...new Set(logTypes)];
  if (first === undefined) return "''";
  const branches = others.map((logType) => {
    const isType = `${columnSql(SYSTEM_COLUMNS.logType)} = ${parameters.bind(logType, 'String')}`;
    return `${isType}, ${logTypeJson(logType)}`;
  });
  const json =
    branches.length === 0
      ? logTypeJson(first)
      : `multiIf(${branches.join(', ')}, ${logTypeJson(first)})`;
  return likeJavaScript(json, parameters);
}

// Functions of maps and lists.
import { itemsOf } from '../sql/json-path.ts';
import { asShownText, asText } from '../sql/value.ts';
import type { FunctionDefinition } from './function.ts';

/** @see CloudWatch Logs user guide, "JSON functions" */
export const JSON_FUNCTIONS: readonly FunctionDefinition[] = [
  {
    name: 'jsonParse',
    parameters: ['any'],
    result: 'json',
    about: 'The map or list that a JSON text is; missing when it is none.',
    sql: ([text = ''], { values: [value], share }) => {
      if (value?.type !== 'text' && value?.type !== 'json') return 'CAST(NULL AS Nullable(String))';
      const json = share(text);
      // With the engine's JSON functions a missing value is no text in every place.
      return `if(isValidJSON(ifNull(${json}, '')) AND match(${json}, '^[[:space:]]*[{[]'), ${json}, NULL)`;
    },
  },
  {
    name: 'jsonStringify',
    parameters: ['any'],
    result: 'text',
    about: 'The JSON text of a value.',
    sql: ([value = ''], { values: [given] }) => {
      if (given?.type === 'json') return value;
      if (given?.type === 'boolean') return `toString(toUInt8(${value}))`;
      return given?.type === 'number' ? `toString(${value})` : `toJSONString(toString(${value}))`;
    },
  },
  {
    name: 'jsonArraySize',
    parameters: ['any'],
    result: 'integer',
    about: 'How many items a list has; missing when it is none.',
    sql: ([list = ''], { share }) => {
      const json = share(`ifNull(toString(${list}), '')`);
      return `if(JSONType(${json}) = 'Array', JSONLength(${json}), NULL)`;
    },
  },
  {
    name: 'jsonArrayContains',
    parameters: ['any', 'text'],
    result: 'boolean',
    about: '1 when a list has the item.',
    sql: (_, { values: [list, item] }) => {
      if (list === undefined || item === undefined) return '0';
      const text = asText(item);
      const isList = `JSONType(ifNull(${asShownText(list)}, '')) = 'Array'`;
      return `(${isList} AND isNotNull(${text}) AND has(${itemsOf(list)}, ${text}))`;
    },
  },
];

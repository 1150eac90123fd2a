// Functions of maps and lists.
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
      return `if(isValidJSON(${json}) AND match(${json}, '^[[:space:]]*[{[]'), ${json}, NULL)`;
    },
  },
  {
    name: 'jsonStringify',
    parameters: ['any'],
    result: 'text',
    about: 'The JSON text of a value.',
    sql: ([value = ''], { values: [given] }) => {
      if (given?.type === 'json') return value;
      return given?.type === 'number' || given?.type === 'boolean'
        ? `toString(${value})`
        : `toJSONString(toString(${value}))`;
    },
  },
  {
    name: 'jsonArraySize',
    parameters: ['any'],
    result: 'integer',
    about: 'How many items a list has; missing when it is none.',
    sql: ([list = '']) =>
      `if(JSONType(toString(${list})) = 'Array', JSONLength(toString(${list})), NULL)`,
  },
  {
    name: 'jsonArrayContains',
    parameters: ['any', 'text'],
    result: 'boolean',
    about: '1 when a list has the item.',
    sql: ([list = '', item = '']) =>
      `ifNull(has(JSONExtract(ifNull(toString(${list}), ''), 'Array(String)'), ifNull(${item}, '')), 0)`,
  },
];

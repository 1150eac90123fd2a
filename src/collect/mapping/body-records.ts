// The records in a text that a program sends or an administrator tries: a JSON object, an array of them,
// one a line (NDJSON), or lines of a log.
import type { ForeignRecord } from './foreign-record.ts';
import { parseJson } from './parse-json.ts';

/** The contents of the records, each with the line it begins on (arrays count their items), from 1. */
export interface NumberedContent {
  readonly line: number;
  readonly content: ForeignRecord['content'];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function whole(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined; // Not one JSON value: lines.
  }
}

/** Takes a text apart. What is no JSON object stays a text, for mappings of text to look at. */
export function recordsOf(text: string): NumberedContent[] {
  const first = text.trimStart()[0];
  const json = first === '{' || first === '[' ? whole(text) : undefined;
  if (isObject(json)) return [{ line: 1, content: json }];
  if (Array.isArray(json)) {
    return json.map((item: unknown, index) => ({
      line: index + 1,
      content: isObject(item) ? item : JSON.stringify(item),
    }));
  }
  return text.split('\n').flatMap((line, index) => {
    const content = line.endsWith('\r') ? line.slice(0, -1) : line;
    return content.trim() === '' ? [] : [{ line: index + 1, content }];
  });
}

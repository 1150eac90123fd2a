// A foreign record as mappings look at it: its text or object, taken apart in each way once, however
// many mappings ask.
import type { ForeignRecord } from './foreign-record.ts';
import { JSON_BYTES_MAX, TEXT_LENGTH_MAX } from './limits.ts';
import { parseJson } from './parse-json.ts';
import { parseKeyValues } from './key-values.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/** What a record's frame says of it, by the paths of expressions. */
export const FRAME_PATHS = ['@line', '@program', '@host', '@time'] as const;

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The value at a path: `data.to.0`. A key may itself have dots, as in OpenTelemetry's attributes; the
 * longest key is tried first. Undefined when there is nothing, an empty text or null.
 */
export function valueAt(value: unknown, path: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  const object = value as JsonObject;
  if (Object.hasOwn(object, path)) {
    const found = object[path];
    return found === null || found === '' ? undefined : found;
  }
  for (let dot = path.lastIndexOf('.'); dot > 0; dot = path.lastIndexOf('.', dot - 1)) {
    const key = path.slice(0, dot);
    if (Object.hasOwn(object, key)) return valueAt(object[key], path.slice(dot + 1));
  }
  return undefined;
}

/** See the head of this file. */
export class ReadRecord {
  readonly record: ForeignRecord;
  readonly #text: string | undefined;
  #json: JsonObject | null | undefined;
  #keyValues: ReturnType<typeof parseKeyValues> | undefined;

  constructor(record: ForeignRecord) {
    this.record = record;
    if (typeof record.content === 'string') this.#text = record.content;
    else this.#json = record.content;
  }

  /** The line; undefined for an object. */
  get text(): string | undefined {
    return this.#text;
  }

  /** Why the record is too long to be looked at; undefined when it is not. */
  get tooLong(): string | undefined {
    const length = this.#text?.length ?? 0;
    if (length <= TEXT_LENGTH_MAX) return undefined;
    if (this.#text?.startsWith('{') !== true) {
      return `the line has ${length} characters; at most ${TEXT_LENGTH_MAX} are read`;
    }
    const bytes = Buffer.byteLength(this.#text);
    if (bytes <= JSON_BYTES_MAX) return undefined;
    return `the line has ${bytes} bytes; at most ${JSON_BYTES_MAX} are read`;
  }

  /** The object, or the object that the line is as JSON; undefined when it is none. */
  json(): JsonObject | undefined {
    if (this.#json === undefined) {
      this.#json = null;
      const text = this.#text?.trim() ?? '';
      if (text.startsWith('{')) {
        try {
          const parsed = parseJson(text);
          if (isObject(parsed)) this.#json = parsed;
        } catch {
          this.#json = null; // Not JSON: no mapping that wants JSON is for it.
        }
      }
    }
    return this.#json ?? undefined;
  }

  /** The line's `key=value` pairs; undefined for an object, a problem where they contradict. */
  keyValues(): ReturnType<typeof parseKeyValues> | undefined {
    if (this.#text === undefined || this.#text.length > TEXT_LENGTH_MAX) return undefined;
    this.#keyValues ??= parseKeyValues(this.#text);
    return this.#keyValues;
  }

  /** What the frame says; undefined where it does not. */
  frame(path: string): unknown {
    switch (path) {
      case '@line':
        return this.#text;
      case '@program':
        return this.record.program;
      case '@host':
        return this.record.host;
      case '@time':
        return this.record.timeMs ?? this.record.receivedMs;
      default:
        return undefined;
    }
  }
}

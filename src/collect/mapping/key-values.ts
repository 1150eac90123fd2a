// Lines of `key=value` pairs: `user=bob ip="192.0.2.1"`, Cyrus's `uid=<5>`. A stranger may have had a
// value written into the line that looks like a further pair. What is quoted is one value; where a
// line says the same key twice with different values, nobody can tell which is forged, and it is
// refused.
import { KEY_VALUES_MAX } from './limits.ts';

export type KeyValues =
  | { readonly ok: true; readonly values: Readonly<Record<string, string>> }
  | { readonly ok: false; readonly reason: string };

/** A key begins where a word begins. */
const KEY = /[A-Za-z_][\w.@/-]*=/y;

/** The value that begins at the index, and where it ends. */
function valueFrom(line: string, at: number): { value: string; end: number } | undefined {
  const first = line[at];
  if (first === '"') return quoted(line, at + 1);
  if (first === '<') return bracketed(line, at + 1);
  let end = line.indexOf(' ', at);
  if (end < 0) end = line.length;
  // A list is often written `a=1, b=2`.
  const value = line.slice(at, end).replace(/[,;]$/, '');
  return { value, end };
}

function quoted(line: string, from: number): { value: string; end: number } | undefined {
  let value = '';
  for (let at = from; at < line.length; at++) {
    const character = line[at] ?? '';
    if (character === '"') return { value, end: at + 1 };
    if (character === '\\') at++;
    value += line[at] ?? '';
  }
  return undefined;
}

/** `<…>` ends with the first `>` that a space or the line's end follows. */
function bracketed(line: string, from: number): { value: string; end: number } | undefined {
  for (let at = line.indexOf('>', from); at >= 0; at = line.indexOf('>', at + 1)) {
    const next = line[at + 1];
    if (next === undefined || next === ' ' || next === ',' || next === ';') {
      return { value: line.slice(from, at), end: at + 1 };
    }
  }
  return undefined;
}

/**
 * Reads a line's pairs; words without `=` are passed over. Refused are lines in which a quoted value does not
 * end, a key comes twice with different values, or that have more than KEY_VALUES_MAX pairs.
 */
export function parseKeyValues(line: string): KeyValues {
  const values = Object.create(null) as Record<string, string>;
  let count = 0;
  for (let at = 0; at < line.length; at++) {
    if (line[at] === ' ') continue;
    KEY.lastIndex = at;
    const key = KEY.exec(line)?.[0].slice(0, -1);
    if (key === undefined) {
      const space = line.indexOf(' ', at);
      if (space < 0) break;
      at = space;
      continue;
    }
    const found = valueFrom(line, at + key.length + 1);
    if (found === undefined) return { ok: false, reason: `the value of ${key} does not end` };
    const earlier = values[key];
    if (earlier !== undefined && earlier !== found.value) {
      return { ok: false, reason: `${key} is there twice with different values` };
    }
    if (earlier === undefined && ++count > KEY_VALUES_MAX) {
      return { ok: false, reason: `more than ${KEY_VALUES_MAX} fields` };
    }
    values[key] = found.value;
    at = found.end;
  }
  return { ok: true, values };
}

// The last step of a mapping: an expression's value becomes what the field's declaration wants. What
// is not plainly that is refused, so that no field is filled by a guess.
import type { FieldSpec } from '../../event/field.ts';
import { quoted, textOf, ValueRefusal } from './expression.ts';

function whole(value: unknown, expected: string): number {
  const text = textOf(value);
  if (text !== undefined && /^-?\d{1,15}$/.test(text)) return Number(text);
  throw new ValueRefusal(`expected ${expected}, found ${quoted(value)}`);
}

function text(value: unknown): string {
  const found = Array.isArray(value) && value.length === 1 ? textOf(value[0]) : textOf(value);
  if (found !== undefined) return found;
  throw new ValueRefusal(`expected a text, found ${quoted(value)}`);
}

function boolean(value: unknown): boolean {
  if (value === true || value === 'true') return true;
  if (value === false || value === 'false') return false;
  throw new ValueRefusal(
    `expected true or false, found ${quoted(value)}; say with "then: boolean" which words are which`,
  );
}

/** The value as the field has it. Throws a ValueRefusal that says what was expected and found. */
export function fieldValue(field: FieldSpec, value: unknown): unknown {
  switch (field.kind) {
    case 'text':
      return text(value);
    case 'texts':
      return (Array.isArray(value) ? value : [value]).map(text);
    case 'integer':
      return whole(value, 'a whole number');
    case 'timestamp':
      return whole(value, 'milliseconds since 1970; say with "then: { time: … }" what it is');
    case 'boolean':
      return boolean(value);
    case 'json':
      return value;
  }
}

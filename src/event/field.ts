// How one field of an audit record is declared. Everything that must know the fields (admission,
// the store's table, the query language's names, the canonical JSON) reads these declarations,
// so a field is described in one place.

/**
 * The kinds a field's value can have.
 *
 * - `timestamp`: a number, milliseconds since the Unix epoch
 * - `text`: a string
 * - `texts`: an array of strings
 * - `integer`: a whole number
 * - `boolean`: true or false; queries see 1 or 0
 * - `json`: a JSON object or array, kept as its text
 */
export type FieldKind = 'timestamp' | 'text' | 'texts' | 'integer' | 'boolean' | 'json';

/** How a text field's values are distributed, which decides how the store keeps them. */
export type FieldSpread =
  /** few distinct values, e.g. a protocol */
  | 'few'
  /** many distinct values that queries look for exactly, e.g. a message id */
  | 'needle'
  /** many distinct values that are read rather than looked for, e.g. a subject */
  | 'prose';

/** One field of a log type. */
export interface FieldSpec {
  /** The JSON path in the record, e.g. `source_ip` or `event.recipient`; at most two levels. */
  readonly path: string;
  readonly kind: FieldKind;
  /** Only for `text`; `few` when absent. */
  readonly spread?: FieldSpread;
  /** A record without this field is refused. */
  readonly required?: true;
  /** Only Mailtrail itself sets it: records from outside are refused with it. */
  readonly reserved?: true;
  /** The closed list of values; absent when the vocabulary is open. */
  readonly oneOf?: readonly string[];
  /** Whether WorkMail has the field (its meaning is then WorkMail's) or it is Mailtrail's own. */
  readonly origin: 'workmail' | 'mailtrail';
  /** One sentence for the generated reference. */
  readonly about: string;
}

/** The TypeScript type of a field's value. */
export type FieldValue<Kind extends FieldKind> = Kind extends 'timestamp' | 'integer'
  ? number
  : Kind extends 'text'
    ? string
    : Kind extends 'texts'
      ? readonly string[]
      : Kind extends 'boolean'
        ? boolean
        : unknown;

/** The record type that a list of un-nested field declarations describes. */
export type RecordOf<Fields extends readonly FieldSpec[]> = {
  readonly [F in Fields[number] as F extends { required: true } ? F['path'] : never]: FieldValue<
    F['kind']
  >;
} & {
  readonly [F in Fields[number] as F extends { required: true } ? never : F['path']]?: FieldValue<
    F['kind']
  >;
};

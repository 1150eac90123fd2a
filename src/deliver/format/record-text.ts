// One record of a delivery as one line of text: what the formats json, plain, w3c and raw write. A
// destination calls it for each record of a batch; parquet is columns and not made here.
import type { DeliveryRecord } from '../destination.ts';
import type { OutputFormat } from '../delivery.ts';
import { fieldAt } from '../field-path.ts';

/** What an absent or null field is written as, as in W3C's extended log format. */
const ABSENT = '-';

/** The delimiter when none was chosen, as CloudFront's delivered text logs have it. */
export const DEFAULT_FIELD_DELIMITER = '\t';

/** CreateDelivery, `fieldDelimiter`: at most so many characters. */
export const FIELD_DELIMITER_CHARACTERS_MAX = 5;

export interface RecordTextOptions {
  readonly outputFormat: Exclude<OutputFormat, 'parquet'>;
  /** Of plain, w3c and raw; the default when absent or empty. */
  readonly fieldDelimiter?: string;
  /** The columns of plain, w3c and raw, in order; json writes the fields that the record has. */
  readonly fields: readonly string[];
}

/**
 * The delimiter to use. Throws a RangeError for one that an escape or a value's mark is written with
 * (letters, digits, `\`, `-`, `#`) or that ends a line: with it a line could not be taken apart again.
 */
export function usableDelimiter(fieldDelimiter: string | undefined): string {
  if (fieldDelimiter === undefined || fieldDelimiter === '') return DEFAULT_FIELD_DELIMITER;
  if (
    fieldDelimiter.length > FIELD_DELIMITER_CHARACTERS_MAX ||
    !/^[\t !-~]+$/.test(fieldDelimiter)
  ) {
    throw new RangeError(
      `fieldDelimiter: expected 1 to ${FIELD_DELIMITER_CHARACTERS_MAX} of tab, space and ASCII's marks, found ${JSON.stringify(fieldDelimiter)}`,
    );
  }
  if (/[0-9A-Za-z\\#-]/.test(fieldDelimiter)) {
    throw new RangeError(
      `fieldDelimiter: letters, digits, "\\", "-" and "#" cannot delimit fields, found ${JSON.stringify(fieldDelimiter)}; choose e.g. a tab, a space or "|"`,
    );
  }
  return fieldDelimiter;
}

function codeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function escapeCharacter(character: string): string {
  if (character === '\\') return '\\\\';
  if (character === '\n') return '\\n';
  if (character === '\r') return '\\r';
  if (character === '\t') return '\\t';
  return codeEscape(character);
}

/** Whatever may end a line somewhere, is no character (lone surrogates), or opens an escape. */
const ALWAYS_ESCAPED =
  // oxlint-disable-next-line no-control-regex -- control characters are what it is about
  /[\\\u0000-\u001f\u007f-\u009f\u2028\u2029]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

function valueText(value: unknown, delimiter: string): string {
  if (value === undefined || value === null) return ABSENT;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (text === ABSENT) return codeEscape(ABSENT);
  let escaped = text.replace(ALWAYS_ESCAPED, escapeCharacter);
  // Each character of the delimiter, not the delimiter alone: a value's end and the delimiter's
  // beginning must not make up another one.
  for (const character of new Set(delimiter)) {
    if (character !== '\t') escaped = escaped.replaceAll(character, codeEscape(character));
  }
  // A line that begins so would be a directive of W3C's format.
  return escaped.startsWith('#') ? `${codeEscape('#')}${escaped.slice(1)}` : escaped;
}

/**
 * The record's line, without a line break. In json it is the record's JSON, which has no line breaks
 * of its own. In the others, the columns' values between delimiters: an absent field is `-`, nested
 * values are JSON, and `\\`, `\n`, `\r`, `\t` and `\uXXXX` stand for what would forge a delimiter, a line
 * or an absent field, and for lone surrogates: undoing the escapes gives each value's text back.
 * Throws a RangeError for a delimiter that `usableDelimiter` refuses.
 */
export function formatRecord(record: DeliveryRecord, options: RecordTextOptions): string {
  if (options.outputFormat === 'json') return JSON.stringify(record.fields);
  const delimiter = usableDelimiter(options.fieldDelimiter);
  return options.fields
    .map((field) => valueText(fieldAt(record.fields, field), delimiter))
    .join(delimiter);
}

/**
 * The lines that a file begins with, without line breaks; none but in w3c.
 *
 * @see W3C Extended Log File Format, WD-logfile-960323, "Directives"
 */
export function headerLines(options: RecordTextOptions): readonly string[] {
  if (options.outputFormat !== 'w3c') return [];
  return ['#Version: 1.0', `#Fields: ${options.fields.join(' ')}`];
}

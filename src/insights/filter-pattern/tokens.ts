// Space-delimited events as fields, told once for JavaScript and for SQL: what is between brackets or double
// quotation marks is one field, without them.

/** One field, for RE2 and JavaScript alike; it has no groups, as the engine would give those. */
export const FIELD_PATTERN = '\\[[^\\]]*\\]|"[^"]*"|[^ \\t\\r\\n]+';

/** What stands around a field. */
export const FIELD_MARKS_PATTERN = '^(?:\\[([^\\]]*)\\]|"([^"]*)")$';

/** The fields of an event as they stand in it. */
export function fieldsOf(message: string): readonly string[] {
  return message.match(new RegExp(FIELD_PATTERN, 'g')) ?? [];
}

/** A field without its brackets or quotation marks. */
export function bare(field: string): string {
  const marks = new RegExp(FIELD_MARKS_PATTERN).exec(field);
  return marks === null ? field : (marks[1] ?? marks[2] ?? '');
}

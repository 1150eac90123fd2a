// A field of a record by its path, in a record whose fields are nested or were chosen by their paths.

export type RecordFields = Readonly<Record<string, unknown>>;

/** The value at a path such as `event.recipient`; a chosen field has the path as its name. */
export function fieldAt(fields: RecordFields, path: string): unknown {
  if (Object.hasOwn(fields, path)) return fields[path];
  let value: unknown = fields;
  for (const step of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step))
      return undefined;
    value = (value as RecordFields)[step];
  }
  return value;
}

// The front door for records made elsewhere: one line of JSON in, one journal line out, or the
// reason why not.

/** What became of a line. `line` ends with a newline. */
export type Admission =
  | { readonly ok: true; readonly line: string }
  | { readonly ok: false; readonly reason: string };

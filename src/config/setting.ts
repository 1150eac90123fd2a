// The building blocks of the configuration's declaration: a setting knows what it is for, what it
// expects and what it is when nothing is said. The loader, the reference and `config show` read it.
//
// Every scalar reaches a setting as the text that was written, from the file, the environment or
// a flag alike, so that an account `012345678901` keeps its zero.
import { z } from 'zod';

/** What is known of a setting besides its type. */
export interface SettingMeta {
  /** What it does, in one or two sentences, for the reference. */
  readonly about: string;
  /** What is a right value, as the end of "expected …". */
  readonly expects: string;
  /** What to do about a wrong one, as the end of "found …; …". */
  readonly advice?: string;
  /** What the reference says is the default where it is not a fixed text. */
  readonly defaultNote?: string;
  /** A value that works, for the reference. */
  readonly example?: string;
  /** Never printed. */
  readonly secret?: boolean;
  /** A path of the file system; a relative one is resolved where it was written. */
  readonly path?: boolean;
  /** A list, in the environment separated by commas. */
  readonly list?: boolean;
  /** The keys of each entry, for a list of sections. */
  readonly entryKeys?: readonly string[];
}

/** The meta data of all settings; a schema that is in here is a setting, not a section. */
export const SETTING_META = z.registry<SettingMeta>();

/** Longest value repeated in an error message, in characters. */
const FOUND_LENGTH_MAX = 60;

/** What was written, short, for the "found …" of a message. */
export function describeFound(value: unknown, secret = false): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object') return `a section with the keys ${Object.keys(value).join(', ')}`;
  if (secret) return 'something else (not shown, as it is a secret)';
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > FOUND_LENGTH_MAX ? `${text.slice(0, FOUND_LENGTH_MAX - 3)}..."` : text;
}

/** The sentence of every configuration error. */
export function wrongValue(meta: SettingMeta, value: unknown): string {
  const advice = meta.advice ?? 'correct it or leave the setting out';
  return `expected ${meta.expects}, found ${describeFound(value, meta.secret)}; ${advice}`;
}

/** A text that must parse into T; `undefined` from `parse` means it does not. */
export function parsedText<T>(
  meta: SettingMeta,
  parse: (text: string) => T | undefined,
): z.ZodPipe<z.ZodString, z.ZodTransform<T, string>> {
  return z.string({ error: ({ input }) => wrongValue(meta, input) }).transform((text, context) => {
    const value = parse(text);
    if (value !== undefined) return value;
    context.addIssue({ code: 'custom', message: wrongValue(meta, text) });
    return z.NEVER;
  });
}

/** A setting with a default, given as it would be written. */
export function setting<T>(
  meta: SettingMeta,
  parse: (text: string) => T | undefined,
  fallback: string,
): z.ZodPrefault<z.ZodPipe<z.ZodString, z.ZodTransform<T, string>>> {
  const schema = parsedText(meta, parse).prefault(fallback);
  SETTING_META.add(schema, meta);
  return schema;
}

/** A setting that is absent when nothing is said. */
export function optionalSetting<T>(
  meta: SettingMeta,
  parse: (text: string) => T | undefined,
): z.ZodExactOptional<z.ZodPipe<z.ZodString, z.ZodTransform<T, string>>> {
  const schema = parsedText(meta, parse).exactOptional();
  SETTING_META.add(schema, meta);
  return schema;
}

/** A setting that is a list of texts. */
export function listSetting(
  meta: SettingMeta & { readonly entry: string },
  fallback: string[],
): z.ZodPrefault<z.ZodArray<z.ZodPipe<z.ZodString, z.ZodTransform<string, string>>>> {
  const entryMeta = { ...meta, expects: meta.entry };
  const entry = parsedText(entryMeta, (text) => (text === '' ? undefined : text));
  const schema = z
    .array(entry, { error: ({ input }) => wrongValue(meta, input) })
    .prefault(fallback);
  SETTING_META.add(schema, { ...meta, list: true });
  return schema;
}

/** A group of settings; it may be left out, and no other key may be in it. */
export function section<S extends z.ZodRawShape>(
  shape: S,
): z.ZodPrefault<z.ZodObject<S, z.core.$strict>> {
  return z
    .strictObject(shape, {
      error: (issue) =>
        issue.code === 'invalid_type'
          ? `expected a section with the keys ${Object.keys(shape).join(', ')}, found ${describeFound(issue.input)}; write the keys below it, indented`
          : undefined,
    })
    .prefault({} as never);
}

/** `true` or `false`, as YAML 1.2 and the environment write them. */
export function parseBoolean(text: string): boolean | undefined {
  return text === 'true' ? true : text === 'false' ? false : undefined;
}

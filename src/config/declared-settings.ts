// The declaration, walked: a flat list of all settings with their path and environment variable.
import { z } from 'zod';
import { CONFIG_SCHEMA } from './schema.ts';
import { SETTING_META, type SettingMeta } from './setting.ts';

/** All environment variables of settings begin so; those of the command line do not. */
export const ENV_PREFIX = 'MAILTRAIL__';

export interface DeclaredSetting {
  /** `server.tls.cert` */
  readonly path: string;
  /** `MAILTRAIL__SERVER__TLS__CERT` */
  readonly variable: string;
  readonly meta: SettingMeta;
  /** The default as it would be written; undefined when it is absent or depends on the machine. */
  readonly fallback?: string | readonly string[];
}

/** `server.allowPublicWithoutTls` → `MAILTRAIL__SERVER__ALLOW_PUBLIC_WITHOUT_TLS`. */
export function variableName(path: string): string {
  const parts = path.split('.').map((part) => part.replaceAll(/[A-Z]/g, '_$&').toUpperCase());
  return ENV_PREFIX + parts.join('__');
}

function fallbackOf(schema: z.core.$ZodType): string | readonly string[] | undefined {
  if (!(schema instanceof z.ZodPrefault)) return undefined;
  const value: unknown = schema.def.defaultValue;
  if (typeof value === 'string') return value;
  return Array.isArray(value) ? (value as string[]) : undefined;
}

function walk(schema: z.core.$ZodType, path: string, found: DeclaredSetting[]): void {
  const meta = SETTING_META.get(schema as z.ZodType);
  if (meta !== undefined) {
    const fallback = fallbackOf(schema);
    const known = { path, variable: variableName(path), meta };
    found.push(fallback === undefined ? known : { ...known, fallback });
    return;
  }
  const inner = schema instanceof z.ZodPrefault ? schema.unwrap() : schema;
  if (!(inner instanceof z.ZodObject)) throw new Error(`${path}: neither a setting nor a section`);
  for (const [key, child] of Object.entries(inner.shape)) {
    walk(child, path === '' ? key : `${path}.${key}`, found);
  }
}

function declaredSettings(): readonly DeclaredSetting[] {
  const found: DeclaredSetting[] = [];
  walk(CONFIG_SCHEMA, '', found);
  return found;
}

/** All settings in the order of their declaration. */
export const DECLARED_SETTINGS: readonly DeclaredSetting[] = declaredSettings();

/** The keys that a section may have, by its path; '' is the root, `collectors.mapped[0]` an entry of a list. */
export function keysOfSection(section: string): readonly string[] {
  const list = /^(.*)\[\d+\]$/.exec(section)?.[1];
  if (list !== undefined) {
    return DECLARED_SETTINGS.find(({ path }) => path === list)?.meta.entryKeys ?? [];
  }
  const prefix = section === '' ? '' : `${section}.`;
  const keys = DECLARED_SETTINGS.filter(({ path }) => path.startsWith(prefix)).map(
    ({ path }) => path.slice(prefix.length).split('.')[0] ?? '',
  );
  return [...new Set(keys)];
}

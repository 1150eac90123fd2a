// The configuration that Mailtrail prints for the mail servers, filled in: the tests run real servers
// with the very files that administrators get.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The project's folder, whether this runs as it is or compiled into build/. */
export function projectRoot(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}

/**
 * A template from packaging/ with its placeholders filled in. Throws when a placeholder has no value
 * or a value has no placeholder.
 */
export function filledSnippet(path: string, values: Readonly<Record<string, string>>): string {
  const template = readFileSync(join(projectRoot(), 'packaging', path), 'utf8');
  const unused = new Set(Object.keys(values));
  const text = template.replace(/\{\{(\w+)\}\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`packaging/${path}: no value for {{${name}}}`);
    unused.delete(name);
    return value;
  });
  if (unused.size > 0) {
    throw new Error(`packaging/${path} has no placeholder for ${[...unused].join(', ')}`);
  }
  return text;
}

// `config show`: the effective configuration as YAML that is itself a configuration, or as JSON,
// with where each value came from.
import { Document, isMap, Scalar, type Node } from 'yaml';
import type { EffectiveSetting } from './load.ts';
import { emptySection, formatOrigin, putAt, type RawValue } from './raw-tree.ts';

const SECRET = '***';

type Shown = string | number | boolean | null | Shown[] | { [key: string]: Shown };

/** Numbers and booleans as such; a text that only looks like a number (`0123`) stays a text. */
function shownValue(value: RawValue): Shown {
  if (value === null) return null;
  if (Array.isArray(value)) return value.map(shownValue);
  if (typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, v]) => [key, shownValue(v)]));
  }
  if (value === 'true' || value === 'false') return value === 'true';
  return /^(0|[1-9]\d{0,14})$/.test(value) ? Number(value) : value;
}

function valueOf({ secret, value }: EffectiveSetting): RawValue {
  // There is no secret in an empty list.
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return value ?? null;
  return secret ? SECRET : value;
}

/** As YAML; settings that are absent are left out. */
export function showYaml(
  settings: readonly EffectiveSetting[],
  options: { readonly origin: boolean },
): string {
  const tree = emptySection();
  for (const setting of settings) {
    if (setting.value !== undefined) putAt(tree, setting.path, valueOf(setting));
  }
  const document = new Document(shownValue(tree));
  if (options.origin) {
    for (const { path, origin, value } of settings) {
      if (value !== undefined) addComment(document, path.split('.'), ` ${formatOrigin(origin)}`);
    }
  }
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

function addComment(document: Document, keys: readonly string[], comment: string): void {
  const node = document.getIn(keys, true) as Node | undefined;
  if (node instanceof Scalar) {
    node.comment = comment;
    return;
  }
  // Behind a list or section a comment would stand below it: it goes above its key's line.
  const parent = document.getIn(keys.slice(0, -1), true);
  const pair = isMap(parent)
    ? parent.items.find(({ key }) => String(key) === keys.at(-1))
    : undefined;
  if (pair?.key instanceof Scalar) pair.key.commentBefore = comment;
}

/** As JSON: the nested settings, or with the origin a flat object of `{value, origin}`. */
export function showJson(
  settings: readonly EffectiveSetting[],
  options: { readonly origin: boolean },
): string {
  if (!options.origin) {
    const tree = emptySection();
    for (const setting of settings) putAt(tree, setting.path, valueOf(setting));
    return `${JSON.stringify(shownValue(tree), null, 2)}\n`;
  }
  const flat = settings.map((setting) => [
    setting.path,
    { value: shownValue(valueOf(setting)), origin: formatOrigin(setting.origin) },
  ]);
  return `${JSON.stringify(Object.fromEntries(flat), null, 2)}\n`;
}

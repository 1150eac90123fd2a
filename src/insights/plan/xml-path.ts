// The path of `parse … XML`: elements by name from the root down, at the end perhaps an attribute.
import type { StringLiteral } from '../ast.ts';
import { MalformedQuery } from '../error.ts';

export interface XmlPath {
  /** The elements' names, outermost first; at least one. */
  readonly elements: readonly string[];
  /** The attribute of the last element; its text when absent. */
  readonly attribute?: string;
}

/** A name, with a prefix perhaps. @see XML 1.0, production 5; ASCII names only */
const NAME = /^[A-Za-z_][\w.-]*(?::[A-Za-z_][\w.-]*)?$/;

/** Elements in one path; log records nest less, and each is a search of its own. */
export const XML_PATH_ELEMENTS_MAX = 20;

/** Reads a path such as `/event/level` or `/event/@id`. Throws MalformedQuery for any other. */
export function xmlPathOf(path: StringLiteral): XmlPath {
  const steps = path.value.replace(/^\//, '').split('/');
  if (steps.at(-1) === 'text()') steps.pop();
  const attribute = steps.at(-1)?.startsWith('@') === true ? steps.pop()?.slice(1) : undefined;
  const names = attribute === undefined ? steps : [...steps, attribute];
  if (steps.length > 0 && names.every((name) => NAME.test(name))) {
    if (steps.length > XML_PATH_ELEMENTS_MAX) {
      throw new MalformedQuery(`more than ${XML_PATH_ELEMENTS_MAX} elements in a path`, path);
    }
    return { elements: steps, ...(attribute !== undefined && { attribute }) };
  }
  throw new MalformedQuery(
    'expecting a path of element names, at its end perhaps an attribute: "/event/level", "/event/@id"',
    path,
  );
}

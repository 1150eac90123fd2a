// How many arguments a function takes, and of what kind each is.
import type { FunctionDefinition, ParameterKind } from './function.ts';

export interface Arity {
  readonly least: number;
  readonly most: number;
}

/** The numbers of arguments a function may be called with. */
export function arityOf(definition: FunctionDefinition): Arity {
  const { parameters, optional = 0, repeats = 0, maximum } = definition;
  const most = repeats > 0 ? (maximum ?? Number.POSITIVE_INFINITY) : parameters.length;
  return { least: parameters.length - optional, most };
}

/** The kind of the argument at an index; repeated parameters go round. */
export function kindOfParameter(definition: FunctionDefinition, index: number): ParameterKind {
  const { parameters, repeats = 0 } = definition;
  if (index < parameters.length || repeats === 0) return parameters[index] ?? 'any';
  const first = parameters.length - repeats;
  return parameters[first + ((index - first) % repeats)] ?? 'any';
}

/** The function with its parameters, e.g. `substr(text, number[, number])`. */
export function signatureOf(definition: FunctionDefinition): string {
  const { name, parameters, optional = 0, repeats = 0 } = definition;
  const required = parameters.slice(0, parameters.length - optional).join(', ');
  const rest = parameters.slice(parameters.length - optional).map((kind) => `, ${kind}`);
  const more = repeats > 0 ? ', …' : '';
  const text = `${required}${rest.map((kind) => `[${kind}]`).join('')}${more}`;
  return `${name}(${text.startsWith('[, ') ? `[${text.slice(3)}` : text})`;
}

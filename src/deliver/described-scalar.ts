// The scalars of a description (description.ts): a file has each as text, JSON as what it is.
import { z } from 'zod';
import { parseDuration, parseSize, SIZE_FORM } from '../config/quantity.ts';

const SECOND_MS = 1000;
const shown = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 80);

/** A scalar, which a file has as text and JSON as what it is. */
export function scalar<T>(expects: string, parse: (text: string) => T | undefined) {
  return z.unknown().transform((input, context): T => {
    const isScalar = ['string', 'number', 'boolean'].includes(typeof input);
    const value = isScalar ? parse(String(input)) : undefined;
    if (value !== undefined) return value;
    context.addIssue({ code: 'custom', message: `expected ${expects}, found ${shown(input)}` });
    return z.NEVER;
  });
}

export const formed = (form: RegExp, expects: string) =>
  scalar(expects, (text) => (form.test(text) ? text : undefined));
export const whole = (expects: string) =>
  scalar(expects, (text) => (/^\d{1,15}$/.test(text) ? Number(text) : undefined));
export const word = (expects: string) => formed(/^.+$/s, expects);
export const size = scalar(SIZE_FORM, parseSize);
export const flag = scalar('true or false', (text) =>
  text === 'true' ? true : text === 'false' ? false : undefined,
);
export const seconds = scalar('a duration such as 30s or 5m', (text) => {
  const ms = parseDuration(/^\d+$/.test(text) ? `${text}s` : text);
  return ms === undefined ? undefined : ms / SECOND_MS;
});
export const choice = <T extends string>(choices: readonly T[]) =>
  scalar(`one of ${choices.join(', ')}`, (text) => choices.find((each) => each === text));

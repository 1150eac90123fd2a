// The characters of a filter pattern, and what all three kinds of patterns are made of: quoted text, regular
// expressions, and values.
import { readPatternRegex } from './regex.ts';
import { InvalidFilterPattern, type PatternRegex, type PatternValue } from './pattern.ts';

/** An integer or decimal with an optional exponent. */
const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;

/** Reads a pattern from left to right. */
export class Scanner {
  readonly text: string;
  at = 0;

  constructor(text: string) {
    this.text = text;
  }

  get done(): boolean {
    return this.at >= this.text.length;
  }

  get next(): string {
    return this.text[this.at] ?? '';
  }

  skipSpace(): void {
    while (/\s/.test(this.next)) this.at++;
  }

  /** Takes the text if it comes next. */
  take(text: string): boolean {
    if (!this.text.startsWith(text, this.at)) return false;
    this.at += text.length;
    return true;
  }

  /** Takes what the sticky expression matches here. */
  match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    if (found !== undefined) this.at += found.length;
    return found;
  }

  /** Takes the text or throws. */
  expect(text: string, what: string = `"${text}"`): void {
    if (!this.take(text)) throw this.mistake(`expected ${what}`);
  }

  /** A mistake at the place reached, with what is there. */
  mistake(message: string, start: number = this.at): InvalidFilterPattern {
    const found = this.text.slice(start, start + 20);
    const what = found === '' ? 'the pattern ends' : `found ${JSON.stringify(found)}`;
    return new InvalidFilterPattern(
      `Invalid filter pattern: ${message} at character ${start}, ${what}.`,
      start,
    );
  }

  /** `"…"` with `\"` and `\\` inside. The opening quote comes next. */
  quoted(): string {
    const start = this.at;
    this.at++;
    let value = '';
    while (!this.done) {
      const character = this.next;
      this.at++;
      if (character === '"') return value;
      if (character === '\\' && /["\\]/.test(this.next)) {
        value += this.next;
        this.at++;
      } else value += character;
    }
    throw this.mistake('the text is not ended by a double quotation mark', start);
  }

  /** `%…%`. The opening percent sign comes next. */
  regex(): PatternRegex {
    const start = this.at;
    const end = this.text.indexOf('%', start + 1);
    if (end < 0) throw this.mistake('the regular expression is not ended by a percent sign', start);
    this.at = end + 1;
    return readPatternRegex(this.text.slice(start + 1, end), start + 1);
  }

  /** A value behind an operator: quoted, a regular expression, a number, or characters up to the stop. */
  value(word: RegExp): PatternValue {
    if (this.next === '"') return { kind: 'text', parts: this.quoted().split('*') };
    if (this.next === '%') return this.regex();
    const text = this.match(word);
    if (text === undefined) throw this.mistake('expected a value');
    if (NUMBER.test(text)) return { kind: 'number', value: Number(text), text };
    return { kind: 'text', parts: text.split('*') };
  }
}

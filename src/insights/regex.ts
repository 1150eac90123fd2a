// Regular expressions as RE2 understands them: what RE2 would refuse is refused here with its
// place, and group names, which may be any field's name, are taken out.
import type { Name, RegexLiteral } from './ast.ts';
import { MalformedQuery } from './error.ts';
import { REGEX_REPEAT_MAX, REGEX_STEPS_MAX } from './limits.ts';

export interface Regex {
  /** For RE2: all groups without names. */
  readonly pattern: string;
  /** The capturing groups in order, with their names where they have one. */
  readonly groups: readonly { readonly name?: Name }[];
}

/** Letters that may follow a backslash. @see RE2 syntax, "Escape sequences", "Perl classes" */
const ESCAPED_LETTERS = 'aftnrvdDsSwWbBAzQC';
const ESCAPED_LETTERS_IN_CLASS = 'aftnrvdDsSwW';
const EMPTY_QUOTE = '\\Q\\E';
const REPETITION = /\{(\d+)(?:(,)(\d*))?\}/y;
const FLAGS = /\?[imsU]*(?:-[imsU]+)?[:)]/y;
const GROUP_NAME = /\?P?<([^>=!][^>]*)>/y;
const UNICODE_CLASS = /\{\^?([A-Za-z_]+)\}|[LMNPSZC]/y;
const POSIX_CLASS =
  /\[:\^?(?:alnum|alpha|ascii|blank|cntrl|digit|graph|lower|print|punct|space|upper|word|xdigit):\]/y;

/** General categories of Unicode; scripts are any capitalised word of letters. */
const UNICODE_NAME = /^(?:[LMNPSZC][a-z]?|Any|[A-Z][a-z]+(?:_[A-Z][a-z]+)*)$/;

interface OpenGroup {
  readonly at: number;
  /** What was known of the expression around it. */
  readonly repeat: number;
  readonly steps: number;
}

/** Steps of what RE2 makes of one character, one class of characters, one class of Unicode. */
const CHARACTER_STEPS = 4;
const CLASS_STEPS = 12;
const UNICODE_CLASS_STEPS = 800;

/** Reads one regular expression from left to right. */
class RegexReader {
  readonly #source: string;
  readonly #offset: number;
  readonly #groups: { name?: Name }[] = [];
  readonly #open: OpenGroup[] = [];
  /** The largest product of nested repetitions in the group being read, and its steps. */
  #repeat = 1;
  #steps = 0;
  #at = 0;
  #pattern = '';
  /** The repeat product of the last item, undefined when there is nothing to repeat. */
  #last: number | undefined;
  #lastSteps = 0;
  /** Unicode classes in the item being read. */
  #unicodeClasses = 0;
  #quantified = false;

  /** @param offset where the source begins in the query */
  constructor(source: string, offset: number) {
    this.#source = source;
    this.#offset = offset;
  }

  read(): Regex {
    while (this.#at < this.#source.length) this.#item();
    const open = this.#open.at(-1);
    if (open !== undefined) throw this.#error('unclosed (', open.at, open.at + 1);
    return { pattern: this.#pattern, groups: this.#groups };
  }

  #error(what: string, from: number, to: number): MalformedQuery {
    const at = { start: this.#offset + from, end: this.#offset + to };
    return new MalformedQuery(`invalid regular expression: ${what}`, at);
  }

  #match(pattern: RegExp, at: number): RegExpExecArray | null {
    pattern.lastIndex = at;
    return pattern.exec(this.#source);
  }

  /** Copies up to an offset. */
  #copy(to: number): void {
    this.#pattern += this.#source.slice(this.#at, to);
    this.#at = to;
  }

  #ended(repeat: number, steps: number): void {
    this.#last = repeat;
    this.#lastSteps = steps + this.#unicodeClasses * UNICODE_CLASS_STEPS;
    this.#steps += this.#lastSteps;
    this.#unicodeClasses = 0;
    this.#quantified = false;
  }

  #item(): void {
    switch (this.#source[this.#at]) {
      case '\\':
        if (this.#source.startsWith(EMPTY_QUOTE, this.#at)) {
          // Nothing is quoted, so that there is nothing to repeat either.
          this.#at += EMPTY_QUOTE.length;
          return;
        }
        this.#escape(false);
        return this.#ended(1, CLASS_STEPS);
      case '[':
        this.#class();
        return this.#ended(1, CLASS_STEPS);
      case '(':
        return this.#openGroup();
      case ')':
        return this.#closeGroup();
      case '|':
        this.#last = undefined;
        return this.#copy(this.#at + 1);
      case '*':
      case '+':
      case '?':
        return this.#quantifier(this.#at + 1, 1);
      case '{': {
        const found = this.#match(REPETITION, this.#at);
        if (found === null) break;
        return this.#repetition(found);
      }
      case '.':
        this.#copy(this.#at + 1);
        return this.#ended(1, CLASS_STEPS);
      default:
    }
    this.#copy(this.#at + 1);
    this.#ended(1, CHARACTER_STEPS);
  }

  #repetition(found: RegExpExecArray): void {
    const to = this.#at + found[0].length;
    const least = Number(found[1]);
    const most = found[3] === undefined || found[3] === '' ? least : Number(found[3]);
    if (least > REGEX_REPEAT_MAX || most > REGEX_REPEAT_MAX || least > most) {
      throw this.#error(
        `the repetition ${found[0]} must rise and end at most at ${REGEX_REPEAT_MAX}`,
        this.#at,
        to,
      );
    }
    this.#quantifier(to, Math.max(most, 1));
  }

  #quantifier(to: number, times: number): void {
    const from = this.#at;
    const what = this.#source.slice(from, to);
    if (this.#last === undefined) throw this.#error(`nothing to repeat with ${what}`, from, to);
    if (this.#quantified) {
      const said =
        what === '+' ? 'possessive quantifiers are not supported' : `${what} repeats a repetition`;
      throw this.#error(said, from, to);
    }
    const repeat = this.#last * times;
    if (repeat > REGEX_REPEAT_MAX) {
      const said = `repetitions inside of each other may multiply to ${REGEX_REPEAT_MAX} at most`;
      throw this.#error(said, from, to);
    }
    this.#repeat = Math.max(this.#repeat, repeat);
    this.#steps += this.#lastSteps * (times - 1);
    this.#lastSteps *= times;
    if (this.#steps > REGEX_STEPS_MAX) {
      throw this.#error(`${what} makes the expression too large`, from, to);
    }
    this.#copy(to);
    if (this.#source[this.#at] === '?') this.#copy(this.#at + 1);
    this.#last = repeat;
    this.#quantified = true;
  }

  #openGroup(): void {
    const from = this.#at;
    this.#open.push({ at: from, repeat: this.#repeat, steps: this.#steps });
    this.#repeat = 1;
    this.#steps = 0;
    this.#last = undefined;
    if (this.#source[from + 1] !== '?') {
      this.#groups.push({});
      return this.#copy(from + 1);
    }
    const named = this.#match(GROUP_NAME, from + 1);
    if (named !== null) {
      const to = from + 1 + named[0].length;
      const name = named[1] ?? '';
      if (this.#groups.some((group) => group.name?.name === name)) {
        throw this.#error(`the group name ${name} is given twice`, from, to);
      }
      const end = this.#offset + to - 1;
      this.#groups.push({ name: { name, start: end - name.length, end } });
      this.#pattern += '(';
      this.#at = to;
      return;
    }
    const flags = this.#match(FLAGS, from + 1);
    if (flags !== null && flags[0] !== '?)') {
      this.#copy(from + 1 + flags[0].length);
      // (?i) sets flags and is no group.
      if (flags[0].endsWith(')')) this.#leaveGroup();
      return;
    }
    throw this.#unsupportedGroup(from);
  }

  #unsupportedGroup(from: number): MalformedQuery {
    const look = /^\(\?<?[=!]/.exec(this.#source.slice(from));
    if (look !== null) {
      return this.#error(
        `look-around (${look[0].slice(1)} is not supported`,
        from,
        from + look[0].length,
      );
    }
    const to = Math.min(from + 3, this.#source.length);
    return this.#error(`${this.#source.slice(from, to)} is not supported`, from, to);
  }

  #closeGroup(): void {
    if (this.#open.length === 0) throw this.#error('unexpected )', this.#at, this.#at + 1);
    this.#copy(this.#at + 1);
    const { repeat, steps } = this.#leaveGroup();
    this.#ended(repeat, steps + CHARACTER_STEPS);
  }

  /** Goes on with what is around the group; gives what was known of the group. */
  #leaveGroup(): { repeat: number; steps: number } {
    const inside = { repeat: this.#repeat, steps: this.#steps };
    const open = this.#open.pop();
    this.#repeat = Math.max(this.#repeat, open?.repeat ?? 1);
    this.#steps = open?.steps ?? 0;
    return inside;
  }

  /** `\` and what belongs to it. */
  #escape(inClass: boolean): void {
    const from = this.#at;
    const char = this.#source[from + 1];
    if (char === undefined) throw this.#error('nothing follows the last \\', from, from + 1);
    if (/[1-9]/.test(char) && !(/[1-7]/.test(char) && /[0-7]/.test(this.#source[from + 2] ?? ''))) {
      throw this.#error(`the backreference \\${char} is not supported`, from, from + 2);
    }
    if (char === 'k') throw this.#error('backreferences are not supported', from, from + 2);
    if (char === 'p' || char === 'P') return this.#unicodeClass(from);
    if (char === 'x') {
      const hex = this.#match(
        /[0-9A-Fa-f]{2}|\{(?:10|0?[0-9A-Fa-f])?[0-9A-Fa-f]{1,4}\}/y,
        from + 2,
      );
      if (hex === null) throw this.#error('expecting two hex digits after \\x', from, from + 2);
      return this.#copy(from + 2 + hex[0].length);
    }
    const letters = inClass ? ESCAPED_LETTERS_IN_CLASS : ESCAPED_LETTERS;
    if (/[A-Za-z]/.test(char) && !letters.includes(char)) {
      throw this.#error(`the escape \\${char} is not supported`, from, from + 2);
    }
    if (char === 'Q') return this.#quote(from);
    if (char > '\u007f') throw this.#error(`the escape \\${char} is not supported`, from, from + 2);
    this.#copy(from + 2);
  }

  /** `\Q…\E`: literal text. */
  #quote(from: number): void {
    const end = this.#source.indexOf('\\E', from + 2);
    this.#copy(end < 0 ? this.#source.length : end + 2);
  }

  #unicodeClass(from: number): void {
    const found = this.#match(UNICODE_CLASS, from + 2);
    const name = found === null ? '' : (found[1] ?? found[0]);
    if (found === null || !UNICODE_NAME.test(name)) {
      throw this.#error('expecting the name of a Unicode class after \\p', from, from + 2);
    }
    this.#unicodeClasses++;
    this.#copy(from + 2 + found[0].length);
  }

  #class(): void {
    const from = this.#at;
    this.#copy(from + 1);
    if (this.#source[this.#at] === '^') this.#copy(this.#at + 1);
    // A bracket that comes first is a character like any other.
    if (this.#source[this.#at] === ']') this.#copy(this.#at + 1);
    while (this.#source[this.#at] !== ']') {
      if (this.#at >= this.#source.length) throw this.#error('unclosed [', from, from + 1);
      this.#classItem();
    }
    this.#copy(this.#at + 1);
  }

  #classItem(): void {
    const from = this.#at;
    const posix = this.#match(POSIX_CLASS, from);
    if (posix !== null) return this.#copy(from + posix[0].length);
    if (this.#source.startsWith('[:', from) && this.#match(/\[:\^?[a-z]*:\]/y, from) !== null) {
      throw this.#error('unknown character class', from, from + 2);
    }
    const low = this.#classCharacter();
    const dash = this.#source[this.#at] === '-';
    const after = this.#source[this.#at + 1];
    // After a class such as \d a dash is a character like any other.
    if (low === undefined || !dash || after === undefined || after === ']') return;
    this.#copy(this.#at + 1);
    const high = this.#classCharacter();
    if (high === undefined || low > high) {
      const range = this.#source.slice(from, this.#at);
      throw this.#error(`the range ${range} does not rise`, from, this.#at);
    }
  }

  /** One character of a class: its code where it is known and it is one. */
  #classCharacter(): number | undefined {
    const from = this.#at;
    if (this.#source[from] !== '\\') {
      const code = this.#source.codePointAt(from) ?? 0;
      this.#copy(from + (code > 0xffff ? 2 : 1));
      return code;
    }
    this.#escape(true);
    const text = this.#source.slice(from + 1, this.#at);
    const hex = /^x\{?([0-9A-Fa-f]+)\}?$/.exec(text)?.[1];
    if (hex !== undefined) return Number.parseInt(hex, 16);
    if (/^[dDsSwWpP]/.test(text)) return undefined;
    const control = 'aftnrv'.indexOf(text);
    if (control >= 0) return [7, 12, 9, 10, 13, 11][control];
    return text.codePointAt(0);
  }
}

const READ = new WeakMap<RegexLiteral, Regex>();

/**
 * Reads a regular expression. Throws MalformedQuery with the place of what RE2 does not have:
 * look-around, backreferences, possessive quantifiers, unknown escapes, repetitions over 1,000.
 *
 * @see RE2 syntax, as of 2024-07
 */
export function readRegex(regex: RegexLiteral): Regex {
  const known = READ.get(regex);
  if (known !== undefined) return known;
  const read = new RegexReader(regex.source, regex.start + 1).read();
  READ.set(regex, read);
  return read;
}

// The parser's place in the text: one token ahead, and what to say when it is the wrong one.
import { MalformedQuery, type Span } from '../error.ts';
import { regexAt, type Token, tokenAt } from '../lex.ts';
import { NESTING_MAX } from '../limits.ts';
import type { Name, Query } from '../ast.ts';

export class TokenCursor {
  /** Whether to take what people write and Logs Insights would probably refuse. */
  readonly lenient: boolean;
  readonly #parseSubquery: (cursor: TokenCursor) => Query;
  readonly #text: string;
  #token: Token;
  #previousEnd = 0;
  #depth = 0;

  /**
   * @param parseSubquery reads a query inside of parentheses; given from outside, because it needs
   *   the commands, which need this
   */
  constructor(text: string, lenient: boolean, parseSubquery: (cursor: TokenCursor) => Query) {
    this.#text = text;
    this.lenient = lenient;
    this.#parseSubquery = parseSubquery;
    this.#token = tokenAt(text, 0);
  }

  /** The token ahead. */
  get token(): Token {
    return this.#token;
  }

  /** Where the last token taken ended. */
  get previousEnd(): number {
    return this.#previousEnd;
  }

  /** The token after the one ahead. */
  peek(): Token {
    return tokenAt(this.#text, this.#token.end);
  }

  take(): Token {
    const token = this.#token;
    this.#previousEnd = token.end;
    this.#token = tokenAt(this.#text, token.end);
    return token;
  }

  isSymbol(symbol: string): boolean {
    return this.#token.kind === 'symbol' && this.#token.text === symbol;
  }

  isKeyword(keyword: string): boolean {
    const { kind, quoted, value } = this.#token;
    return kind === 'word' && !quoted && value.toLowerCase() === keyword;
  }

  takeSymbol(symbol: string): boolean {
    if (!this.isSymbol(symbol)) return false;
    this.take();
    return true;
  }

  takeKeyword(keyword: string): boolean {
    if (!this.isKeyword(keyword)) return false;
    this.take();
    return true;
  }

  expectSymbol(symbol: string): void {
    if (!this.takeSymbol(symbol)) throw this.mismatched([`'${symbol}'`]);
  }

  expectKeyword(keyword: string): void {
    if (!this.takeKeyword(keyword)) throw this.mismatched([`K_${keyword.toUpperCase()}`]);
  }

  /** A name given by the query, e.g. after `as`. */
  expectName(): Name {
    if (this.#token.kind !== 'word') throw this.mismatched(['IDENTIFIER']);
    const { value, start, end } = this.take();
    return { name: value, start, end };
  }

  /** The query ahead, up to the parenthesis that closes it. */
  subquery(): Query {
    return this.nested(() => this.#parseSubquery(this));
  }

  /** Whether two slashes stand here; they divide by nothing. */
  get atSlashComment(): boolean {
    return this.isSymbol('/') && this.#text[this.#token.start + 1] === '/';
  }

  /** Passes over `// …` where a command has ended: people write comments so, and it can be no division. */
  skipSlashComment(): void {
    if (!this.atSlashComment) return;
    const end = this.#text.indexOf('\n', this.#token.start);
    this.#token = tokenAt(this.#text, end < 0 ? this.#text.length : end);
  }

  /** Goes to the next pipe or the end, over whatever stands there. */
  skipToPipe(): void {
    const pipe = this.#text.indexOf('|', this.#token.start);
    this.#token = tokenAt(this.#text, pipe < 0 ? this.#text.length : pipe);
  }

  /** Reads the slash ahead as the beginning of a regular expression. */
  takeRegex(): Token {
    const regex = regexAt(this.#text, this.#token.start);
    this.#previousEnd = regex.end;
    this.#token = tokenAt(this.#text, regex.end);
    return regex;
  }

  /** The error that another token should stand here. */
  mismatched(expected: readonly string[]): MalformedQuery {
    const { text, start, end } = this.#token;
    const shown = text.length > 40 ? `${text.slice(0, 39)}…` : text;
    const at: Span = { start, end: Math.max(end, start) };
    return new MalformedQuery(`mismatched input '${shown}' expecting {${expected.join(', ')}}`, at);
  }

  /** Parses something one level deeper; refuses what is nested too deep. */
  nested<Node>(parse: () => Node): Node {
    if (this.#depth >= NESTING_MAX) {
      throw new MalformedQuery(`nested deeper than ${NESTING_MAX} levels`, this.#token);
    }
    this.#depth++;
    const node = parse();
    this.#depth--;
    return node;
  }
}

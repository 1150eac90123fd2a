// Filter patterns: text in; a matcher for messages in memory, or a condition of SQL, out.
export { createMatcher, type Matcher } from './match.ts';
export { FILTER_PATTERN_CHARS_MAX, parseFilterPattern } from './parse.ts';
export { type FilterPattern, InvalidFilterPattern } from './pattern.ts';
export { filterPatternSql } from './sql.ts';

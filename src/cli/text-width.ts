// How many columns a text takes on a terminal, and cutting it to so many.

const SEGMENTS = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Printable ASCII: one column each, no need to look closer. */
const PLAIN = /^[\u0020-\u007e]*$/;
const ZERO_WIDTH = /^[\p{Mark}\p{Default_Ignorable_Code_Point}]+$/u;
const EMOJI = /\p{Emoji_Presentation}|\ufe0f/u;

/**
 * Blocks whose characters take two columns: the Wide and Fullwidth ones of Unicode's
 * EastAsianWidth.txt, by whole blocks.
 */
const WIDE_BLOCKS: readonly (readonly [first: number, last: number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1b000, 0x1b2ff],
  [0x20000, 0x3fffd],
];

function graphemeWidth(grapheme: string): number {
  if (ZERO_WIDTH.test(grapheme)) return 0;
  const code = grapheme.codePointAt(0) ?? 0;
  if (WIDE_BLOCKS.some(([first, last]) => code >= first && code <= last)) return 2;
  return EMOJI.test(grapheme) ? 2 : 1;
}

/** The columns of a text without control characters. */
export function textWidth(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const { segment } of SEGMENTS.segment(text)) width += graphemeWidth(segment);
  return width;
}

/** The beginning of the text that fits into so many columns, and the rest. */
export function splitAtWidth(text: string, columns: number): [begin: string, rest: string] {
  if (PLAIN.test(text)) return [text.slice(0, columns), text.slice(columns)];
  let width = 0;
  for (const { segment, index } of SEGMENTS.segment(text)) {
    width += graphemeWidth(segment);
    if (width > columns) return [text.slice(0, index), text.slice(index)];
  }
  return [text, ''];
}

/** The text cut to so many columns; what is cut off is an ellipsis. */
export function truncate(text: string, columns: number): string {
  if (textWidth(text) <= columns) return text;
  return `${splitAtWidth(text, columns - 1)[0]}…`;
}

/** The text filled up with spaces to so many columns. */
export function pad(text: string, columns: number, side: 'left' | 'right'): string {
  const fill = ' '.repeat(Math.max(0, columns - textWidth(text)));
  return side === 'left' ? text + fill : fill + text;
}

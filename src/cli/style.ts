// Colours, where the user wants them and the terminal has them.
import type { Call } from './command.ts';
import type { Sink } from './world.ts';

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow';

/** SGR parameters of ECMA-48. */
const CODES: Readonly<Record<Style, number>> = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 };

/** Puts a style around a text, or leaves it alone. */
export type Paint = (text: string, style: Style) => string;

/**
 * How to paint what goes to the sink: `--color`, then NO_COLOR (no-color.org), then FORCE_COLOR,
 * then whether it is a terminal.
 */
export function paintFor({ options, world }: Call, sink: Sink): Paint {
  const when = options.text('color') ?? 'auto';
  const { NO_COLOR = '', FORCE_COLOR = '', TERM } = world.env;
  let coloured = sink.isTerminal && TERM !== 'dumb';
  if (FORCE_COLOR !== '' && FORCE_COLOR !== '0') coloured = true;
  if (NO_COLOR !== '') coloured = false;
  if (when !== 'auto') coloured = when === 'always';
  return coloured ? (text, style) => `\u001b[${CODES[style]}m${text}\u001b[0m` : (text) => text;
}

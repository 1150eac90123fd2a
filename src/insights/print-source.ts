// Writes `SOURCE` so that it parses to the same node.
import type { Name, Source, TimeBound } from './ast.ts';
import { printName, printPeriod, printText } from './print-expression.ts';

function list(names: readonly Name[]): string {
  return `[${names.map(({ name }) => printText(name)).join(', ')}]`;
}

function bound(word: string, at: TimeBound | undefined): string {
  if (at === undefined) return '';
  const terms = at.terms.map(({ sign, value }, index) => {
    const text =
      value.kind === 'period'
        ? printPeriod(value)
        : value.kind === 'field'
          ? printName(value.name)
          : String(value.value);
    if (sign < 0) return `-${text}`;
    return index === 0 ? text : `+${text}`;
  });
  return ` ${word}=${terms.join('')}`;
}

function selected(source: Source): string {
  if (source.kind === 'named') return source.names.map(({ name }) => printText(name)).join(', ');
  const parts: string[] = [];
  if (source.logGroups !== undefined) {
    const filters = Object.entries(source.logGroups).map(
      ([key, names]) => `${key}: ${list(names)}`,
    );
    parts.push(`logGroups(${filters.join(', ')})`);
  }
  if (source.dataSources !== undefined) parts.push(`dataSource(${list(source.dataSources)})`);
  if (source.tags !== undefined) {
    const tags = source.tags.map(
      ({ key, values }) => `{"key": ${printText(key.name)}, "values": ${list(values)}}`,
    );
    parts.push(`logGroupTags([${tags.join(', ')}])`);
  }
  return parts.join(' ');
}

/** Writes one `SOURCE`. */
export function printSource(source: Source): string {
  return `SOURCE ${selected(source)}${bound('start', source.from)}${bound('end', source.to)}`;
}

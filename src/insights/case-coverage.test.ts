// Every function and command has a case in test/conformance/insights that shows what it answers.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Expression, Query } from './ast.ts';
import { operandsOf } from './ast.ts';
import { COMMANDS, definitionOf } from './commands/registry.ts';
import { FUNCTIONS } from './functions/registry.ts';
import { parseQuery } from './index.ts';

const CASES = join(import.meta.dirname, '../../test/conformance/insights');

/** The queries of all cases that end in rows. */
function answeredQueries(): Query[] {
  const files = readdirSync(CASES).filter((name) => name.endsWith('.test.txt'));
  const cases = files.flatMap((name) => {
    return readFileSync(join(CASES, name), 'utf8').split(/^=== /m).slice(1);
  });
  return cases.flatMap((text) => {
    const query = /^--- query\n([^]*?)^--- rows/m.exec(text)?.[1];
    const parsed = query === undefined ? undefined : parseQuery(query, true);
    return parsed?.ok === true ? [parsed.ast] : [];
  });
}

/** The functions called in an expression, by the names that they were called by. */
function calledIn(expression: Expression): string[] {
  const inside = operandsOf(expression).flatMap(calledIn);
  return expression.kind === 'call' ? [expression.name.toLowerCase(), ...inside] : inside;
}

const commands = answeredQueries().flatMap((query) => query.commands);

test('every function has a case by each of its names', () => {
  const places = commands.flatMap((command) => definitionOf(command).places(command));
  const called = new Set(places.flatMap(({ expression }) => calledIn(expression)));
  const names = FUNCTIONS.filter(({ hidden }) => hidden !== true).flatMap(
    ({ name, aliases = [] }) => [name, ...aliases],
  );
  expect(names.filter((name) => !called.has(name.toLowerCase()))).toEqual([]);
});

test('every command has a case', () => {
  const used = new Set(commands.map(({ kind }) => kind));
  const without = COMMANDS.filter(({ kind }) => !used.has(kind)).map(({ kind }) => kind);
  expect(without).toEqual([]);
});
